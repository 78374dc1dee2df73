/* SPDX-License-Identifier: Apache-2.0 */
/* export.c - the edited fields of a value as JSON; see export.h. */
#include "worker/values/export.h"

#include <string.h>

#include "common/buffer.h"
#include "common/json.h"
#include "worker/values/value.h"

/* Two JSON values as they would be written. */
static bool
same_text(json_object *a, json_object *b)
{
	struct buffer x, y;
	bool rv;

	buffer_init(&x, 0);
	buffer_init(&y, 0);
	json_write(&x, a);
	json_write(&y, b);
	rv = x.len == y.len && memcmp(buffer_str(&x), buffer_str(&y),
	    x.len) == 0;
	buffer_free(&x);
	buffer_free(&y);
	return rv;
}

json_object *
export_json(lua_State *L, const struct shape *s, json_object *orig,
    bool *changed)
{
	json_object *now, *then;
	int table, origins;

	value_push_table(L, 1);
	value_push_origins(L, 1);
	origins = lua_gettop(L);
	now = shape_export(L, s, origins - 1, origins, orig);
	/* A table fresh from the JSON shows what no change looks like. */
	lua_newtable(L);
	origins = lua_gettop(L);
	shape_push(L, s, orig, origins);
	table = lua_gettop(L);
	then = shape_export(L, s, table, origins, orig);
	*changed = !same_text(now, then);
	return now;
}
