/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secretjson.h - JSON that holds secrets: bounded, strict, and wiped when it
 * is freed. Errors never show what stood there.
 */
#ifndef REGBOT_SECRETJSON_H
#define REGBOT_SECRETJSON_H

#include <json-c/json.h>
#include <stddef.h>

#include "common/error.h"

/* An object, or NULL and *err: "WHAT is not JSON: ... at byte N". */
struct json_object *secretjson_parse(const char *text, size_t len,
    const char *what, struct error *err);
void secretjson_free(struct json_object *o);	/* NULL is fine */

/* A text of the object, "" when it is absent or no text; borrowed. One with
 * a NUL in it counts as absent. */
const char *secretjson_text(struct json_object *o, const char *key);

/* An object within, or NULL. */
struct json_object *secretjson_object(struct json_object *o,
    const char *key);

#endif
