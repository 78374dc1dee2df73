/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fakehttp.h - an implementation of http.h that keeps requests until the test
 * answers them. Linked instead of the real one.
 */
#ifndef REGBOT_FAKEHTTP_H
#define REGBOT_FAKEHTTP_H

#include "supervisor/broker/http/http.h"

struct http_request {
	struct http_request *next;
	struct http *http;
	struct http_spec spec;		/* strings copied; source, sink too */
	struct http_source source;
	struct http_sink sink;
	char *body;
	http_done_fn *done;
	void *arg;
	unsigned resumed;		/* calls of http_resume */
};

extern struct http *fake;		/* the one there is, or NULL */
extern unsigned fake_slots;		/* slots waiting or held */
extern bool fake_hold;			/* slots are not granted by themselves */
extern unsigned fake_canceled;		/* requests that were cancelled */

/* How many are under way; the i-th of them, oldest first. */
unsigned fake_count(void);
struct http_request *fake_at(unsigned i);
/* The oldest with that method whose path or URL, with its query, contains
 * part; NULL when there is none. */
struct http_request *fake_find(enum http_method method, const char *part);

/* Answers and forgets a request: success when the status is expected. Fields
 * of reply that are NULL become "". The body is body (len bytes). */
void fake_answer(struct http_request *q, struct http_reply *reply,
    const char *body, size_t len);
void fake_status(struct http_request *q, int status);	/* nothing else */
void fake_fail(struct http_request *q, enum error_kind kind, int status,
    const char *text);

/* What the request's body is: up to n bytes, or HTTP_AGAIN, HTTP_ABORT. */
int64_t fake_pull(struct http_request *q, char *p, size_t n);
int64_t fake_push(struct http_request *q, const char *p, size_t n);

#endif
