/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The os library as far as a script may have it: the clock, the calendar,
 * named variables of the environment, and an end of its own choice.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>

#include "worker/client/client.h"
#include "worker/lua/number.h"
#include "worker/lua/vm_private.h"

#define DATE_LITERAL_MAX 64

static int
os_clock(lua_State *L)
{
	lua_pushnumber(L, (lua_Number)clock() / CLOCKS_PER_SEC);
	return 1;
}

/* A field of os.time's table: a number, or a string that is one, cut to a
 * whole number. A missing field is an error if missing is INT_MIN. */
static int
time_field(lua_State *L, const char *key, int missing)
{
	int ok;
	lua_Number n;

	lua_getfield(L, 1, key);
	n = lua_tonumberx(L, -1, &ok);
	if (!ok) {
		if (!lua_isnil(L, -1))
			return vm_raise(L, "field '%s' is not a number", key);
		if (missing == INT_MIN)
			return vm_raise(L, "field '%s' missing in date table%s",
			    key, strcmp(key, "day") == 0 ? ": write day = 1 "
			    "for the first of the month" : "");
		n = missing;
	}
	lua_pop(L, 1);
	if (!(fabs(n) < INT_MAX / 2))
		return vm_raise(L, "field '%s' is out-of-bound", key);
	return (int)n;
}

static void
set_field(lua_State *L, const char *key, int v)
{
	lua_pushinteger(L, v);
	lua_setfield(L, -2, key);
}

static void
set_fields(lua_State *L, const struct tm *tm)
{
	set_field(L, "year", tm->tm_year + 1900);
	set_field(L, "month", tm->tm_mon + 1);
	set_field(L, "day", tm->tm_mday);
	set_field(L, "hour", tm->tm_hour);
	set_field(L, "min", tm->tm_min);
	set_field(L, "sec", tm->tm_sec);
	set_field(L, "yday", tm->tm_yday + 1);
	set_field(L, "wday", tm->tm_wday + 1);
	if (tm->tm_isdst >= 0) {
		lua_pushboolean(L, tm->tm_isdst);
		lua_setfield(L, -2, "isdst");
	}
}

static int
os_time(lua_State *L)
{
	struct tm tm = { 0 };
	time_t t;

	if (lua_isnoneornil(L, 1)) {
		lua_pushinteger(L, (lua_Integer)time(NULL));
		return 1;
	}
	vm_check_table(L, 1, "os.time");
	lua_settop(L, 1);
	tm.tm_year = time_field(L, "year", INT_MIN) - 1900;
	tm.tm_mon = time_field(L, "month", INT_MIN) - 1;
	tm.tm_mday = time_field(L, "day", INT_MIN);
	tm.tm_hour = time_field(L, "hour", 12);
	tm.tm_min = time_field(L, "min", 0);
	tm.tm_sec = time_field(L, "sec", 0);
	tm.tm_isdst = lua_getfield(L, 1, "isdst") == LUA_TNIL ? -1 :
	    lua_toboolean(L, -1);
	lua_pop(L, 1);
	t = mktime(&tm);
	if (t == (time_t)-1)
		return vm_raise(L, "time result cannot be represented");
	/* The table stays as it is; 5.3 would write the sums into it. */
	lua_pushinteger(L, (lua_Integer)t);
	return 1;
}

/* One directive. Unknown ones stay as they are, as in regbot's Lua; P is
 * glibc's. */
static void
add_directive(luaL_Buffer *b, char c, const struct tm *tm, bool utc)
{
	char format[3] = { '%', c, '\0' }, text[256];

	if (c == '\0' || strchr("aAbBcCdDeFgGhHIjmMnpPrRStTuUVwWxXyYzZ%",
	    c) == NULL)
		luaL_addlstring(b, format, c == '\0' ? 1 : 2);
	else if (c == 'P')
		luaL_addstring(b, tm->tm_hour < 12 ? "am" : "pm");
	else if (c == 'Z' && utc)
		luaL_addstring(b, "UTC");
	else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		luaL_addlstring(b, text, strftime(text, sizeof(text),
		    format, tm));
#pragma GCC diagnostic pop
	}
}

static int
os_date(lua_State *L)
{
	const char *s = lua_isnoneornil(L, 1) ? "%c" :
	    vm_check_text(L, 1, "os.date");
	struct tm tm;
	bool utc = *s == '!';
	lua_Number n = lua_isnoneornil(L, 2) ? (lua_Number)time(NULL) :
	    vm_check_number(L, 2, "os.date");
	time_t t;
	luaL_Buffer b;

	n = floor(n);
	if (!(fabs(n) < 9e18))
		return vm_arg_error(L, 2, "os.date", "time out of range");
	t = (time_t)n;
	if ((utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)) == NULL)
		return vm_raise(L, "time result cannot be represented");
	s += utc;
	if (strncmp(s, "*t", 2) == 0) {
		lua_createtable(L, 0, 9);
		set_fields(L, &tm);
		return 1;
	}
	luaL_buffinit(L, &b);
	for (; *s != '\0'; s++) {
		if (*s != '%') {
			luaL_addchar(&b, *s);
			continue;
		}
		add_directive(&b, s[1], &tm, utc);
		if (s[1] != '\0')
			s++;
	}
	luaL_pushresult(&b);
	return 1;
}

static int
os_difftime(lua_State *L)
{
	lua_Number from = lua_isnoneornil(L, 2) ? 0 :
	    vm_check_number(L, 2, "os.difftime");

	lua_pushnumber(L, trunc(vm_check_number(L, 1, "os.difftime")) -
	    trunc(from));
	number_normalise(L, -1);
	return 1;
}

/* An empty value is nil, as it is in regbot. */
static int
os_getenv(lua_State *L)
{
	const char *name = vm_check_text(L, 1, "os.getenv"), *v = NULL;
	struct worker *w = vm_worker(L);

	if (w->client != NULL)
		v = client_getenv(w->client, name);
	if (v == NULL || *v == '\0')
		lua_pushnil(L);
	else
		lua_pushstring(L, v);
	return 1;
}

static int
os_exit(lua_State *L)
{
	lua_Integer code = 0;

	if (lua_isboolean(L, 1))
		code = !lua_toboolean(L, 1);
	else if (!lua_isnoneornil(L, 1)) {
		number_truncate(L, 1);
		(void)vm_check_number(L, 1, "os.exit");
		code = lua_tointeger(L, 1);
	}
	vm_end(L, (int)(code & 0xff));
}

static int
os_setlocale(lua_State *L)
{
	lua_pushboolean(L, 0);
	return 1;
}

void
os_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "clock", os_clock }, { "date", os_date },
		{ "difftime", os_difftime }, { "exit", os_exit },
		{ "getenv", os_getenv }, { "setlocale", os_setlocale },
		{ "time", os_time }, { NULL, NULL }
	};
	static const char files[] = "they reach no files";

	luaL_newlib(L, functions);
	vm_refuse(L, "os.", "execute", "they start no programs; use the "
	    "functions of image, tag, manifest and repo");
	vm_refuse(L, "os.", "remove", files);
	vm_refuse(L, "os.", "rename", files);
	vm_refuse(L, "os.", "tmpname", files);
	vm_refuse(L, "os.", "setenv", "use a variable");
	lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
	lua_pushvalue(L, -2);
	lua_setfield(L, -2, "os");
	lua_pop(L, 1);
	lua_setglobal(L, "os");
}
