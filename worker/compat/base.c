/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base.c - the base library for scripts: what Lua 5.1 had and 5.3 dropped,
 * and refusals of what a script must not do (bytecode, finalizers, files).
 */
#include <string.h>

#include <lauxlib.h>

#include "common/bounds.h"
#include "worker/compat/compat.h"
#include "worker/compat/signature.h"
#include "worker/lua/number.h"

/* Collects the pieces that the function given to load() returns. */
static void
read_pieces(lua_State *L)
{
	luaL_Buffer b;
	size_t total = 0, n;

	luaL_buffinit(L, &b);
	for (;;) {
		lua_pushvalue(L, 1);
		lua_call(L, 0, 1);
		if (lua_isnil(L, -1))
			break;
		if (lua_type(L, -1) != LUA_TSTRING)
			luaL_error(L, "reader function must return a string");
		lua_tolstring(L, -1, &n);
		if (n == 0)
			break;
		total += n;
		if (total > SCRIPT_MAX)
			luaL_error(L, "a chunk may have at most %d bytes",
			    (int)SCRIPT_MAX);
		luaL_addvalue(&b);
	}
	lua_pop(L, 1);
	luaL_pushresult(&b);
	lua_replace(L, 1);
}

/* load and loadstring: takes a text, or a function that returns its pieces. */
static int
base_load(lua_State *L)
{
	const char *s, *name, *mode;
	size_t n;
	bool env = !lua_isnone(L, 4);

	lua_settop(L, 4);
	if (lua_isfunction(L, 1))
		read_pieces(L);
	s = luaL_checklstring(L, 1, &n);
	name = luaL_optstring(L, 2, "=<load>");
	mode = luaL_optstring(L, 3, "t");
	if (*name != '=' && *name != '@')
		name = lua_pushfstring(L, "=%s", name);
	if (strchr(mode, 't') == NULL) {
		lua_pushnil(L);
		lua_pushliteral(L, "only text can be loaded");
		return 2;
	}
	if (vm_load(L, s, n, name) != LUA_OK) {
		lua_pushnil(L);
		lua_insert(L, -2);
		return 2;
	}
	if (env) {
		lua_pushvalue(L, 4);
		if (lua_setupvalue(L, -2, 1) == NULL)
			lua_pop(L, 1);
	}
	return 1;
}

static int
base_setmetatable(lua_State *L)
{
	if (!lua_isnil(L, 2) && !lua_istable(L, 2))
		return vm_arg_error(L, 2, vm_function_name(L),
		    "nil or table expected");
	if (lua_istable(L, 2)) {
		/* 5.3 looks for finalizers here and nowhere else. */
		lua_pushliteral(L, "__gc");
		if (lua_rawget(L, 2) != LUA_TNIL)
			return vm_raise(L, "__gc is not available in regbot "
			    "scripts");
		lua_pop(L, 1);
	}
	return lua_tocfunction(L, SIGNATURE_ORIGINAL)(L);
}

/* Numbers have a metatable for the pre-pass; scripts need not see it. */
static int
base_getmetatable(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TNUMBER) {
		lua_pushnil(L);
		return 1;
	}
	return lua_tocfunction(L, SIGNATURE_ORIGINAL)(L);
}

static int
base_collectgarbage(lua_State *L)
{
	const char *option = luaL_optstring(L, 1, "collect");

	if (strcmp(option, "count") == 0) {
		lua_pushnumber(L, lua_gc(L, LUA_GCCOUNT, 0) +
		    lua_gc(L, LUA_GCCOUNTB, 0) / 1024.0);
		return 1;
	}
	if (strcmp(option, "collect") == 0 || strcmp(option, "step") == 0)
		lua_gc(L, LUA_GCCOLLECT, 0);
	lua_pushinteger(L, 0);
	return 1;
}

/* Base 0: takes the base from the text's prefix, which is cut off. */
static int
base_of(lua_State *L)
{
	const char *s = lua_tostring(L, 1), *p = s + strspn(s, " \t\n");
	bool minus = *p == '-';
	int base;

	if (*p == '-' || *p == '+')
		p++;
	if (*p != '0' || p[1] == '\0')
		return 10;
	base = strchr("xX", p[1]) != NULL ? 16 : strchr("bB", p[1]) != NULL ?
	    2 : 8;
	if (base != 8 || strchr("oO", p[1]) != NULL)
		p += 2;
	lua_pushfstring(L, "%s%s", minus ? "-" : "", p);
	lua_replace(L, 1);
	return base;
}

/*
 * tonumber(s, base) as in regbot's Lua: no base is invalid. Scripts pass one by
 * accident, in tonumber(string.gsub(s, "x", "")): the second
 * result of gsub is its count of replacements.
 */
static void
any_base(lua_State *L)
{
	lua_Integer base;

	base = lua_tointeger(L, 2);
	if (lua_type(L, 1) == LUA_TSTRING) {
		if (strchr(lua_tostring(L, 1), '.') != NULL) {
			lua_settop(L, 1);
			return;
		}
		if (base == 0)
			base = base_of(L);
		if (base >= 2 && base <= 36) {
			lua_pushinteger(L, base);
			lua_replace(L, 2);
			return;
		}
	}
	lua_settop(L, 1);
	if (lua_type(L, 1) == LUA_TNUMBER)
		return;
	lua_pushnil(L);
	lua_replace(L, 1);
}

static int
base_tonumber(lua_State *L)
{
	int n;

	if (!lua_isnoneornil(L, 2))
		any_base(L);
	n = lua_tocfunction(L, SIGNATURE_ORIGINAL)(L);
	number_normalise(L, -1);
	return n;
}

static int
next_unprotected(lua_State *L)
{
	lua_settop(L, 2);
	return lua_next(L, 1) ? 2 : 0;
}

/* Adds the line to 5.3's error about a key. A key whose value is nil may be
 * one that was removed meanwhile, which is fine. */
static int
base_next(lua_State *L)
{
	int n;

	lua_settop(L, 2);
	lua_pushvalue(L, 2);
	if (!lua_isnil(L, 2) && lua_rawget(L, 1) == LUA_TNIL) {
		lua_settop(L, 2);
		lua_pushcfunction(L, next_unprotected);
		lua_insert(L, 1);
		if (lua_pcall(L, 2, LUA_MULTRET, 0) != LUA_OK)
			return vm_raise(L, "%s", lua_tostring(L, -1));
		n = lua_gettop(L);
	} else
		n = next_unprotected(L);
	if (n == 0)
		lua_pushnil(L);
	return n != 0 ? n : 1;
}

static int
base_select(lua_State *L)
{
	number_truncate(L, 1);
	if (!lua_isnumber(L, 1) && (lua_type(L, 1) != LUA_TSTRING ||
	    *lua_tostring(L, 1) != '#'))
		return vm_expected(L, 1, vm_function_name(L), "number");
	return lua_tocfunction(L, SIGNATURE_ORIGINAL)(L);
}

/* The count hook's error arrives here while hooks are off: a handler in Lua
 * could run forever, so it is not called. */
int
base_handler(lua_State *L)
{
	struct error err;

	lua_settop(L, 1);
	if (worker_check(vm_worker(L), &err) == -1)
		return 1;
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, 1, 1);
	return 1;
}

static int
base_xpcall(lua_State *L)
{
	lua_pushvalue(L, 2);
	lua_pushcclosure(L, base_handler, 1);
	lua_replace(L, 2);
	return lua_tocfunction(L, SIGNATURE_ORIGINAL)(L);
}

static int
strings_readonly(lua_State *L)
{
	return vm_raise(L, "the metatable of strings cannot be changed; "
	    "functions can be added to the table string");
}

/* getmetatable("") returns a table with an __index that refuses changes. */
static void
protect_strings(lua_State *L)
{
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_newtable(L);		/* what scripts get */
	lua_newtable(L);		/* its metatable */
	lua_newtable(L);
	lua_getfield(L, -4, "__index");
	lua_setfield(L, -2, "__index");
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, strings_readonly);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
}

static int
channel_index(lua_State *L)
{
	return vm_raise(L, "channel.%s: there are no channels in regbot "
	    "scripts, as there are no goroutines",
	    luaL_tolstring(L, 2, NULL));
}

void
compat_base(lua_State *L)
{
	/* 5.3's ipairs and pairs take anything that can be indexed, even a
	 * string: a list of tags to keep would be empty. */
	static const struct signature functions[] = {
		{ "getmetatable", "a", base_getmetatable },
		{ "ipairs", "t", NULL }, { "next", "t", base_next },
		{ "pairs", "t", NULL }, { "rawequal", "aa", NULL },
		{ "rawget", "ta", NULL }, { "rawset", "taa", NULL },
		{ "select", "*", base_select },
		{ "setmetatable", "t", base_setmetatable },
		{ "tonumber", "aI", base_tonumber },
		{ "tostring", "a", NULL },
		{ "xpcall", "*f", base_xpcall }, { NULL, NULL, NULL }
	};

	lua_pushglobaltable(L);
	signature_set(L, "", functions);
	lua_pushcfunction(L, base_collectgarbage);
	lua_setfield(L, -2, "collectgarbage");
	lua_pushcfunction(L, base_load);
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "loadstring");
	lua_setfield(L, -2, "load");
	vm_refuse(L, "", "dofile", "use require");
	vm_refuse(L, "", "loadfile", "use require");
	vm_refuse(L, "", "newproxy", "use setmetatable on a table");
	lua_newtable(L);
	lua_newtable(L);
	lua_pushcfunction(L, channel_index);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	lua_setfield(L, -2, "channel");
	lua_pop(L, 1);
	protect_strings(L);
}
