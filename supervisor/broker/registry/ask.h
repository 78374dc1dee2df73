/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.h - the HTTP part of a worker's request: the one exchange with the
 * registry that is under way for it. An operation makes them one after another
 * and ends the request when it knows enough.
 */
#ifndef REGBOT_ASK_H
#define REGBOT_ASK_H

#include "supervisor/broker/registry/registry.h"
#include "supervisor/serve/request.h"

struct ask {			/* request.work */
	struct http_request *http;	/* under way, or NULL */
	void *own;		/* the operation's own state, or NULL */
	bool again;		/* what came was wrong; it was asked for again,
				 * on a new connection */
};

struct ask *ask_of(const struct request *r);
struct registry *ask_registry(const struct request *r);

/* Asks the registry: spec's repository, unless set, is the request's. done
 * gets the request and must call ask_over or ask_answered first. */
void ask_start(struct request *r, struct http_spec *spec,
    http_done_fn *done);
/* Nothing is under way any more. */
void ask_over(struct request *r);
/* The same. True when there is a reply; else the request has ended with
 * err. */
bool ask_answered(struct request *r, struct http_reply *reply,
    const struct error *err);
/* The same for a HEAD of the manifest that r names. The answer has no text, so
 * that of a 404 is made here. */
bool ask_head_answered(struct request *r, struct http_reply *reply,
    const struct error *err);
/* The registry took the manifest of r->body, with the digest of these bytes:
 * true. One by another algorithm must still be theirs. Otherwise the request
 * has ended. */
bool ask_stored(struct request *r, const struct http_reply *reply);
/* Tells the worker what the reply says about the rate limit, if anything. */
void ask_rate(struct request *r, const struct http_reply *reply);
/* Cancels what is under way: the stop function of operations that keep
 * nothing else. */
void ask_stop(struct request *r);

#endif
