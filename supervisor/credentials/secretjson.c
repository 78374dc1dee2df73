/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/credentials/secretjson.h"

#include <string.h>

#include "common/mem.h"

/* Every text in it, keys are none. The memory is json-c's, and ours to
 * overwrite as long as no one else reads the object. */
static void
wipe(struct json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_string:
		explicit_bzero((void *)(uintptr_t)json_object_get_string(o),
		    (size_t)json_object_get_string_len(o));
		break;
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(o); i++)
			wipe(json_object_array_get_idx(o, i));
		break;
	case json_type_object: {
		json_object_object_foreach(o, key, value) {
			(void)key;
			wipe(value);
		}
		break;
	}
	default:
		break;
	}
}

void
secretjson_free(struct json_object *o)
{
	if (o == NULL)
		return;
	wipe(o);
	json_object_put(o);
}

/* The parser keeps the last text in a buffer of its own, which a text as
 * long as the whole input overwrites. */
static void
tokener_free(struct json_tokener *t, size_t len)
{
	char *filler = mem_alloc(len + 3);

	memset(filler, 'x', len + 2);
	filler[0] = filler[len + 1] = '"';
	json_tokener_reset(t);
	json_object_put(json_tokener_parse_ex(t, filler, (int)len + 2));
	json_tokener_free(t);
	mem_wipe(filler);
}

struct json_object *
secretjson_parse(const char *text, size_t len, const char *what,
    struct error *err)
{
	struct json_tokener *t = json_tokener_new_ex(JSON_DEPTH_MAX);
	struct json_object *o;
	enum json_tokener_error why;
	size_t end;

	if (len > DOCKER_CONFIG_MAX) {
		json_tokener_free(t);
		error_set(err, ERROR_LIMIT, "%s is larger than %u bytes, "
		    "which is the limit", what, DOCKER_CONFIG_MAX);
		return NULL;
	}
	json_tokener_set_flags(t, JSON_TOKENER_STRICT |
	    JSON_TOKENER_ALLOW_TRAILING_CHARS | JSON_TOKENER_VALIDATE_UTF8);
	/* With its NUL, so that a number at the end ends. */
	o = json_tokener_parse_ex(t, text, (int)len + 1);
	why = json_tokener_get_error(t);
	end = json_tokener_get_parse_end(t);
	tokener_free(t, len);
	if (why != json_tokener_success || end > len ||
	    strspn(text + end, " \t\r\n") != len - end) {
		error_set(err, ERROR_INPUT, "%s is not JSON: %s at byte %zu",
		    what, why != json_tokener_success ?
		    json_tokener_error_desc(why) : "something follows its end",
		    end < len ? end : len);
	} else if (!json_object_is_type(o, json_type_object)) {
		error_set(err, ERROR_INPUT, "%s holds no JSON object, "
		    "expected {...}", what);
	} else
		return o;
	secretjson_free(o);
	return NULL;
}

const char *
secretjson_text(struct json_object *o, const char *key)
{
	struct json_object *v;
	const char *s;

	if (!json_object_object_get_ex(o, key, &v) ||
	    !json_object_is_type(v, json_type_string))
		return "";
	s = json_object_get_string(v);
	if (strlen(s) != (size_t)json_object_get_string_len(v))
		return "";
	return s;
}

struct json_object *
secretjson_object(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) ||
	    !json_object_is_type(v, json_type_object))
		return NULL;
	return v;
}
