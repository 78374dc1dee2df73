/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as regbot's Lua shows them: 10 / 2 is "5". Lua 5.3 tells integers
 * from floats and would write "5.0"; Lua 5.1 had floats only.
 */
#include "worker/lua/number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTEGER_LIMIT 9.2e18	/* a float beyond it does not fit a lua_Integer */

/* Go's shortest form, which strconv calls 'g' with precision -1. */
static void
shortest(double n, char out[NUMBER_TEXT_MAX])
{
	char digits[32], *e;
	/* Fewer than 15 digits always come back, but for the smallest. */
	int exponent, precision = fabs(n) < DBL_MIN ? 0 : 14;

	do
		snprintf(digits, sizeof(digits), "%.*e", precision, n);
	while (precision++ < 16 && strtod(digits, NULL) != n);
	e = strchr(digits, 'e');
	exponent = (int)strtol(e + 1, NULL, 10);
	while (e[-1] == '0')
		e--;
	if (e[-1] == '.')
		e--;
	precision = (int)(e - strpbrk(digits, "0123456789"));
	precision = precision > 1 ? precision - 2 : 0;	/* after the point */
	if (exponent < -4 || exponent >= 6) {
		snprintf(out, NUMBER_TEXT_MAX, "%.*e", precision, n);
		return;
	}
	precision -= exponent;
	snprintf(out, NUMBER_TEXT_MAX, "%.*f", precision < 0 ? 0 : precision,
	    n);
}

void
number_text(lua_Number n, char out[NUMBER_TEXT_MAX])
{
	if (isnan(n))
		snprintf(out, NUMBER_TEXT_MAX, "NaN");
	else if (isinf(n))
		snprintf(out, NUMBER_TEXT_MAX, "%cInf", n < 0 ? '-' : '+');
	else if (fabs(n) < INTEGER_LIMIT && n == floor(n))
		snprintf(out, NUMBER_TEXT_MAX, LUA_INTEGER_FMT,
		    (LUA_INTEGER)n);
	else
		shortest(n, out);
}

static bool
is_float(lua_State *L, int i)
{
	return lua_type(L, i) == LUA_TNUMBER && !lua_isinteger(L, i);
}

void
number_textify(lua_State *L, int i)
{
	char text[NUMBER_TEXT_MAX];

	if (!is_float(L, i))
		return;
	i = lua_absindex(L, i);
	number_text(lua_tonumber(L, i), text);
	lua_pushstring(L, text);
	lua_replace(L, i);
}

static void
replace_integer(lua_State *L, int i, lua_Number n)
{
	if (fabs(n) < INTEGER_LIMIT) {	/* false for NaN too */
		i = lua_absindex(L, i);
		lua_pushinteger(L, (lua_Integer)n);
		lua_replace(L, i);
	}
}

void
number_normalise(lua_State *L, int i)
{
	if (is_float(L, i) && lua_tonumber(L, i) == floor(lua_tonumber(L, i)))
		replace_integer(L, i, lua_tonumber(L, i));
}

void
number_of_text(lua_State *L, int i)
{
	const char *s;
	size_t n;

	if (lua_type(L, i) != LUA_TSTRING)
		return;
	i = lua_absindex(L, i);
	s = lua_tolstring(L, i, &n);
	/* A NUL within s ends the text for lua_stringtonumber. */
	if (strlen(s) == n && lua_stringtonumber(L, s) != 0)
		lua_replace(L, i);
}

void
number_truncate(lua_State *L, int i)
{
	number_of_text(L, i);
	if (is_float(L, i))
		replace_integer(L, i, lua_tonumber(L, i));
}
