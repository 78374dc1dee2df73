/* SPDX-License-Identifier: Apache-2.0 */
/* json_push.c - from JSON to Lua values; see json_value.h. */
#include <math.h>
#include <stdint.h>

#include <lauxlib.h>

#include "worker/exchange/json_value.h"

#define EXACT 9007199254740992.0	/* 2^53 */

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
push_array(lua_State *L, json_object *o)
{
	size_t n = json_object_array_length(o);

	lua_createtable(L, (int)n, 0);
	for (size_t i = 0; i < n; i++) {
		json_object *v = json_object_array_get_idx(o, i);

		if (v != NULL)
			json_push(L, v);
		else
			lua_pushboolean(L, 0);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

static void
push_object(lua_State *L, json_object *o)
{
	lua_createtable(L, 0, json_object_object_length(o));
	json_object_object_foreach(o, key, value) {
		json_push(L, value);
		lua_setfield(L, -2, key);
	}
}

void
json_push(lua_State *L, json_object *o)
{
	luaL_checkstack(L, 4, NULL);
	switch (json_object_get_type(o)) {
	case json_type_null:
		lua_pushnil(L);
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
		push_array(L, o);
		break;
	case json_type_object:
		push_object(L, o);
		break;
	}
}
