/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - strict reading (RFC 8259) and Go-like writing of JSON, over json-c.
 * What a document would allocate is bounded before anything is.
 */
#ifndef REGBOT_JSON_H
#define REGBOT_JSON_H

#include <stddef.h>

#include <json-c/json.h>

#include "common/buffer.h"
#include "common/error.h"

/* The value of n bytes at p, of which max may be read, within the bounds of
 * bounds.h. NULL and *err with what is wrong (HTML is named as such). what is
 * its subject: "the manifest". json_object_put() it. */
json_object *json_parse(const char *p, size_t n, size_t max,
    const char *what, struct error *err);

/* An object that holds secrets. No error shows any of its text, and the
 * parser leaves none behind. json_secret_free() it. */
json_object *json_parse_secret(const char *p, size_t n, size_t max,
    const char *what, struct error *err);
/* Overwrites all strings (not the keys), then frees. The caller has the only
 * reference. NULL is fine. */
void json_secret_free(json_object *o);

/* A member of that type, borrowed, or NULL. */
json_object *json_member(json_object *o, const char *key,
    enum json_type type);
/* A string member, borrowed; "" when it is absent, not a string, or has a NUL
 * in it. */
const char *json_text(json_object *o, const char *key);

/* Appends a string literal of n bytes as Go's encoding/json writes it; what is
 * not UTF-8 becomes U+FFFD. -1 when out's limit is passed. */
#define JSON_HTML 1	/* "<", ">" and "&" are escaped, too */
#define JSON_CONTROLS 2	/* and controls that a terminal obeys */
int json_write_string(struct buffer *out, const char *s, size_t n,
    unsigned flags);
/* Appends o as Go writes it: compact, with JSON_HTML. */
void json_write(struct buffer *out, json_object *o);
/* Appends valid JSON text, its keys and numbers unchanged, indented by two
 * spaces. */
void json_indent(struct buffer *out, const char *p, size_t n);

#endif
