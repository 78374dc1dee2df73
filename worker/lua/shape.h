/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape.h - the shapes in which scripts see manifests and configs: what
 * fields there are, under which names, and what stands there when the JSON
 * has none. The names and the order are those of regclient's Go structs,
 * which scripts were written against.
 *
 * A field of a table appears under its Go name and under its JSON name, which
 * share one value. An embedded struct appears under its Go name only, while
 * its members lie in the JSON object itself.
 */
#ifndef REGBOT_SHAPE_H
#define REGBOT_SHAPE_H

#include <stdbool.h>

#include <json-c/json.h>
#include <lua.h>

#include "common/buffer.h"
#include "common/error.h"
#include "worker/oci/manifest.h"

enum shape_kind {
	SHAPE_STRING, SHAPE_INT, SHAPE_BOOL,
	SHAPE_BYTES,	/* base64 in JSON, a list of numbers in Lua */
	SHAPE_TIME,	/* RFC 3339 in JSON, Go's time text in Lua */
	SHAPE_STRUCT, SHAPE_STRUCTS,	/* one, a list of them */
	SHAPE_STRINGS,	/* a list */
	SHAPE_MAP,	/* of strings to strings */
	SHAPE_SET	/* keys to {} in JSON, keys to true in Lua */
};

#define SHAPE_OMIT 1	/* left out of JSON when empty */
#define SHAPE_POINTER 2	/* nil in Lua when the JSON has none */
#define SHAPE_EMBEDDED 4
#define SHAPE_LUA_ONLY 8 /* never in JSON */

struct shape;
struct shape_field {
	const char *go;			/* NULL ends a list */
	const char *json;		/* NULL: the Go name */
	enum shape_kind kind;
	unsigned flags;
	const struct shape *of;		/* STRUCT, STRUCTS */
};
struct shape {
	const char *name;		/* for errors */
	const struct shape_field *fields;
};

extern const struct shape shape_descriptor, shape_config;
const struct shape *shape_of_kind(enum manifest_kind kind);
/* The one key under which regbot shows the result of a HEAD. */
const char *shape_head_key(enum manifest_kind kind);

/* 0 when every field that the JSON has is of the kind it must be. */
int shape_check(const struct shape *s, json_object *o, struct error *err);

/*
 * Pushes a table for o, which passed shape_check; NULL gives zero values.
 * origins is the index of a table that is filled with where each table came
 * from (shape_nothing for zero values), or 0. Must be called where Lua errors
 * are caught: it can run out of Lua's memory, and leaves nothing behind then.
 */
void shape_push(lua_State *L, const struct shape *s, json_object *o,
    int origins);
void shape_push_field(lua_State *L, const struct shape_field *f,
    json_object *v, int origins);
extern const char shape_nothing;

/*
 * The way back. Reads the table at index, raw; values of the wrong type count
 * as zero. Of a field's two names the one whose value differs from the
 * original counts, the JSON name if both do. Times are those of orig; what
 * orig has beyond the shape is kept, and so is the order of its keys
 * (shape_order.c). origins tells what came from where, else the position
 * does. Pushes a userdata that owns the result and returns that.
 */
json_object *shape_export(lua_State *L, const struct shape *s, int index,
    int origins, json_object *orig);

/* The keys of out in the order of orig, which may be NULL; new ones of an
 * object where Go would write them if orig is in the order of the shape, of a
 * map (s NULL) if orig is sorted, else at the end. */
void shape_order(const struct shape *s, json_object *orig, json_object *out);

/* "2021-01-01T00:00:00Z" as Go prints such a time: "2021-01-01 00:00:00
 * +0000 UTC". -1 when it is not a time. */
#define GOTIME_MAX 64
int gotime(const char *rfc3339, char out[GOTIME_MAX]);

#endif
