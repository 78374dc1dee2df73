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
#include "worker/lua/number.h"

/* Calls the original function (upvalue 1). Bits of upvalue 2 say which
 * arguments are texts, those of upvalue 3 which are whole numbers (bit 0 is
 * argument 1). */
static int
adapted(lua_State *L)
{
	lua_Integer texts = lua_tointeger(L, lua_upvalueindex(2));
	lua_Integer wholes = lua_tointeger(L, lua_upvalueindex(3));
	int n = lua_gettop(L);

	for (int i = 1; i <= n && i <= 8; i++) {
		if (texts & 1 << (i - 1))
			number_textify(L, i);
		if (wholes & 1 << (i - 1))
			number_truncate(L, i);
	}
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* All arguments of string.char are whole numbers. */
static int
string_char(lua_State *L)
{
	for (int i = lua_gettop(L); i >= 1; i--)
		number_truncate(L, i);
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

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
	const char *p = luaL_checkstring(L, 1);
	int arg = 1, n = lua_gettop(L);

	while ((p = strchr(p, '%')) != NULL) {
		char c;

		p++;
		c = directive(&p);
		if (c == '\0')
			break;
		p++;
		if (c == '%' || ++arg > n)
			continue;
		if (strchr("dixXoc", c) != NULL)
			number_truncate(L, arg);
	}
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
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
	number_textify(L, 1);
	number_textify(L, 2);
	number_textify(L, 3);
	number_truncate(L, 4);
	if (lua_isstring(L, 3))
		escape_replacement(L, 3);
	else if (lua_istable(L, 3) || lua_isfunction(L, 3)) {
		lua_pushvalue(L, 3);
		lua_pushcclosure(L, string_replacement, 1);
		lua_replace(L, 3);
	}
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

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
	number_textify(L, 1);
	number_textify(L, 2);
	luaL_checkstring(L, 1);
	if (*luaL_checkstring(L, 2) != '^')
		return lua_tocfunction(L, lua_upvalueindex(1))(L);
	lua_settop(L, 2);
	lua_pushvalue(L, lua_upvalueindex(2));
	lua_insert(L, 1);
	lua_pushboolean(L, 0);
	lua_pushcclosure(L, match_once, 4);
	return 1;
}

static void
wrap(lua_State *L, const char *name, lua_CFunction f)
{
	lua_getfield(L, -1, name);
	lua_pushcclosure(L, f, 1);
	lua_setfield(L, -2, name);
}

void
compat_string(lua_State *L)
{
	static const struct {
		const char *name;
		int texts, wholes;
	} table[] = {
		{ "byte", 1, 6 }, { "find", 3, 4 }, { "len", 1, 0 },
		{ "lower", 1, 0 }, { "match", 3, 4 }, { "rep", 5, 2 },
		{ "reverse", 1, 0 }, { "sub", 1, 6 }, { "upper", 1, 0 },
	};

	lua_getglobal(L, "string");
	lua_getfield(L, -1, "gmatch");
	lua_getfield(L, -2, "match");
	lua_pushcclosure(L, string_gmatch, 2);
	lua_setfield(L, -2, "gmatch");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		lua_getfield(L, -1, table[i].name);
		lua_pushinteger(L, table[i].texts);
		lua_pushinteger(L, table[i].wholes);
		lua_pushcclosure(L, adapted, 3);
		lua_setfield(L, -2, table[i].name);
	}
	wrap(L, "char", string_char);
	wrap(L, "format", string_format);
	wrap(L, "gsub", string_gsub);
	lua_getfield(L, -1, "gmatch");
	lua_setfield(L, -2, "gfind");
	lua_pushnil(L);
	lua_setfield(L, -2, "dump");
	lua_pop(L, 1);
}
