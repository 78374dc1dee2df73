/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - strict reading of JSON that a registry sent; see manifest.h. */
#include <math.h>
#include <string.h>

#include <json-c/json.h>

#include "common/bounds.h"
#include "worker/oci/manifest.h"

/* What a look at the bytes tells before anything is allocated for them. */
struct survey {
	size_t containers;	/* objects and arrays */
	size_t values;		/* an upper bound */
	bool control;		/* an unescaped control character in a string */
	bool quote;		/* a single quote, which json-c would take */
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * json-c spends some hundred bytes on "[]": a small document could ask for
 * all memory there is. So what it would build is counted first.
 */
static void
survey_take(struct survey *s, const char *p, size_t n)
{
	bool in_string = false;
	size_t i;

	memset(s, 0, sizeof(*s));
	s->values = 1;
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (in_string) {
			if (c < 0x20)
				s->control = true;
			else if (c == '\\' && i + 1 < n)
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"')
			in_string = true;
		else if (c == '\'')
			s->quote = true;
		else if (c == '{' || c == '[') {
			s->containers++;
			s->values++;
		} else if (c == ',')
			s->values++;
	}
}

/* NaN and Infinity are json-c's own idea; no JSON has them. */
static bool
all_finite(json_object *o)
{
	size_t i, n;

	switch (json_object_get_type(o)) {
	case json_type_double:
		return isfinite(json_object_get_double(o));
	case json_type_array:
		n = json_object_array_length(o);
		for (i = 0; i < n; i++)
			if (!all_finite(json_object_array_get_idx(o, i)))
				return false;
		return true;
	case json_type_object: {
		json_object_object_foreach(o, key, value) {
			(void)key;
			if (!all_finite(value))
				return false;
		}
		return true;
	}
	default:
		return true;
	}
}

static int
json_precheck(const char *p, size_t n, const char *what, struct error *err)
{
	struct survey s;
	size_t i = 0;

	while (i < n && is_space(p[i]))
		i++;
	if (i == n)
		return error_set(err, ERROR_INPUT, "the %s is empty, not JSON",
		    what);
	if (p[i] == '<')
		return error_set(err, ERROR_INPUT, "the %s is HTML, not JSON",
		    what);
	survey_take(&s, p, n);
	if (s.control)
		return error_set(err, ERROR_INPUT, "the %s is not valid JSON: "
		    "control character in a string", what);
	if (s.quote)
		return error_set(err, ERROR_INPUT, "the %s is not valid JSON: "
		    "single quotes", what);
	if (s.containers > JSON_CONTAINERS_MAX || s.values > JSON_VALUES_MAX)
		return error_set(err, ERROR_LIMIT, "the %s has too many parts: "
		    "at most %u values and %u objects and arrays are read",
		    what, JSON_VALUES_MAX, JSON_CONTAINERS_MAX);
	return 0;
}

json_object *
json_parse(const char *p, size_t n, const char *what, struct error *err)
{
	struct json_tokener *tok;
	enum json_tokener_error why;
	json_object *o;
	size_t end;

	if (n > JSON_BYTES_MAX) {
		error_set(err, ERROR_LIMIT, "the %s is larger than %u bytes",
		    what, JSON_BYTES_MAX);
		return NULL;
	}
	if (json_precheck(p, n, what, err) == -1)
		return NULL;
	/* json-c counts the innermost value as a level of its own. */
	if ((tok = json_tokener_new_ex(JSON_DEPTH_MAX + 1)) == NULL) {
		error_set(err, ERROR_LIMIT, "no memory to read the %s", what);
		return NULL;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
	    JSON_TOKENER_ALLOW_TRAILING_CHARS);
	o = json_tokener_parse_ex(tok, p, (int)n);
	why = json_tokener_get_error(tok);
	/* A number at the very end is over only once something follows. */
	if (why == json_tokener_continue) {
		o = json_tokener_parse_ex(tok, "", 1);
		why = json_tokener_get_error(tok);
		end = n;
	} else
		end = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);
	while (end < n && is_space(p[end]))
		end++;
	if (why == json_tokener_error_depth)
		error_set(err, ERROR_LIMIT, "the %s is nested deeper than %d "
		    "levels", what, JSON_DEPTH_MAX);
	else if (why == json_tokener_continue ||
	    why == json_tokener_error_parse_eof)
		error_set(err, ERROR_INPUT, "the %s is not valid JSON: it is "
		    "cut short", what);
	else if (why != json_tokener_success)
		error_set(err, ERROR_INPUT, "the %s is not valid JSON: %s at "
		    "byte %zu", what, json_tokener_error_desc(why), end + 1);
	else if (end < n)
		error_set(err, ERROR_INPUT, "the %s is not valid JSON: "
		    "something follows it at byte %zu", what, end + 1);
	else if (o == NULL)
		error_set(err, ERROR_INPUT, "the %s is null", what);
	else if (!all_finite(o))
		error_set(err, ERROR_INPUT, "the %s is not valid JSON: a "
		    "number in it is none", what);
	else
		return o;
	json_object_put(o);
	return NULL;
}
