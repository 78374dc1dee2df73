/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_value.h - JSON as plain Lua values: objects and arrays are tables. How
 * null and empty tables are told apart from the rest is a form.
 */
#ifndef REGBOT_JSON_VALUE_H
#define REGBOT_JSON_VALUE_H

#include <stdbool.h>

#include <json-c/json.h>
#include <lua.h>

#include "common/buffer.h"
#include "common/error.h"
#include "worker/job/worker.h"

/* The metatable of a table that is an array even when it is empty. */
#define JSON_ARRAY "regbot.json.array"

/*
 * NULL is the form of inputs and outputs: a null in an object is no member; in
 * an array it is false, so that the array keeps its length; an empty table is
 * an array. A form is that of the module json: null is a value of its own, or
 * nil; an empty table is an object, unless it has the metatable JSON_ARRAY or
 * its length at [0].
 */
struct json_form {
	int null;	/* stack index of what stands for null, or 0 */
	bool lengths;	/* pushed arrays tell theirs at [0] */
};

/* Pushes json.null, which every form writes as null. */
void json_push_null(lua_State *L);
/* Makes JSON_ARRAY known; once, before anything with a form is pushed. */
void json_push_open(lua_State *L);

/* Pushes the value of o (NULL for null). Must be called where Lua errors are caught: it can
 * run out of Lua's memory. */
void json_push(lua_State *L, json_object *o, const struct json_form *form);

/*
 * Appends the value at index as compact JSON, names in the order of their
 * bytes, so that equal values give equal text. A table with 1 to n is an
 * array; one with names is an object. 0, or -1 and what
 * cannot be written, with its place ("a.b[3]"): then out has a part. Raises no
 * Lua error. Ends when w, if it is not NULL, must stop.
 */
int json_encode(lua_State *L, int index, const struct json_form *form,
    const struct worker *w, struct buffer *out, struct error *err);

#endif
