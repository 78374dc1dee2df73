/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headers.h - the header lines of one response, and what the fields that a
 * registry uses mean. Values come out checked: a field that is malformed
 * counts as absent.
 */
#ifndef REGBOT_HEADERS_H
#define REGBOT_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

/* Lines "Name: value", each followed by NUL, of the response that counts
 * (an answer like 100 Continue is forgotten when the next one begins). */
struct headers {
	struct buffer lines;
	size_t total;		/* bytes seen, with those forgotten */
	bool complete;		/* the empty line of a final answer was there */
	int status;
};

void headers_init(struct headers *h);
void headers_free(struct headers *h);
void headers_clear(struct headers *h);	/* for another exchange */

/* One line as libcurl gives it, with its line end. -1 once HEADERS_MAX is
 * passed. Lines after the final empty one (trailers) are ignored. */
int headers_add(struct headers *h, const char *line, size_t n);

/* The value of the n-th (from 0) line with that name, without outer space,
 * or NULL. Borrowed. */
const char *headers_get(const struct headers *h, const char *name, int n);

/* Content-Type without parameters, lower case; "" when absent. Free them. */
char *headers_media_type(const struct headers *h);
/* A digest in a field of that name, "" when absent or malformed. */
char *headers_digest(const struct headers *h, const char *name);
/* Is word in the list, with commas, of a field of that name? */
bool headers_lists(const struct headers *h, const char *name,
    const char *word);
/* A number, -1 when absent or malformed. What follows ';' is ignored. */
int64_t headers_number(const struct headers *h, const char *name);
/* Retry-After in milliseconds, capped at RETRY_AFTER_MAX_MS; -1. */
int64_t headers_retry_after(const struct headers *h);

struct content_range { uint64_t first, last; int64_t total; /* -1: "*" */ };
/* Content-Range of a 206; false when absent or malformed. */
bool headers_content_range(const struct headers *h, struct content_range *r);

/* The query of the Link with rel=next (any of the headers), "" when absent:
 * only printable URL characters, at most QUERY_MAX. */
char *headers_link_next(const struct headers *h);
/* The same for one header's value; NULL when there is no such link. */
char *link_next(const char *value);

/* RateLimit-Limit: the limit or -1, and the policies, comma-separated. */
int64_t headers_rate_limit(const struct headers *h, char **policies);

/* The text of the n-th Warning with code 299, or NULL. Free it. */
char *headers_warning(const struct headers *h, int n);

#endif
