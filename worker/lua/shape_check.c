/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape_check.c - whether JSON has the shape it should have; see shape.h. A
 * label list that is not a list fails here, as it does in regbot: a script that
 * deletes what lacks a label must not be told that there are no labels.
 */
#include <errno.h>
#include <string.h>

#include "common/bounds.h"
#include "common/text.h"
#include "worker/lua/shape.h"
#include "worker/oci/manifest_private.h"

static int
wrong(struct error *err, const struct shape *s, const char *key,
    const char *want)
{
	return error_set(err, ERROR_INPUT, "the %s's \"%s\" is not %s",
	    s->name, key, want);
}

static int
check_int(const struct shape *s, const char *key, json_object *v,
    struct error *err)
{
	int64_t n;

	if (!json_object_is_type(v, json_type_int))
		return wrong(err, s, key, "a whole number");
	errno = 0;
	n = json_object_get_int64(v);
	if (errno != 0 || n == INT64_MAX || n == INT64_MIN)
		return wrong(err, s, key, "a number of 64 bits");
	return 0;
}

static int
check_bytes(const struct shape *s, const char *key, json_object *v,
    struct error *err)
{
	struct buffer b;
	int rv;

	if (!json_object_is_type(v, json_type_string))
		return wrong(err, s, key, "a string");
	buffer_init(&b, JSON_BYTES_MAX);
	rv = text_base64_decode(&b, json_object_get_string(v),
	    (size_t)json_object_get_string_len(v));
	buffer_free(&b);
	return rv == -1 ? wrong(err, s, key, "base64") : 0;
}

static int
check_list(const struct shape *s, const struct shape_field *f,
    const char *key, json_object *v, struct error *err)
{
	size_t i, n;

	if (!json_object_is_type(v, json_type_array))
		return wrong(err, s, key, "a list");
	n = json_object_array_length(v);
	if (n > JSON_CONTAINERS_MAX)
		return error_set(err, ERROR_LIMIT, "the %s's \"%s\" has %zu "
		    "entries, at most %u are read", s->name, key, n,
		    JSON_CONTAINERS_MAX);
	for (i = 0; i < n; i++) {
		json_object *o = json_object_array_get_idx(v, i);

		if (o == NULL)
			continue;
		if (f->kind == SHAPE_STRINGS) {
			if (!json_object_is_type(o, json_type_string))
				return wrong(err, s, key, "a list of strings");
		} else if (!json_object_is_type(o, json_type_object))
			return wrong(err, s, key, "a list of objects");
		else if (shape_check(f->of, o, err) == -1)
			return -1;
	}
	return 0;
}

static int
check_map(const struct shape *s, const struct shape_field *f,
    const char *key, json_object *v, struct error *err)
{
	if (!json_object_is_type(v, json_type_object))
		return wrong(err, s, key, "an object");
	if (f->kind == SHAPE_SET)
		return 0;
	{
		json_object_object_foreach(v, name, value) {
			(void)name;
			if (value != NULL &&
			    !json_object_is_type(value, json_type_string))
				return wrong(err, s, key,
				    "an object of strings");
		}
	}
	return 0;
}

static int
check_field(const struct shape *s, const struct shape_field *f,
    const char *key, json_object *v, struct error *err)
{
	char text[GOTIME_MAX];

	switch (f->kind) {
	case SHAPE_STRING:
		return json_object_is_type(v, json_type_string) ? 0 :
		    wrong(err, s, key, "a string");
	case SHAPE_INT:
		return check_int(s, key, v, err);
	case SHAPE_BOOL:
		return json_object_is_type(v, json_type_boolean) ? 0 :
		    wrong(err, s, key, "true or false");
	case SHAPE_BYTES:
		return check_bytes(s, key, v, err);
	case SHAPE_TIME:
		return json_object_is_type(v, json_type_string) &&
		    gotime(json_object_get_string(v), text) == 0 ? 0 :
		    wrong(err, s, key, "a time (RFC 3339)");
	case SHAPE_STRUCT:
		return json_object_is_type(v, json_type_object) ?
		    shape_check(f->of, v, err) :
		    wrong(err, s, key, "an object");
	case SHAPE_STRUCTS:
	case SHAPE_STRINGS:
		return check_list(s, f, key, v, err);
	case SHAPE_MAP:
	case SHAPE_SET:
		return check_map(s, f, key, v, err);
	}
	return 0;
}

int
shape_check(const struct shape *s, json_object *o, struct error *err)
{
	const struct shape_field *f;
	json_object *v;

	if (!json_object_is_type(o, json_type_object))
		return error_set(err, ERROR_INPUT, "the %s is not an object",
		    s->name);
	for (f = s->fields; f->go != NULL; f++) {
		const char *key = f->json != NULL ? f->json : f->go;

		if (f->flags & SHAPE_LUA_ONLY)
			continue;
		if (f->flags & SHAPE_EMBEDDED) {
			if (shape_check(f->of, o, err) == -1)
				return -1;
			continue;
		}
		v = NULL;
		json_object_object_get_ex(o, key, &v);
		if (v != NULL && check_field(s, f, key, v, err) == -1)
			return -1;
	}
	return 0;
}
