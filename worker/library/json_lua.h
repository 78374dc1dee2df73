/* SPDX-License-Identifier: Apache-2.0 */
/* json_lua.h - functions of the module json, for a fuzz target. */
#ifndef REGBOT_JSON_LUA_H
#define REGBOT_JSON_LUA_H

#include <lua.h>

int json_lua_decode(lua_State *L);
int json_lua_encode(lua_State *L);

#endif
