/* SPDX-License-Identifier: Apache-2.0 */
/* json_lua.c - the module json, with the functions of lunajson. */
#include "worker/library/json_lua.h"

#include <string.h>

#include <lauxlib.h>

#include "common/bounds.h"
#include "common/json.h"
#include "worker/library/json_value.h"
#include "worker/library/library.h"
#include "worker/lua/owned.h"
#include "worker/lua/vm.h"

struct json_held {	/* what Lua's errors must not leak */
	json_object *json;
	struct buffer text;
};

static void
release(void *p)
{
	struct json_held *held = p;

	json_object_put(held->json);
	held->json = NULL;
	buffer_free(&held->text);
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

/* decode(text [, from [, null [, lengths]]]): from is where the text begins,
 * and then is returned where it ends. */
int
json_lua_decode(lua_State *L)
{
	struct json_form form = { .null = lua_isnoneornil(L, 3) ? 0 : 3,
	    .lengths = lua_toboolean(L, 4) };
	const char *name = vm_function_name(L), *s;
	struct json_held *held;
	struct error err;
	lua_Number from = 1;
	size_t n;

	lua_settop(L, 4);
	(void)vm_check_text(L, 1, name);
	s = lua_tolstring(L, 1, &n);
	if (!lua_isnil(L, 2))
		from = vm_check_number(L, 2, name);
	if (!(from >= 1 && from <= (lua_Number)n + 1))
		return vm_arg_error(L, 2, name,
		    "a position in the text expected");
	s += (size_t)from - 1;
	n -= (size_t)from - 1;
	held = owned_push(L, sizeof(*held), OWNED_PLAIN, release);
	if (!is_null(s, n) && (held->json = json_parse(s, n, JSON_BYTES_MAX,
	    "the text", &err)) == NULL)
		return vm_raise(L, "Failed decoding JSON: %s", err.text);
	json_push(L, held->json, &form);
	release(held);
	if (lua_isnil(L, 2))
		return 1;
	lua_pushinteger(L, (lua_Integer)from + (lua_Integer)n);
	return 2;
}

/* encode(value [, null]): the text. */
int
json_lua_encode(lua_State *L)
{
	struct json_form form = { .null = lua_isnoneornil(L, 2) ? 0 : 2 };
	struct json_held *held;
	struct error err;

	lua_settop(L, 2);
	held = owned_push(L, sizeof(*held), OWNED_PLAIN, release);
	buffer_init(&held->text, JSON_BYTES_MAX);
	if (json_encode(L, 1, &form, vm_worker(L), &held->text, &err) ==
	    -1)
		return vm_raise(L, "Failed encoding JSON: %s", err.text);
	lua_pushlstring(L, buffer_str(&held->text), held->text.len);
	release(held);
	return 1;
}

/* array(table): the same table, an array for encode even when it is empty. */
static int
json_array(lua_State *L)
{
	if (lua_isnoneornil(L, 1)) {
		lua_settop(L, 0);
		lua_newtable(L);
	}
	vm_check_table(L, 1, vm_function_name(L));
	lua_settop(L, 1);
	if (lua_getmetatable(L, 1))
		return vm_arg_error(L, 1, vm_function_name(L),
		    "a table without a metatable expected");
	luaL_setmetatable(L, JSON_ARRAY);
	return 1;
}

int
library_json(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "array", json_array }, { "decode", json_lua_decode },
		{ "encode", json_lua_encode }, { NULL, NULL }
	};

	json_push_open(L);
	lua_newtable(L);
	for (const luaL_Reg *r = functions; r->name != NULL; r++)
		vm_set_function(L, "json", r->name, r->func);
	json_push_null(L);
	lua_setfield(L, -2, "null");
	return 1;
}
