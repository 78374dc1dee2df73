/* SPDX-License-Identifier: Apache-2.0 */
/* table.c - the table library, as lenient as in regbot's Lua 5.1. */
#include <lauxlib.h>

#include "worker/compat/compat.h"
#include "worker/compat/signature.h"
#include "worker/lua/number.h"

#define ITEMS_MAX (1 << 26)	/* sort's limit; memory runs out first */

static int
table_getn(lua_State *L)
{
	lua_pushinteger(L, luaL_len(L, 1));
	return 1;
}

static int
table_maxn(lua_State *L)
{
	lua_Number max = 0;

	lua_pushnil(L);
	while (lua_next(L, 1)) {
		lua_pop(L, 1);
		if (lua_type(L, -1) == LUA_TNUMBER &&
		    lua_tonumber(L, -1) > max)
			max = lua_tonumber(L, -1);
	}
	lua_pushnumber(L, max);
	number_normalise(L, -1);
	return 1;
}

static int
table_concat(lua_State *L)
{
	luaL_Buffer b;
	size_t n;
	const char *separator;
	lua_Integer i, last;

	lua_settop(L, 4);
	separator = luaL_optlstring(L, 2, "", &n);
	i = luaL_optinteger(L, 3, 1);
	last = lua_isnil(L, 4) ? luaL_len(L, 1) : luaL_checkinteger(L, 4);
	luaL_buffinit(L, &b);
	for (; i <= last; i++) {
		int type = lua_geti(L, 1, i);

		if (type != LUA_TSTRING && type != LUA_TNUMBER)
			return luaL_error(L, "invalid value (at index %I) in "
			    "table for 'concat'", (LUAI_UACINT)i);
		number_textify(L, -1);
		luaL_addvalue(&b);
		if (i == last)
			break;
		luaL_addlstring(&b, separator, n);
	}
	luaL_pushresult(&b);
	return 1;
}

/* A position out of range is just set; nothing moves. */
static int
table_insert(lua_State *L)
{
	lua_Integer n, at;

	n = luaL_len(L, 1);
	if (lua_gettop(L) == 2) {
		lua_seti(L, 1, n + 1);
		return 0;
	}
	if (lua_gettop(L) != 3)
		return luaL_error(L,
		    "wrong number of arguments to 'table.insert'");
	number_truncate(L, 2);
	if (!lua_isnumber(L, 2))
		return vm_expected(L, 2, vm_function_name(L), "number");
	at = luaL_checkinteger(L, 2);
	for (lua_Integer i = n; at >= 1 && i >= at; i--) {
		lua_geti(L, 1, i);
		lua_seti(L, 1, i + 1);
	}
	lua_seti(L, 1, at);
	return 0;
}

/* A position below the range removes the last item, one above it nothing. */
static int
table_remove(lua_State *L)
{
	lua_Integer n, at;

	n = luaL_len(L, 1);
	at = luaL_optinteger(L, 2, n);
	if (n == 0 || at > n) {
		lua_pushnil(L);
		return 1;
	}
	if (at < 1)
		at = n;
	lua_geti(L, 1, at);
	for (; at < n; at++) {
		lua_geti(L, 1, at + 1);
		lua_seti(L, 1, at);
	}
	lua_pushnil(L);
	lua_seti(L, 1, n);
	return 1;
}

/* Raises an error, with the script's line, if "<" would without it. */
static void
check_order(lua_State *L, int a, int b)
{
	int x = lua_type(L, a), y = lua_type(L, b);

	if (x == y && (x == LUA_TNUMBER || x == LUA_TSTRING))
		return;
	if (luaL_getmetafield(L, a, "__lt") != LUA_TNIL ||
	    luaL_getmetafield(L, b, "__lt") != LUA_TNIL) {
		lua_pop(L, 1);
		return;
	}
	if (x == y)
		vm_raise(L, "attempt to compare two %s values",
		    lua_typename(L, x));
	vm_raise(L, "attempt to compare %s with %s", lua_typename(L, x),
	    lua_typename(L, y));
}

/* Whether the value at index a comes before the one at b; argument 2 is the
 * comparing function, or nil. */
static bool
before(lua_State *L, int a, int b)
{
	bool r;

	if (lua_isnil(L, 2)) {
		check_order(L, a, b);
		return lua_compare(L, a, b, LUA_OPLT);
	}
	lua_pushvalue(L, 2);
	lua_pushvalue(L, a);
	lua_pushvalue(L, b);
	lua_call(L, 2, 1);
	r = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return r;
}

/* Merges from[lo .. mid - 1] and from[mid .. hi - 1] into to; both are
 * indices of tables on the stack. */
static void
merge(lua_State *L, int from, int to, lua_Integer lo, lua_Integer mid,
    lua_Integer hi)
{
	lua_Integer l = lo, r = mid;
	int top = lua_gettop(L);

	for (lua_Integer k = lo; k < hi; k++) {
		bool left = l < mid;

		if (left && r < hi) {
			lua_rawgeti(L, from, l);
			lua_rawgeti(L, from, r);
			left = !before(L, top + 2, top + 1);
			if (left)
				lua_pop(L, 1);
		} else
			lua_rawgeti(L, from, left ? l : r);
		lua_rawseti(L, to, k);
		lua_settop(L, top);
		left ? l++ : r++;
	}
}

/* A stable merge sort on copies: no comparing function can make it fail, and
 * the table stays as it is when one raises an error. */
static int
table_sort(lua_State *L)
{
	lua_Integer n;
	int from = 3, to = 4;

	n = luaL_len(L, 1);
	if (n >= ITEMS_MAX)
		return vm_arg_error(L, 1, vm_function_name(L),
		    "array too big");
	lua_settop(L, 2);
	if (n < 2)
		return 0;
	lua_createtable(L, (int)n, 0);
	lua_createtable(L, (int)n, 0);
	for (lua_Integer i = 1; i <= n; i++) {
		lua_geti(L, 1, i);
		lua_rawseti(L, from, i);
	}
	for (lua_Integer w = 1; w < n; w *= 2) {
		for (lua_Integer i = 1; i <= n; i += 2 * w)
			merge(L, from, to, i, i + w <= n ? i + w : n + 1,
			    i + 2 * w <= n ? i + 2 * w : n + 1);
		from = 7 - from;
		to = 7 - to;
	}
	for (lua_Integer i = 1; i <= n; i++) {
		lua_rawgeti(L, from, i);
		lua_seti(L, 1, i);
	}
	return 0;
}

void
compat_table(lua_State *L)
{
	static const struct signature functions[] = {
		{ "concat", "tSII", table_concat }, { "getn", "t", table_getn },
		{ "insert", "t", table_insert }, { "maxn", "t", table_maxn },
		{ "remove", "tI", table_remove }, { "sort", "tF", table_sort },
		{ "unpack", "tII", NULL }, { NULL, NULL, NULL }
	}, unpack[] = { { "unpack", "tII", NULL }, { NULL, NULL, NULL } };

	lua_getglobal(L, "table");
	lua_getfield(L, -1, "unpack");
	lua_setglobal(L, "unpack");
	signature_set(L, "table", functions);
	lua_pop(L, 1);
	lua_pushglobaltable(L);
	signature_set(L, "", unpack);
	lua_pop(L, 1);
}
