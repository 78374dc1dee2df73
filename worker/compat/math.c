/* SPDX-License-Identifier: Apache-2.0 */
/*
 * math.c - the math library: whole results become integers, so that they
 * always print without ".0", texts count as the numbers they are, and what 5.1
 * had exists on any build of Lua.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <lauxlib.h>

#include "worker/compat/compat.h"
#include "worker/lua/number.h"

/* Calls the function below (upvalue 1) and makes its results integers. */
static int
whole_results(lua_State *L)
{
	int n = lua_tocfunction(L, lua_upvalueindex(1))(L);

	for (int i = 1; i <= n; i++)
		number_normalise(L, -i);
	return n;
}

static int
math_pow(lua_State *L)
{
	lua_pushnumber(L, pow(luaL_checknumber(L, 1),
	    luaL_checknumber(L, 2)));
	return 1;
}

/* On floats, so that a zero divisor gives NaN. */
static int
math_mod(lua_State *L)
{
	lua_pushnumber(L, luaL_checknumber(L, 1));
	lua_pushnumber(L, luaL_checknumber(L, 2));
	lua_arith(L, LUA_OPMOD);
	return 1;
}

static int
math_fmod(lua_State *L)
{
	lua_pushnumber(L, fmod(luaL_checknumber(L, 1),
	    luaL_checknumber(L, 2)));
	return 1;
}

static int
math_log10(lua_State *L)
{
	lua_pushnumber(L, log10(luaL_checknumber(L, 1)));
	return 1;
}

static int
math_cosh(lua_State *L)
{
	lua_pushnumber(L, cosh(luaL_checknumber(L, 1)));
	return 1;
}

static int
math_sinh(lua_State *L)
{
	lua_pushnumber(L, sinh(luaL_checknumber(L, 1)));
	return 1;
}

static int
math_tanh(lua_State *L)
{
	lua_pushnumber(L, tanh(luaL_checknumber(L, 1)));
	return 1;
}

static int
math_atan2(lua_State *L)
{
	lua_pushnumber(L, atan2(luaL_checknumber(L, 1),
	    luaL_checknumber(L, 2)));
	return 1;
}

static int
math_ldexp(lua_State *L)
{
	lua_Integer e;

	number_truncate(L, 2);
	e = luaL_checkinteger(L, 2);
	if (e < -10000 || e > 10000)
		e = e < 0 ? -10000 : 10000;
	lua_pushnumber(L, ldexp(luaL_checknumber(L, 1), (int)e));
	return 1;
}

static int
math_frexp(lua_State *L)
{
	int e;

	lua_pushnumber(L, frexp(luaL_checknumber(L, 1), &e));
	lua_pushinteger(L, e);
	return 2;
}

/* The argument that beats all others. 5.3 would compare two texts as such:
 * "9" is more than "10". */
static int
extreme(lua_State *L, bool greatest)
{
	int n = lua_gettop(L), best = 1;

	for (int i = 1; i <= (n > 0 ? n : 1); i++) {
		luaL_checknumber(L, i);
		number_of_text(L, i);
		if (lua_compare(L, greatest ? best : i, greatest ? i : best,
		    LUA_OPLT))
			best = i;
	}
	lua_pushvalue(L, best);
	return 1;
}

static int
math_max(lua_State *L)
{
	return extreme(L, true);
}

static int
math_min(lua_State *L)
{
	return extreme(L, false);
}

static int
math_random(lua_State *L)
{
	number_truncate(L, 1);
	number_truncate(L, 2);
	return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static void
seed(lua_State *L)
{
	uint32_t n = 0;

	(void)!getrandom(&n, sizeof(n), GRND_NONBLOCK);
	lua_getfield(L, -1, "randomseed");
	lua_pushinteger(L, n);
	lua_call(L, 1, 0);
}

void
compat_math(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "pow", math_pow }, { "mod", math_mod },
		{ "fmod", math_fmod }, { "log10", math_log10 },
		{ "cosh", math_cosh }, { "sinh", math_sinh },
		{ "tanh", math_tanh }, { "atan2", math_atan2 },
		{ "ldexp", math_ldexp }, { "frexp", math_frexp },
		{ "max", math_max }, { "min", math_min },
		{ NULL, NULL }
	};
	static const char *const whole[] = {
		"pow", "mod", "fmod", "log10", "cosh", "sinh", "tanh",
		"atan2", "ldexp", "sqrt", "exp", "log", "abs", "max", "min",
		"modf", "deg", "rad", "sin", "cos", "tan", "asin", "acos",
		"atan",
	};

	lua_getglobal(L, "math");
	luaL_setfuncs(L, functions, 0);
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		lua_getfield(L, -1, whole[i]);
		lua_pushcclosure(L, whole_results, 1);
		lua_setfield(L, -2, whole[i]);
	}
	lua_getfield(L, -1, "random");
	lua_pushcclosure(L, math_random, 1);
	lua_setfield(L, -2, "random");
	seed(L);
	lua_pop(L, 1);
}
