/* SPDX-License-Identifier: Apache-2.0 */
/* json_push.c - from JSON to Lua values; see json_value.h. */
#include <math.h>
#include <stdint.h>

#include <lauxlib.h>

#include "worker/library/json_value.h"

static const char null_key;	/* its address is json.null */

#define EXACT 9007199254740992.0	/* 2^53 */

void
json_push_null(lua_State *L)
{
	lua_pushlightuserdata(L, (void *)(uintptr_t)&null_key);
}

void
json_push_open(lua_State *L)
{
	luaL_newmetatable(L, JSON_ARRAY);
	/* Scripts must not get it: they could give it a finalizer. */
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

/* Beyond 64 bits json-c gives its largest number. */
static void
push_int(lua_State *L, json_object *o)
{
	uint64_t large = json_object_get_uint64(o);

	if (json_object_get_int64(o) == INT64_MAX && large > INT64_MAX)
		lua_pushnumber(L, (lua_Number)large);
	else
		lua_pushinteger(L, (lua_Integer)json_object_get_int64(o));
}

static void
push_double(lua_State *L, double d)
{
	if (fabs(d) <= EXACT && d == trunc(d))
		lua_pushinteger(L, (lua_Integer)d);
	else
		lua_pushnumber(L, (lua_Number)d);
}

static void
push_null(lua_State *L, const struct json_form *form)
{
	if (form != NULL && form->null != 0)
		lua_pushvalue(L, form->null);
	else
		lua_pushnil(L);
}

static void
push_array(lua_State *L, json_object *o, const struct json_form *form)
{
	size_t n = json_object_array_length(o);

	lua_createtable(L, (int)n, 0);
	for (size_t i = 0; i < n; i++) {
		json_object *v = json_object_array_get_idx(o, i);

		if (v != NULL || form != NULL)
			json_push(L, v, form);
		else
			lua_pushboolean(L, 0);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	if (form != NULL && form->lengths) {
		lua_pushinteger(L, (lua_Integer)n);
		lua_rawseti(L, -2, 0);
	}
	/* Else json_encode could not tell it from an object. */
	if (form != NULL && n == 0)
		luaL_setmetatable(L, JSON_ARRAY);
}

static void
push_object(lua_State *L, json_object *o, const struct json_form *form)
{
	lua_createtable(L, 0, json_object_object_length(o));
	json_object_object_foreach(o, key, value) {
		json_push(L, value, form);
		lua_setfield(L, -2, key);
	}
}

void
json_push(lua_State *L, json_object *o, const struct json_form *form)
{
	luaL_checkstack(L, 4, NULL);
	switch (json_object_get_type(o)) {
	case json_type_null:
		push_null(L, form);
		break;
	case json_type_boolean:
		lua_pushboolean(L, json_object_get_boolean(o));
		break;
	case json_type_double:
		push_double(L, json_object_get_double(o));
		break;
	case json_type_int:
		push_int(L, o);
		break;
	case json_type_string:
		lua_pushlstring(L, json_object_get_string(o),
		    (size_t)json_object_get_string_len(o));
		break;
	case json_type_array:
		push_array(L, o, form);
		break;
	case json_type_object:
		push_object(L, o, form);
		break;
	}
}
