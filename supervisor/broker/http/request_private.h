/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_private.h - a request under way, between request.c, which sends it,
 * and answer.c, which decides what an answer means for it.
 */
#ifndef REGBOT_REQUEST_PRIVATE_H
#define REGBOT_REQUEST_PRIVATE_H

#include <sys/queue.h>

#include "supervisor/broker/auth/auth.h"
#include "supervisor/broker/http/http.h"
#include "supervisor/broker/http/http_private.h"
#include "supervisor/broker/transfer/transfer.h"
#include "supervisor/broker/transfer/url.h"

struct http_request {
	LIST_ENTRY(http_request) link;
	struct http *h;
	struct http_spec spec;		/* its strings are owned */
	struct http_source source;
	struct http_sink sink;
	http_done_fn *done;
	void *arg;

	struct url first;		/* where it begins */
	struct url url;			/* where it is now */
	bool given;			/* a registry named url: not logged
					 * whole, it may hold a signature */
	struct throttle_turn *slot;	/* its own slot, or the wait for it */
	struct throttle_turn *start;	/* waits to go on in a slot it has */
	struct timer *timer;		/* its own wait before a repetition,
					 * or before it tells failed */
	struct transfer *transfer;
	struct auth_request *auth;	/* NULL: spec.foreign */
	struct error failed;		/* why it could not start */

	unsigned attempts, failures, redirects, resumes, silences;
	int64_t started_at;
	uint64_t consumed, delivered;	/* of source and sink, all attempts */
	bool wrong_range;
	bool no_expect;			/* the registry does not support
					 * Expect */
};

/* request.c */
/* Ends it; err NULL is success. Nothing may touch r afterwards. */
void http_request_complete(struct http_request *r, struct http_reply *reply,
    const struct error *err);
/* Is status what counts as success? */
bool http_request_success(const struct http_request *r, int status);
bool http_request_reads(const struct http_request *r);
/* Goes through the queue again, at once: a redirect, an authentication. */
void http_request_continue(struct http_request *r);
/* After a failure, why, which counts against the registry: 0 when there will be
 * another attempt, else -1. */
int http_request_again(struct http_request *r, int64_t retry_after_ms,
    const char *why);

/* answer.c: the callbacks of a request's transfers. */
enum transfer_body http_answer_head(void *arg, struct transfer *t);
void http_answer_done(void *arg, struct transfer *t);

#endif
