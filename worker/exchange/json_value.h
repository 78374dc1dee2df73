/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_value.h - JSON as plain Lua values: objects and arrays are tables. A
 * null in an object is no member; in an array it is false, so that the array
 * keeps its length.
 */
#ifndef REGBOT_JSON_VALUE_H
#define REGBOT_JSON_VALUE_H

#include <json-c/json.h>
#include <lua.h>

#include "common/buffer.h"
#include "common/error.h"

/* Pushes the value of o. Must be called where Lua errors are caught: it can
 * run out of Lua's memory. */
void json_push(lua_State *L, json_object *o);

/*
 * Appends the value at index as compact JSON, names in the order of their
 * bytes, so that equal values give equal text. A table with 1 to n is an
 * array, an empty one too; one with names is an object. 0, or -1 and what
 * cannot be written, with its place ("a.b[3]"): then out has a part. Raises no
 * Lua error.
 */
int json_encode(lua_State *L, int index, struct buffer *out,
    struct error *err);

#endif
