/* SPDX-License-Identifier: Apache-2.0 */
/*
 * string.c - the string library: floats among the arguments are written as
 * regbot's Lua wrote them, positions are truncated to whole numbers, gsub
 * accepts a lone "%", and gmatch an anchor.
 *
 * A pattern that backtracks endlessly cannot be stopped from here: the
 * supervisor's SIGKILL ends it. Memory is bounded by Lua's allocator.
 */
#include <string.h>

#include <lauxlib.h>

#include "worker/compat/compat.h"
#include "worker/compat/signature.h"
#include "worker/lua/number.h"

/* The letter of the directive whose '%' precedes *p, which moves to it. */
static char
directive(const char **p)
{
	*p += strspn(*p, "-+ #0123456789.");
	return **p;
}

static int
string_format(lua_State *L)
{
	const char *p = lua_tostring(L, 1);
	int arg = 1, n = lua_gettop(L);

	while ((p = strchr(p, '%')) != NULL) {
		char c;

		p++;
		c = directive(&p);
		if (c == '\0')
			break;
		p++;
		if (c == '%')
			continue;
		if (++arg > n)
			return vm_arg_error(L, arg, vm_function_name(L),
			    "no value");
		if (strchr("dixXoc", c) != NULL)
			number_truncate(L, arg);
		if (strchr("dixXocaAeEfgG", c) != NULL &&
		    !lua_isnumber(L, arg))
			return vm_expected(L, arg, vm_function_name(L),
			    "number");
	}
	return lua_tocfunction(L, SIGNATURE_ORIGINAL)(L);
}

/* What gsub calls instead of the script's function or table (upvalue 1). */
int
string_replacement(lua_State *L)
{
	if (lua_istable(L, lua_upvalueindex(1))) {
		lua_settop(L, 1);
		lua_gettable(L, lua_upvalueindex(1));
	} else {
		lua_pushvalue(L, lua_upvalueindex(1));
		lua_insert(L, 1);
		lua_call(L, lua_gettop(L) - 1, 1);
	}
	number_textify(L, -1);
	return 1;
}

/* In 5.1 a "%" that no digit follows stands for itself. */
static void
escape_replacement(lua_State *L, int i)
{
	luaL_Buffer b;
	size_t n;
	const char *s = lua_tolstring(L, i, &n);

	if (memchr(s, '%', n) == NULL)
		return;
	luaL_buffinit(L, &b);
	for (size_t k = 0; k < n; k++) {
		luaL_addchar(&b, s[k]);
		if (s[k] != '%')
			continue;
		if (k + 1 < n && ((s[k + 1] >= '0' && s[k + 1] <= '9') ||
		    s[k + 1] == '%'))
			luaL_addchar(&b, s[++k]);
		else
			luaL_addchar(&b, '%');
	}
	luaL_pushresult(&b);
	lua_replace(L, i);
}

static int
string_gsub(lua_State *L)
{
	number_textify(L, 3);
	if (lua_isstring(L, 3))
		escape_replacement(L, 3);
	else if (lua_istable(L, 3) || lua_isfunction(L, 3)) {
		lua_pushvalue(L, 3);
		lua_pushcclosure(L, string_replacement, 1);
		lua_replace(L, 3);
	} else
		return vm_expected(L, 3, vm_function_name(L),
		    "string/function/table");
	return lua_tocfunction(L, SIGNATURE_ORIGINAL)(L);
}

static const char match_key;	/* registry: Lua's string.match */

/* The iterator of an anchored gmatch: string.match (upvalue 1) of the text
 * and the pattern, once; upvalue 4 says that it is done. */
static int
match_once(lua_State *L)
{
	if (lua_toboolean(L, lua_upvalueindex(4)))
		return 0;
	lua_pushboolean(L, 1);
	lua_replace(L, lua_upvalueindex(4));
	lua_settop(L, 0);
	for (int i = 1; i <= 3; i++)
		lua_pushvalue(L, lua_upvalueindex(i));
	lua_call(L, 2, LUA_MULTRET);
	return lua_gettop(L);
}

/* A "^" anchors here as it does in match; 5.3 takes it for a character. */
static int
string_gmatch(lua_State *L)
{
	if (*lua_tostring(L, 2) != '^')
		return lua_tocfunction(L, SIGNATURE_ORIGINAL)(L);
	lua_settop(L, 2);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &match_key);
	lua_insert(L, 1);
	lua_pushboolean(L, 0);
	lua_pushcclosure(L, match_once, 4);
	return 1;
}

void
compat_string(lua_State *L)
{
	static const struct signature functions[] = {
		{ "byte", "sII", NULL }, { "char", "i+", NULL },
		{ "find", "ssI", NULL }, { "format", "s", string_format },
		{ "gfind", "ss", string_gmatch },
		{ "gmatch", "ss", string_gmatch },
		{ "gsub", "ss*I", string_gsub }, { "len", "s", NULL },
		{ "lower", "s", NULL }, { "match", "ssI", NULL },
		{ "rep", "siS", NULL }, { "reverse", "s", NULL },
		{ "sub", "siI", NULL }, { "upper", "s", NULL },
		{ NULL, NULL, NULL }
	};

	lua_getglobal(L, "string");
	lua_getfield(L, -1, "match");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &match_key);
	lua_getfield(L, -1, "gmatch");
	lua_setfield(L, -2, "gfind");
	signature_set(L, "string", functions);
	lua_pushnil(L);
	lua_setfield(L, -2, "dump");
	lua_pop(L, 1);
}
