/* SPDX-License-Identifier: Apache-2.0 */
/* json_lua.c - the module json, with the names of lunajson. */
#include "worker/library/json_lua.h"

#include <stdint.h>

#include <lauxlib.h>

#include "worker/library/library.h"
#include "worker/lua/vm.h"

static const char null_key;	/* its address is json.null */

void
json_lua_push_null(lua_State *L)
{
	lua_pushlightuserdata(L, (void *)(uintptr_t)&null_key);
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
	luaL_setmetatable(L, JSON_ARRAY);
	return 1;
}

int
library_json(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "array", json_array }, { "decode", json_decode },
		{ "encode", json_encode }, { NULL, NULL }
	};

	luaL_newmetatable(L, JSON_ARRAY);
	/* Scripts must not get it: they could give it a finalizer. */
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
	lua_newtable(L);
	for (const luaL_Reg *r = functions; r->name != NULL; r++)
		vm_set_function(L, "json", r->name, r->func);
	json_lua_push_null(L);
	lua_setfield(L, -2, "null");
	return 1;
}
