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
#include "worker/compat/signature.h"
#include "worker/lua/number.h"

/* The result of a function: an integer where it is a whole number. */
static int
whole(lua_State *L, lua_Number n)
{
	lua_pushnumber(L, n);
	number_normalise(L, -1);
	return 1;
}

/* The same for the results of Lua's own functions. */
static int
math_original(lua_State *L)
{
	int n = lua_tocfunction(L, SIGNATURE_ORIGINAL)(L);

	for (int i = 1; i <= n; i++)
		number_normalise(L, -i);
	return n;
}

static int
math_pow(lua_State *L)
{
	return whole(L, pow(lua_tonumber(L, 1), lua_tonumber(L, 2)));
}

/* On floats, so that a zero divisor gives NaN. */
static int
math_mod(lua_State *L)
{
	lua_pushnumber(L, lua_tonumber(L, 1));
	lua_pushnumber(L, lua_tonumber(L, 2));
	lua_arith(L, LUA_OPMOD);
	number_normalise(L, -1);
	return 1;
}

static int
math_fmod(lua_State *L)
{
	return whole(L, fmod(lua_tonumber(L, 1), lua_tonumber(L, 2)));
}

static int
math_log10(lua_State *L)
{
	return whole(L, log10(lua_tonumber(L, 1)));
}

static int
math_cosh(lua_State *L)
{
	return whole(L, cosh(lua_tonumber(L, 1)));
}

static int
math_sinh(lua_State *L)
{
	return whole(L, sinh(lua_tonumber(L, 1)));
}

static int
math_tanh(lua_State *L)
{
	return whole(L, tanh(lua_tonumber(L, 1)));
}

static int
math_atan2(lua_State *L)
{
	return whole(L, atan2(lua_tonumber(L, 1), lua_tonumber(L, 2)));
}

static int
math_ldexp(lua_State *L)
{
	lua_Integer e = lua_tointeger(L, 2);

	if (e < -10000 || e > 10000)
		e = e < 0 ? -10000 : 10000;
	return whole(L, ldexp(lua_tonumber(L, 1), (int)e));
}

static int
math_frexp(lua_State *L)
{
	int e;

	lua_pushnumber(L, frexp(lua_tonumber(L, 1), &e));
	lua_pushinteger(L, e);
	return 2;
}

/* The argument that beats all others. 5.3 would compare two texts as such:
 * "9" is more than "10". */
static int
extreme(lua_State *L, bool greatest)
{
	int n = lua_gettop(L), best = 1;

	for (int i = 1; i <= n; i++) {
		number_of_text(L, i);
		if (lua_compare(L, greatest ? best : i, greatest ? i : best,
		    LUA_OPLT))
			best = i;
	}
	lua_pushvalue(L, best);
	number_normalise(L, -1);
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
	static const struct signature functions[] = {
		{ "abs", "n", math_original }, { "acos", "n", math_original },
		{ "asin", "n", math_original }, { "atan", "nN", math_original },
		{ "atan2", "nn", math_atan2 }, { "ceil", "n", math_original },
		{ "cos", "n", math_original }, { "cosh", "n", math_cosh },
		{ "deg", "n", math_original }, { "exp", "n", math_original },
		{ "floor", "n", math_original }, { "fmod", "nn", math_fmod },
		{ "frexp", "n", math_frexp }, { "ldexp", "ni", math_ldexp },
		{ "log", "nN", math_original }, { "log10", "n", math_log10 },
		{ "max", "nn+", math_max }, { "min", "nn+", math_min },
		{ "mod", "nn", math_mod }, { "modf", "n", math_original },
		{ "pow", "nn", math_pow }, { "rad", "n", math_original },
		{ "random", "II", NULL }, { "randomseed", "n", NULL },
		{ "sin", "n", math_original }, { "sinh", "n", math_sinh },
		{ "sqrt", "n", math_original }, { "tan", "n", math_original },
		{ "tanh", "n", math_tanh }, { NULL, NULL, NULL }
	};

	lua_getglobal(L, "math");
	signature_set(L, "math", functions);
	seed(L);
	lua_pop(L, 1);
}
