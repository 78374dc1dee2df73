/* SPDX-License-Identifier: Apache-2.0 */
/* library.h - the modules that require() finds without a file. */
#ifndef REGBOT_LIBRARY_H
#define REGBOT_LIBRARY_H

#include <stdbool.h>

#include <lua.h>

#include "worker/library/versions.h"

/* Makes them known to require: an entry of vm_new()'s table, after
 * require_open. A file of the same name comes before them. */
void library_open(lua_State *L);

/* Each pushes the table of a module. */
int library_json(lua_State *L);
int library_semver(lua_State *L);
int library_time(lua_State *L);

/* The value at index, a text or what semver made, as a version. False when it
 * is none. The version points into the value. */
bool library_version(lua_State *L, int index, struct version *v);

#endif
