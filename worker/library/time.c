/* SPDX-License-Identifier: Apache-2.0 */
/* time.c - the module time: seconds since 1970, and texts. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>

#include "common/clock.h"
#include "common/duration.h"
#include "worker/library/library.h"
#include "worker/library/timetext.h"
#include "worker/lua/number.h"
#include "worker/lua/vm.h"

#define YEAR_0 (-62167219200.0)		/* its first second, since 1970 */
#define YEAR_10000 253402300800.0

static int
time_now(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)(clock_wall() / NS_PER_S));
	return 1;
}

/* The time at index arg. False when it is none. */
static bool
take_time(lua_State *L, int arg, int64_t *seconds, long *ns)
{
	struct text_time t;
	const char *s;
	size_t n;

	if (lua_type(L, arg) != LUA_TSTRING)
		return false;
	s = lua_tolstring(L, arg, &n);
	if (timetext_parse(s, n, &t) == -1)
		return false;
	*seconds = text_time_seconds(&t);
	*ns = t.nanoseconds;
	return true;
}

/* parse(text): seconds and nanoseconds, or nil. */
static int
time_parse(lua_State *L)
{
	int64_t seconds;
	long ns;

	if (!take_time(L, 1, &seconds, &ns)) {
		lua_pushnil(L);
		return 1;
	}
	lua_pushinteger(L, (lua_Integer)seconds);
	lua_pushinteger(L, ns);
	return 2;
}

/* Upvalue 2: how it is written. */
static int
time_format(lua_State *L)
{
	bool go = lua_toboolean(L, lua_upvalueindex(2));
	lua_Number n = floor(vm_check_number(L, 1, vm_function_name(L)));
	char text[64];
	struct tm tm;
	time_t t;

	if (!(n >= YEAR_0 && n < YEAR_10000))
		return vm_arg_error(L, 1, vm_function_name(L),
		    "its year has more than four digits");
	t = (time_t)n;
	gmtime_r(&t, &tm);
	snprintf(text, sizeof(text), "%04d-%02d-%02d%c%02d:%02d:%02d%s",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, go ? ' ' : 'T',
	    tm.tm_hour, tm.tm_min, tm.tm_sec, go ? " +0000 UTC" : "Z");
	lua_pushstring(L, text);
	return 1;
}

/* age(text): how many seconds ago it was, or nil. */
static int
time_age(lua_State *L)
{
	int64_t seconds;
	long ns;

	if (take_time(L, 1, &seconds, &ns))
		lua_pushinteger(L, (lua_Integer)(clock_wall() / NS_PER_S -
		    seconds));
	else
		lua_pushnil(L);
	return 1;
}

/* Durations are numbers of seconds, or texts. */
static bool
take_duration(lua_State *L, int arg, lua_Number *out)
{
	const char *s;
	int64_t ns;
	size_t n;

	if (lua_type(L, arg) == LUA_TNUMBER) {
		*out = lua_tonumber(L, arg);
		return true;
	}
	if (lua_type(L, arg) != LUA_TSTRING)
		return false;
	s = lua_tolstring(L, arg, &n);
	if (timetext_duration(s, n, &ns) == -1)
		return false;
	*out = (lua_Number)ns / NS_PER_S;
	return true;
}

/* older(text, duration): false for what is no time. */
static int
time_older(lua_State *L)
{
	lua_Number limit;
	int64_t seconds;
	long ns;

	if (!take_duration(L, 2, &limit))
		return vm_arg_error(L, 2, vm_function_name(L), "a duration "
		    "such as \"30d\" or \"12h\" expected");
	lua_pushboolean(L, take_time(L, 1, &seconds, &ns) &&
	    (lua_Number)(clock_wall() / NS_PER_S - seconds) > limit);
	return 1;
}

/* seconds(text): of a duration, or nil. */
static int
time_seconds(lua_State *L)
{
	lua_Number n;

	if (lua_type(L, 1) == LUA_TSTRING && take_duration(L, 1, &n)) {
		lua_pushnumber(L, n);
		number_normalise(L, -1);
	} else
		lua_pushnil(L);
	return 1;
}

static int
time_duration(lua_State *L)
{
	lua_Number n = vm_check_number(L, 1, vm_function_name(L));
	char text[DURATION_TEXT];

	if (!(fabs(n) < 9e9))
		return vm_arg_error(L, 1, vm_function_name(L),
		    "more than 285 years");
	duration_brief((int64_t)(n * NS_PER_S), text);
	lua_pushstring(L, text);
	return 1;
}

static void
set_format(lua_State *L, const char *name, bool go)
{
	lua_pushfstring(L, "time.%s", name);
	lua_pushboolean(L, go);
	lua_pushcclosure(L, time_format, 2);
	lua_setfield(L, -2, name);
}

int
library_time(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "age", time_age }, { "duration", time_duration },
		{ "now", time_now }, { "older", time_older },
		{ "parse", time_parse }, { "seconds", time_seconds },
		{ NULL, NULL }
	};

	lua_newtable(L);
	for (const luaL_Reg *r = functions; r->name != NULL; r++)
		vm_set_function(L, "time", r->name, r->func);
	set_format(L, "format", false);
	set_format(L, "go", true);
	return 1;
}
