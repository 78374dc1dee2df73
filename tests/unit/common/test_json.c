/* SPDX-License-Identifier: Apache-2.0 */
/* test_json.c - strict reading of JSON, and writing it as Go does. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/json.h"
#include "common/mem.h"

static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "is empty, not JSON" }, { " \n", "is empty, not JSON" },
	{ "<p>", "is HTML, not JSON" }, { "null", "is null" },
	{ "{", "it is truncated" }, { "[1", "it is truncated" },
	{ "\"a", "it is truncated" },
	{ "{\"a\":1}x", "unexpected data after it at byte 8" },
	{ "{'a':1}", "single quotes" },
	{ "{\"a\":\"\x01\"}", "control character in a string" },
	{ "{\"a\":NaN}", "NaN and Infinity are not numbers" },
	{ "[Infinity]", "NaN and Infinity are not numbers" },
	{ "{\"a\":1,}", "at byte 8" }, { "[-]", "at byte " },
	{ "/**/{}", "at byte " }, { "[01]", "at byte " },
	{ "\"\\q\"", "at byte " }, { "{\"a\" 1}", "at byte " },
	{ "{a:1}", "at byte " },
};
static const char *const good[] = { "{}", " [1,2.5e3,\"\\u00e9\"]\n", "1",
    "\"'\"", "{\"a\":null}" };

Test(json, strict)
{
	struct error err;
	json_object *o;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		o = json_parse(bad[i].text, strlen(bad[i].text),
		    JSON_BYTES_MAX, "the thing", &err);
		cr_assert_null(o, "%s", bad[i].text);
		cr_expect_eq(strncmp(err.text, "the thing is ", 13), 0);
		cr_expect_not_null(strstr(err.text, bad[i].why), "%s: %s",
		    bad[i].text, err.text);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		o = json_parse(good[i], strlen(good[i]), JSON_BYTES_MAX,
		    "the thing", &err);
		cr_assert_not_null(o, "%s: %s", good[i], err.text);
		json_object_put(o);
	}
}

/* A number in n arrays. */
static char *
nested(size_t n)
{
	char *s = mem_alloc(2 * n + 2);

	memset(s, '[', n);
	s[n] = '1';
	memset(s + n + 1, ']', n);
	return s;
}

static void
limited(const char *text, size_t max, const char *why)
{
	struct error err = { 0 };
	json_object *o = json_parse(text, strlen(text), max, "it", &err);

	cr_expect_eq(o == NULL, why != NULL);
	if (why != NULL) {
		cr_expect_eq(err.kind, ERROR_LIMIT);
		cr_expect_not_null(strstr(err.text, why), "%s", err.text);
	}
	json_object_put(o);
}

Test(json, limits)
{
	char *s;

	limited("[1, 2]", 6, NULL);
	limited("[1, 2]", 5, "it is larger than 5 bytes");
	s = nested(JSON_DEPTH_MAX);
	limited(s, JSON_BYTES_MAX, NULL);
	free(s);
	s = nested(JSON_DEPTH_MAX + 1);
	limited(s, JSON_BYTES_MAX, "nested deeper than 32 levels");
	free(s);
	/* What would be allocated is counted first. */
	s = mem_alloc(JSON_VALUES_MAX + 3);
	memset(s, ',', JSON_VALUES_MAX + 1);
	s[0] = '[';
	limited(s, JSON_BYTES_MAX, "it is too complex");
	free(s);
}

Test(json, secret)
{
	static const char text[] = "{\"u\":\"me\",\"p\":\"s3cret\",\"n\":7,"
	    "\"z\":\"a\\u0000b\",\"o\":{\"x\":[\"y\"]}}";
	static const char *const wrong[] = { "[\"s3cret\"]", "\"s3cret\"",
	    "{\"p\":\"s3cret\"", "{\"p\":\"s3cret\xff\"}", "{} s3cret" };
	struct error err;
	json_object *o = json_parse_secret(text, strlen(text), SECRET_MAX,
	    "it", &err);

	cr_assert_not_null(o);
	cr_expect_str_eq(json_text(o, "p"), "s3cret");
	cr_expect_str_eq(json_text(o, "n"), "");
	cr_expect_str_eq(json_text(o, "z"), "");
	cr_expect_str_eq(json_text(o, "none"), "");
	cr_expect_not_null(json_member(o, "o", json_type_object));
	cr_expect_null(json_member(o, "o", json_type_array));
	cr_expect_null(json_member(o, "none", json_type_object));
	json_secret_free(o);
	o = json_parse_secret("{\"n\":1e400}", 11, SECRET_MAX, "it", &err);
	cr_expect_not_null(o);
	json_secret_free(o);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		cr_expect_null(json_parse_secret(wrong[i], strlen(wrong[i]),
		    SECRET_MAX, "it", &err), "%s", wrong[i]);
		cr_expect_null(strstr(err.text, "s3cret"), "%s", err.text);
	}
}

Test(json, strings_as_go)
{
	static const char s[] =
	    "<a&b>\"\\\b\f\n\r\t\x01\x7f\xc3\xa9\xe2\x80\xa8\xff\xed\xa0\x80";
	struct buffer b;

	buffer_init(&b, 0);
	json_write_string(&b, s, strlen(s), JSON_HTML);
	cr_expect_str_eq(buffer_str(&b), "\"\\u003ca\\u0026b\\u003e\\\"\\\\"
	    "\\b\\f\\n\\r\\t\\u0001\x7f\xc3\xa9\\u2028\\ufffd\\ufffd\\ufffd"
	    "\\ufffd\"");
	buffer_clear(&b);
	json_write_string(&b, "<\x7f\xc2\x9b>\0", 6, JSON_CONTROLS);
	cr_expect_str_eq(buffer_str(&b), "\"<\\u007f\\u009b>\\u0000\"");
	buffer_free(&b);
	buffer_init(&b, 7);
	cr_expect_eq(json_write_string(&b, "\x01", 1, 0), -1);
	buffer_clear(&b);
	cr_expect_eq(json_write_string(&b, "abcde", 5, 0), 0);
	buffer_clear(&b);
	cr_expect_eq(json_write_string(&b, "abcdef", 6, 0), -1);
	buffer_free(&b);
}

Test(json, indented_as_go)
{
	static const char s[] =
	    "{ \"a\" : [ ], \"b\":[1 ,{\"c\\\"\":\"x{\"}],\n\"d\":{}}";
	struct buffer b;

	buffer_init(&b, 0);
	json_indent(&b, s, strlen(s));
	cr_expect_str_eq(buffer_str(&b), "{\n  \"a\": [],\n  \"b\": [\n    1,"
	    "\n    {\n      \"c\\\"\": \"x{\"\n    }\n  ],\n  \"d\": {}\n}");
	buffer_free(&b);
}

/* Each costs more memory than it has bytes. */
Test(json, containers_are_limited)
{
	struct error err = { 0 };
	struct buffer b;
	json_object *o;

	buffer_init(&b, 0);
	buffer_puts(&b, "[[]");
	for (unsigned i = 2; i < JSON_CONTAINERS_MAX; i++)
		buffer_puts(&b, ",[]");
	buffer_putc(&b, ']');
	o = json_parse(b.data, b.len, JSON_BYTES_MAX, "it", &err);
	cr_expect_not_null(o, "%s", err.text);
	json_object_put(o);
	b.data[b.len - 1] = ',';
	buffer_puts(&b, "[]]");
	cr_expect_null(json_parse(b.data, b.len, JSON_BYTES_MAX, "it", &err));
	buffer_free(&b);
}
