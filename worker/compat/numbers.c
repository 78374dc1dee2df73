/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metatable of numbers: "10 / 2" is shown as 5, and what the pre-pass
 * makes of ".." is a call of a number.
 */
#include <lauxlib.h>

#include "worker/compat/compat.h"
#include "worker/lua/number.h"

static int
number_tostring(lua_State *L)
{
	lua_settop(L, 1);
	if (lua_isinteger(L, 1))
		lua_tolstring(L, 1, NULL);
	else
		number_textify(L, 1);
	return 1;
}

void
compat_numbers(lua_State *L)
{
	lua_pushinteger(L, 0);
	lua_newtable(L);
	lua_pushcfunction(L, concat_call);
	lua_setfield(L, -2, "__call");
	/* tostring, print and the %s of string.format ask this one. */
	lua_pushcfunction(L, number_tostring);
	lua_setfield(L, -2, "__tostring");
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}
