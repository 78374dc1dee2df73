/* SPDX-License-Identifier: Apache-2.0 */
/*
 * concat.c - "a .. b .. c", which the pre-pass turns into a call of
 * PREPASS_NUMBER; it arrives here through the __call metamethod of numbers. It
 * does what the operator does, metamethods of other objects included, but
 * writes floats as regbot's Lua did. The same way, PREPASS_VARARG makes the
 * table arg of a function "f(...)".
 */
#include <string.h>

#include <lauxlib.h>

#include "worker/compat/compat.h"
#include "worker/lua/number.h"
#include "worker/prepass/prepass.h"

static bool
is_text(lua_State *L, int i)
{
	int type = lua_type(L, i);

	return type == LUA_TSTRING || type == LUA_TNUMBER;
}

static const char *
type_name(lua_State *L, int i)
{
	int type = lua_type(L, i);

	if ((type == LUA_TTABLE || type == LUA_TUSERDATA) &&
	    luaL_getmetafield(L, i, "__name") == LUA_TSTRING)
		return lua_tostring(L, -1);
	return lua_typename(L, type);
}

/* "local 'x'" and the like for an operand that a line of source names. */
static const char *
operand_kind(lua_State *L, lua_Debug *ar, const char *name, bool field)
{
	const char *s;
	bool local = false, upvalue = false;

	if (field)
		return "field";
	for (int i = 1; (s = lua_getlocal(L, ar, i)) != NULL; i++) {
		local = local || strcmp(s, name) == 0;
		lua_pop(L, 1);
	}
	lua_getinfo(L, "f", ar);
	for (int i = 1; (s = lua_getupvalue(L, -1, i)) != NULL; i++) {
		upvalue = upvalue || strcmp(s, name) == 0;
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	return local ? "local" : upvalue ? "upvalue" : "global";
}

/* Raises the error about operand i of n (1 first), which is at stack index
 * at. */
static int
concat_error(lua_State *L, int operand, int n, int at)
{
	char name[64];
	const char *source, *type;
	size_t len;
	lua_Debug ar;
	bool field;

	type = type_name(L, at);
	luaL_where(L, 1);
	if (lua_getstack(L, 1, &ar) && lua_getinfo(L, "Sl", &ar) &&
	    (source = vm_source(L, ar.source, &len)) != NULL &&
	    prepass_operand(source, len, ar.currentline, n, operand - 1,
	    name, sizeof(name), &field)) {
		lua_pushfstring(L, "attempt to concatenate a %s value "
		    "(%s '%s')", type, operand_kind(L, &ar, name, field),
		    name);
	} else
		lua_pushfstring(L, "attempt to concatenate a %s value", type);
	lua_concat(L, 2);
	return lua_error(L);
}

static int resume(lua_State *L, int status, lua_KContext ctx);

/* Joins what is at 1 .. i with the value at the top, right to left; n is how
 * many operands there were. */
static int
join(lua_State *L, int i, int n)
{
	for (; i >= 1; i--) {
		if (is_text(L, i) && is_text(L, -1)) {
			lua_pushvalue(L, i);
			number_textify(L, -1);
			lua_insert(L, -2);
			number_textify(L, -1);
			lua_concat(L, 2);
			continue;
		}
		if (luaL_getmetafield(L, i, "__concat") == LUA_TNIL &&
		    luaL_getmetafield(L, -1, "__concat") == LUA_TNIL) {
			if (is_text(L, i))	/* i + 1 is as it was */
				return concat_error(L, i + 1, n,
				    lua_gettop(L));
			return concat_error(L, i, n, i);
		}
		lua_insert(L, -2);
		lua_pushvalue(L, i);
		lua_insert(L, -2);
		lua_callk(L, 2, 1, (lua_KContext)i * 256 + n, resume);
	}
	return 1;
}

static int
resume(lua_State *L, int status, lua_KContext ctx)
{
	(void)status;
	return join(L, (int)(ctx / 256) - 1, (int)(ctx % 256));
}

static int
not_callable(lua_State *L)
{
	lua_Debug ar;

	luaL_where(L, 1);
	if (lua_getstack(L, 0, &ar) && lua_getinfo(L, "n", &ar) &&
	    ar.name != NULL && *ar.namewhat != '\0')
		lua_pushfstring(L, "attempt to call a number value (%s '%s')",
		    ar.namewhat, ar.name);
	else
		lua_pushliteral(L, "attempt to call a number value");
	lua_concat(L, 2);
	return lua_error(L);
}

/* A table of the arguments, with their number as n. */
static int
table_of(lua_State *L, int n)
{
	lua_createtable(L, n, 1);
	lua_replace(L, 1);
	lua_pushinteger(L, n);
	lua_setfield(L, 1, "n");
	for (int i = n; i >= 1; i--)
		lua_rawseti(L, 1, i);
	return 1;
}

int
concat_call(lua_State *L)
{
	int n = lua_gettop(L) - 1;
	bool plain = true;

	if (lua_tonumber(L, 1) == PREPASS_VARARG)
		return table_of(L, n);
	if (lua_tonumber(L, 1) != PREPASS_NUMBER || n < 2)
		return not_callable(L);
	lua_remove(L, 1);
	for (int i = 1; i <= n && plain; i++)
		plain = is_text(L, i);
	if (!plain)
		return join(L, n - 1, n);
	for (int i = 1; i <= n; i++)
		number_textify(L, i);
	lua_concat(L, n);
	return 1;
}
