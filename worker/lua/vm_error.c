/* SPDX-License-Identifier: Apache-2.0 */
/* Values as scripts see them, and errors as regbot words them. */
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "common/buffer.h"
#include "common/mem.h"
#include "common/text.h"
#include "worker/lua/vm_private.h"

#define INTEGER_LIMIT 9.2e18	/* beyond it a float is no lua_Integer */

char *
vm_text(const char *s, size_t len, size_t max)
{
	struct buffer b;
	size_t n;

	buffer_init(&b, max);
	buffer_puts(&b, "");
	for (size_t i = 0; i < len; i += n) {
		int r;

		/* What is not UTF-8 counts byte by byte. */
		if ((n = text_utf8(s + i, len - i, NULL)) == 0)
			n = 1;
		r = s[i] == '\0' ? buffer_puts(&b, "\xef\xbf\xbd") :
		    buffer_put(&b, s + i, n);
		if (r == -1)
			break;
	}
	return buffer_steal(&b);
}

void
vm_where(lua_State *L)
{
	lua_Debug ar;

	for (int level = 1; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.currentline > 0) {
			lua_pushfstring(L, "%s:%d: ", ar.short_src,
			    ar.currentline);
			return;
		}
	}
	lua_pushliteral(L, "");
}

int
vm_raise(lua_State *L, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	vm_where(L);
	lua_pushstring(L, text);
	lua_concat(L, 2);
	return lua_error(L);
}

int
vm_arg_error(lua_State *L, int arg, const char *name, const char *text)
{
	return vm_raise(L, "bad argument #%d to %s (%s)", arg, name, text);
}

/* Go counts an absent argument as nil. */
static int
expected(lua_State *L, int arg, const char *name, const char *what)
{
	char text[64];
	int type = lua_type(L, arg);

	snprintf(text, sizeof(text), "%s expected, got %s", what,
	    type == LUA_TNONE ? "nil" : lua_typename(L, type));
	return vm_arg_error(L, arg, name, text);
}

void
vm_check_table(lua_State *L, int arg, const char *name)
{
	if (!lua_istable(L, arg))
		expected(L, arg, name, "table");
}

const char *
vm_check_text(lua_State *L, int arg, const char *name)
{
	int type = lua_type(L, arg);

	if (type != LUA_TSTRING && type != LUA_TNUMBER)
		expected(L, arg, name, "string");
	vm_textify(L, arg);
	return lua_tostring(L, arg);
}

/* Go's shortest form, which strconv calls 'g' with precision -1. */
static void
shortest(double n, char out[VM_NUMBER_TEXT])
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
		snprintf(out, VM_NUMBER_TEXT, "%.*e", precision, n);
		return;
	}
	precision -= exponent;
	snprintf(out, VM_NUMBER_TEXT, "%.*f", precision < 0 ? 0 : precision,
	    n);
}

void
vm_number_text(lua_Number n, char out[VM_NUMBER_TEXT])
{
	if (isnan(n))
		snprintf(out, VM_NUMBER_TEXT, "NaN");
	else if (isinf(n))
		snprintf(out, VM_NUMBER_TEXT, "%cInf", n < 0 ? '-' : '+');
	else if (fabs(n) < INTEGER_LIMIT && n == floor(n))
		snprintf(out, VM_NUMBER_TEXT, LUA_INTEGER_FMT,
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
vm_textify(lua_State *L, int i)
{
	char text[VM_NUMBER_TEXT];

	if (!is_float(L, i))
		return;
	i = lua_absindex(L, i);
	vm_number_text(lua_tonumber(L, i), text);
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
vm_normalise(lua_State *L, int i)
{
	if (is_float(L, i) && lua_tonumber(L, i) == floor(lua_tonumber(L, i)))
		replace_integer(L, i, lua_tonumber(L, i));
}

void
vm_truncate(lua_State *L, int i)
{
	if (is_float(L, i))
		replace_integer(L, i, lua_tonumber(L, i));
}

static int
refused(lua_State *L)
{
	return vm_raise(L, "%s", lua_tostring(L, lua_upvalueindex(1)));
}

void
vm_refuse(lua_State *L, const char *lib, const char *name, const char *why)
{
	lua_pushfstring(L, "%s%s is not available in regbot scripts: %s",
	    lib, name, why);
	lua_pushcclosure(L, refused, 1);
	lua_setfield(L, -2, name);
}
