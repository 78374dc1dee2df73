/* SPDX-License-Identifier: Apache-2.0 */
/* json_decode.c - JSON becomes Lua values; see json_lua.h. */
#include <string.h>

#include <json-c/json.h>
#include <lauxlib.h>

#include "common/bounds.h"
#include "common/json.h"
#include "worker/library/json_lua.h"
#include "worker/lua/number.h"
#include "worker/lua/owned.h"
#include "worker/lua/vm.h"

struct json_held {
	json_object *json;
};

/* What decode was asked for. */
struct json_options {
	int null;		/* stack index of what stands for null, or 0 */
	bool lengths;		/* arrays tell theirs at [0] */
};

static void push(lua_State *L, json_object *o, const struct json_options *how);

static void
release(void *held)
{
	json_object_put(((struct json_held *)held)->json);
}

/* Whole numbers stay whole; what no lua_Integer holds becomes a float. */
static void
push_integer(lua_State *L, json_object *o)
{
	uint64_t u = json_object_get_uint64(o);
	int64_t i = json_object_get_int64(o);

	if (i == INT64_MAX && u > (uint64_t)INT64_MAX)
		lua_pushnumber(L, (lua_Number)u);
	else
		lua_pushinteger(L, (lua_Integer)i);
}

static void
push_array(lua_State *L, json_object *o, const struct json_options *how)
{
	size_t n = json_object_array_length(o);

	lua_createtable(L, (int)n, how->lengths);
	for (size_t i = 0; i < n; i++) {
		push(L, json_object_array_get_idx(o, i), how);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	if (how->lengths) {
		lua_pushinteger(L, (lua_Integer)n);
		lua_rawseti(L, -2, 0);
	}
	/* Else encode could not tell it from an object. */
	if (n == 0)
		luaL_setmetatable(L, JSON_ARRAY);
}

static void
push(lua_State *L, json_object *o, const struct json_options *how)
{
	luaL_checkstack(L, 8, NULL);
	switch (json_object_get_type(o)) {
	case json_type_null:
		if (how->null != 0)
			lua_pushvalue(L, how->null);
		else
			lua_pushnil(L);
		break;
	case json_type_boolean:
		lua_pushboolean(L, json_object_get_boolean(o));
		break;
	case json_type_int:
		push_integer(L, o);
		break;
	case json_type_double:
		lua_pushnumber(L, json_object_get_double(o));
		number_normalise(L, -1);
		break;
	case json_type_string:
		lua_pushlstring(L, json_object_get_string(o),
		    (size_t)json_object_get_string_len(o));
		break;
	case json_type_array:
		push_array(L, o, how);
		break;
	case json_type_object: {
		lua_newtable(L);
		json_object_object_foreach(o, key, value) {
			lua_pushstring(L, key);
			push(L, value, how);
			lua_rawset(L, -3);
		}
		break;
	}
	}
}

/* json-c has no object for null, so nothing to return. */
static bool
is_null(const char *s, size_t n)
{
	static const char space[] = " \t\r\n";

	while (n > 0 && memchr(space, *s, 4) != NULL) {
		s++;
		n--;
	}
	while (n > 0 && memchr(space, s[n - 1], 4) != NULL)
		n--;
	return n == 4 && memcmp(s, "null", 4) == 0;
}

/* decode(text [, from [, null [, lengths]]]), as lunajson has it: from is
 * where the text begins, and then is returned where it ends. */
int
json_decode(lua_State *L)
{
	struct json_options how = { .null = lua_isnoneornil(L, 3) ? 0 : 3,
	    .lengths = lua_toboolean(L, 4) };
	struct json_held *held;
	struct error err;
	lua_Integer from = 1;
	const char *s;
	size_t n;

	lua_settop(L, 4);
	(void)vm_check_text(L, 1, vm_function_name(L));
	s = lua_tolstring(L, 1, &n);
	if (!lua_isnil(L, 2)) {
		from = (lua_Integer)vm_check_number(L, 2,
		    vm_function_name(L));
		if (from < 1 || (uint64_t)from > n + 1)
			return vm_arg_error(L, 2, vm_function_name(L),
			    "a position in the text expected");
	}
	s += from - 1;
	n -= (size_t)from - 1;
	held = owned_push(L, sizeof(*held), OWNED_PLAIN, release);
	if (!is_null(s, n) && (held->json = json_parse(s, n, JSON_BYTES_MAX,
	    "the text", &err)) == NULL)
		return vm_raise(L, "Failed decoding JSON: %s", err.text);
	push(L, held->json, &how);
	json_object_put(held->json);
	held->json = NULL;
	if (lua_isnil(L, 2))
		return 1;
	lua_pushinteger(L, from + (lua_Integer)n);
	return 2;
}
