/* SPDX-License-Identifier: Apache-2.0 */
/* lua_manifest.h - bindings that lua_manifest_write.c adds to "manifest". */
#ifndef REGBOT_MANIFEST_WRITE_H
#define REGBOT_MANIFEST_WRITE_H

#include <stdbool.h>

#include <json-c/json.h>
#include <lua.h>

#include "worker/lua/shape.h"

int lua_manifest_delete(lua_State *L);
int lua_manifest_export(lua_State *L);
int lua_manifest_put(lua_State *L);

/* The JSON of the edited fields of the value at index 1, owned by a userdata
 * that stays on the stack; whether it differs from what orig gives. */
json_object *lua_export(lua_State *L, const struct shape *s,
    json_object *orig, bool *changed);

#endif
