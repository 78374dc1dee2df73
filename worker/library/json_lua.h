/* SPDX-License-Identifier: Apache-2.0 */
/* json_lua.h - the functions of the module json. */
#ifndef REGBOT_JSON_LUA_H
#define REGBOT_JSON_LUA_H

#include <lua.h>

/* The metatable of a table that is an array even when it is empty. */
#define JSON_ARRAY "regbot.json.array"

int json_decode(lua_State *L);
int json_encode(lua_State *L);

/* json.null, a value that encode writes as null. */
void json_lua_push_null(lua_State *L);

#endif
