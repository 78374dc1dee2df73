/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - strict reading of JSON; see json.h. */
#include "common/json.h"

#include <math.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"

/* What a scan of the bytes finds before anything is allocated for them. */
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
 * json-c spends a few hundred bytes on "[]", so a small document could use up
 * all memory. So what it would build is counted first.
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

/* NaN and Infinity are extensions of json-c, not JSON. */
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

/* 0 when json-c may be given the text. */
static int
precheck(const char *p, size_t n, const char *what, struct error *err)
{
	struct survey s;
	size_t i = 0;

	while (i < n && is_space(p[i]))
		i++;
	if (i == n)
		return error_set(err, ERROR_INPUT, "%s is empty, not JSON",
		    what);
	if (p[i] == '<')
		return error_set(err, ERROR_INPUT, "%s is HTML, not JSON",
		    what);
	survey_take(&s, p, n);
	if (s.control)
		return error_set(err, ERROR_INPUT, "%s is not valid JSON: "
		    "control character in a string", what);
	if (s.quote)
		return error_set(err, ERROR_INPUT, "%s is not valid JSON: "
		    "single quotes", what);
	if (s.containers > JSON_CONTAINERS_MAX || s.values > JSON_VALUES_MAX)
		return error_set(err, ERROR_LIMIT, "%s is too complex: the "
		    "limits are %u values and %u objects and arrays",
		    what, JSON_VALUES_MAX, JSON_CONTAINERS_MAX);
	return 0;
}

/* The parser keeps the last string in a buffer of its own, which a string as
 * long as the whole input overwrites. */
static void
tokener_wipe(struct json_tokener *t, size_t len)
{
	char *filler = mem_alloc(len + 3);

	memset(filler, 'x', len + 2);
	filler[0] = filler[len + 1] = '"';
	json_tokener_reset(t);
	json_object_put(json_tokener_parse_ex(t, filler, (int)len + 2));
	mem_wipe(filler);
}

/* Parses one value. why and *end (where it stopped) are json-c's. */
static json_object *
tokenize(const char *p, size_t n, bool secret, enum json_tokener_error *why,
    size_t *end)
{
	/* json-c counts the innermost value as a level of its own. */
	struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	json_object *o;

	*end = 0;
	*why = json_tokener_error_size;
	if (tok == NULL)
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT |
	    JSON_TOKENER_ALLOW_TRAILING_CHARS |
	    (secret ? JSON_TOKENER_VALIDATE_UTF8 : 0));
	o = json_tokener_parse_ex(tok, p, (int)n);
	*why = json_tokener_get_error(tok);
	*end = json_tokener_get_parse_end(tok);
	/* A number at the very end is over only once something follows. */
	if (*why == json_tokener_continue) {
		o = json_tokener_parse_ex(tok, "", 1);
		*why = json_tokener_get_error(tok);
		*end = n;
	}
	if (secret)
		tokener_wipe(tok, n);
	json_tokener_free(tok);
	return o;
}

static json_object *
parse(const char *p, size_t n, size_t max, const char *what, bool secret,
    struct error *err)
{
	enum json_tokener_error why;
	json_object *o;
	size_t end;

	if (n > max) {
		error_set(err, ERROR_LIMIT, "%s is larger than %zu bytes, "
		    "which is the limit", what, max);
		return NULL;
	}
	if (precheck(p, n, what, err) == -1)
		return NULL;
	o = tokenize(p, n, secret, &why, &end);
	while (end < n && is_space(p[end]))
		end++;
	if (why == json_tokener_error_depth)
		error_set(err, ERROR_LIMIT, "%s is nested deeper than %d "
		    "levels", what, JSON_DEPTH_MAX);
	else if (why == json_tokener_continue ||
	    why == json_tokener_error_parse_eof)
		error_set(err, ERROR_INPUT, "%s is not valid JSON: it is "
		    "truncated", what);
	else if (why != json_tokener_success)
		error_set(err, ERROR_INPUT, "%s is not valid JSON: %s at byte "
		    "%zu", what, json_tokener_error_desc(why), end + 1);
	else if (end < n)
		error_set(err, ERROR_INPUT, "%s is not valid JSON: "
		    "unexpected data after it at byte %zu", what, end + 1);
	else if (o == NULL)
		error_set(err, ERROR_INPUT, "%s is null", what);
	/* A login is not refused for a number that nobody reads. */
	else if (!secret && !all_finite(o))
		error_set(err, ERROR_INPUT, "%s is not valid JSON: NaN and "
		    "Infinity are not numbers", what);
	else
		return o;
	if (secret)
		json_secret_free(o);
	else
		json_object_put(o);
	return NULL;
}

json_object *
json_parse(const char *p, size_t n, size_t max, const char *what,
    struct error *err)
{
	return parse(p, n, max, what, false, err);
}

json_object *
json_parse_secret(const char *p, size_t n, size_t max, const char *what,
    struct error *err)
{
	json_object *o = parse(p, n, max, what, true, err);

	if (o == NULL || json_object_is_type(o, json_type_object))
		return o;
	json_secret_free(o);
	error_set(err, ERROR_INPUT, "%s is not a JSON object, expected {...}",
	    what);
	return NULL;
}

/* The memory is json-c's, and ours to overwrite as long as no one else reads
 * the object. */
static void
wipe(json_object *o)
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
json_secret_free(json_object *o)
{
	if (o == NULL)
		return;
	wipe(o);
	json_object_put(o);
}

json_object *
json_member(json_object *o, const char *key, enum json_type type)
{
	json_object *v;

	if (!json_object_object_get_ex(o, key, &v) ||
	    !json_object_is_type(v, type))
		return NULL;
	return v;
}

const char *
json_text(json_object *o, const char *key)
{
	json_object *v = json_member(o, key, json_type_string);
	const char *s = v == NULL ? "" : json_object_get_string(v);

	if (v != NULL && strlen(s) != (size_t)json_object_get_string_len(v))
		return "";
	return s;
}
