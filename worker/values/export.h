/* SPDX-License-Identifier: Apache-2.0 */
/* export.h - what export() makes of the fields that a script edited. */
#ifndef REGBOT_EXPORT_H
#define REGBOT_EXPORT_H

#include <stdbool.h>

#include <json-c/json.h>
#include <lua.h>

#include "worker/lua/shape.h"

/* The JSON of the edited fields of the value at index 1, owned by a userdata
 * that stays on the stack; whether it differs from what orig gives. */
json_object *export_json(lua_State *L, const struct shape *s,
    json_object *orig, bool *changed);

#endif
