/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - encodings of text: UTF-8 (RFC 3629), base64 (RFC 4648), percent
 * encoding (RFC 3986), RFC 3339 times.
 */
#ifndef REGBOT_TEXT_H
#define REGBOT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

/* The length of the UTF-8 sequence at p, of which n > 0 bytes are there, and
 * its code point in *cp (unless NULL). 0 when it is not valid. */
size_t text_utf8(const char *p, size_t n, uint32_t *cp);
/* How many bytes of the n at p to keep so that there are at most max and the
 * last sequence is whole. Bytes that are not UTF-8 are cut anywhere. */
size_t text_cut(const char *p, size_t n, size_t max);

/* Appends the base64 of n bytes, with padding. Returns 0, or -1 when the
 * buffer's limit is passed. */
int text_base64(struct buffer *out, const void *p, size_t n);
/* Appends what n characters of base64 encode: the standard or the URL
 * alphabet, with padding or without. -1 when it is not base64 or the buffer's
 * limit is passed; out then holds a part. */
int text_base64_decode(struct buffer *out, const char *p, size_t n);

/* Appends s; all but the unreserved characters of RFC 3986 as %XX. */
void text_percent(struct buffer *out, const char *s);
/* Appends "key=value" with the value in percent encoding, after "&" unless
 * out is empty or ends in "?" or "&". */
void text_query(struct buffer *out, const char *key, const char *value);
void text_query_u64(struct buffer *out, const char *key, uint64_t value);

/* A time as RFC 3339 has it. */
struct text_time {
	int year, month, day;	/* 0-9999, 1-12, 1-31 */
	int hour, minute, second;
	long nanoseconds;
	int offset;		/* of the zone from UTC, in minutes */
};

/* Reads all of s, strictly (upper-case T and Z). Digits of the fraction
 * beyond the ninth are dropped. 0, or -1 when it is not such a time. */
int text_time_parse(const char *s, struct text_time *t);
/* Seconds since 1970. */
int64_t text_time_seconds(const struct text_time *t);
/* Appends wall (clock_wall()) with a fraction of digits places; trim drops
 * trailing zeros. In UTC, or in the local time zone. */
void text_time(struct buffer *out, int64_t wall, int digits, bool trim,
    bool utc);
/* The same in a zone that is so many seconds ahead of UTC. */
void text_time_at(struct buffer *out, int64_t wall, long offset, int digits,
    bool trim);

#endif
