/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as regbot words them, and the checks of arguments that raise them. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "worker/lua/number.h"
#include "worker/lua/vm.h"

#define FUNCTION_NAME 64	/* "library.name" of ours, all of them short */

static const char warnings_key;	/* registry: those given, and their number */

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

/* Whether the warning at the top was not given before, and is not one too
 * many. */
static bool
is_new_warning(lua_State *L)
{
	int text = lua_gettop(L);
	bool known;

	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &warnings_key) == LUA_TNIL) {
		lua_newtable(L);
		lua_pushvalue(L, -1);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &warnings_key);
		lua_replace(L, -2);
	}
	lua_pushvalue(L, text);
	known = lua_rawget(L, text + 1) != LUA_TNIL;
	lua_pop(L, 1);
	if (!known && lua_rawlen(L, text + 1) < SCRIPT_WARNINGS_MAX) {
		lua_pushvalue(L, text);
		lua_pushboolean(L, 1);
		lua_rawset(L, text + 1);
		lua_pushboolean(L, 1);
		lua_rawseti(L, text + 1,
		    (lua_Integer)lua_rawlen(L, text + 1) + 1);
	} else
		known = true;
	lua_settop(L, text);
	return !known;
}

void
vm_warn(lua_State *L, const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX + 1];
	struct log_record r;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	vm_where(L);
	lua_pushstring(L, text);
	lua_concat(L, 2);
	if (is_new_warning(L)) {
		log_record_init(&r, LOG_WARN, "Probable mistake in script");
		log_record_string(&r, "message", lua_tostring(L, -1));
		worker_log(vm_worker(L), &r);
	}
	lua_pop(L, 1);
}

void
vm_push_name(lua_State *L, const char *library, const char *name)
{
	char text[FUNCTION_NAME], *end = text;

	if (*library != '\0') {
		end = stpcpy(end, library);
		*end++ = '.';
	}
	end = stpcpy(end, name);
	lua_pushlstring(L, text, (size_t)(end - text));
}

void
vm_set_function(lua_State *L, const char *library, const char *name,
    lua_CFunction f)
{
	vm_push_name(L, library, name);
	lua_pushcclosure(L, f, 1);
	lua_setfield(L, -2, name);
}

const char *
vm_function_name(lua_State *L)
{
	const char *name = NULL;

	/* Of a function without upvalues, the index is invalid. */
	if (lua_type(L, lua_upvalueindex(1)) == LUA_TSTRING)
		name = lua_tostring(L, lua_upvalueindex(1));
	return name != NULL ? name : "?";
}

int
vm_arg_error(lua_State *L, int arg, const char *name, const char *text)
{
	return vm_raise(L, "bad argument #%d to '%s' (%s)", arg, name, text);
}

/* Go counts an absent argument as nil. */
int
vm_expected(lua_State *L, int arg, const char *name, const char *what)
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
		vm_expected(L, arg, name, "table");
}

lua_Number
vm_check_number(lua_State *L, int arg, const char *name)
{
	if (!lua_isnumber(L, arg))
		vm_expected(L, arg, name, "number");
	return lua_tonumber(L, arg);
}

const char *
vm_check_text(lua_State *L, int arg, const char *name)
{
	int type = lua_type(L, arg);

	if (type != LUA_TSTRING && type != LUA_TNUMBER)
		vm_expected(L, arg, name, "string");
	number_textify(L, arg);
	return lua_tostring(L, arg);
}

#define REFUSAL "%s%s is not available in regbot scripts: %s"

static int
refused(lua_State *L)
{
	const char *part[3];

	for (int i = 0; i < 3; i++)
		part[i] = lua_touserdata(L, lua_upvalueindex(i + 1));
	return vm_raise(L, REFUSAL, part[0], part[1], part[2]);
}

char *
vm_refusal(lua_State *L)
{
	const char *part[3];

	if (lua_tocfunction(L, -1) != refused)
		return NULL;
	for (int i = 0; i < 3; i++) {
		lua_getupvalue(L, -1, i + 1);
		part[i] = lua_touserdata(L, -1);
		lua_pop(L, 1);
	}
	return mem_printf(REFUSAL, part[0], part[1], part[2]);
}

void
vm_refuse(lua_State *L, const char *lib, const char *name, const char *why)
{
	lua_pushlightuserdata(L, (void *)(uintptr_t)lib);
	lua_pushlightuserdata(L, (void *)(uintptr_t)name);
	lua_pushlightuserdata(L, (void *)(uintptr_t)why);
	lua_pushcclosure(L, refused, 3);
	lua_setfield(L, -2, name);
}
