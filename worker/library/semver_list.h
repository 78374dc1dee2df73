/* SPDX-License-Identifier: Apache-2.0 */
/* semver_list.h - functions of the module semver on ranges and lists. */
#ifndef REGBOT_SEMVER_LIST_H
#define REGBOT_SEMVER_LIST_H

#include <lua.h>

int semver_list_satisfies(lua_State *L);
int semver_list_sort(lua_State *L);
int semver_list_newest(lua_State *L);

#endif
