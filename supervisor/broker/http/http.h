/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - requests to the one registry of this broker: connection pool,
 * authentication, redirects, retries with backoff, rate and concurrency
 * limits. Everything above asks for a path under /v2/ and gets one final
 * answer; nothing above sees a password, a token or a redirect.
 *
 * Requests run on the loop. A callback may start and cancel other requests.
 */
#ifndef REGBOT_HTTP_H
#define REGBOT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/error.h"
#include "common/wire/log_record.h"
#include "common/wire/loop.h"
#include "supervisor/broker/transfer/context.h"
#include "supervisor/broker/transfer/exchange.h"

/*
 * A slot: a place among the registry's concurrent requests, of which there
 * are reqConcurrent. Every attempt needs one, from its start until its answer
 * is whole. A request takes one for itself, or uses this one, which its owner
 * keeps for several requests.
 */
struct http_slot;

/* The final answer of a request that got one with an expected status. */
struct http_reply {
	int status;
	char *media_type;	/* Content-Type, no parameters, lower case */
	char *digest;		/* Docker-Content-Digest, "" when absent */
	char *location;		/* Location resolved against the URL; "" */
	char *next;		/* query of Link rel=next, "" when absent */
	char *subject;		/* OCI-Subject, "" when absent */
	bool filtered;		/* by artifactType, as OCI-Filters-Applied
				 * says */
	int64_t length;		/* Content-Length, -1 when absent */
	bool has_rate;		/* RateLimit headers were there */
	int64_t rate_limit, rate_remain, rate_reset;
	char *rate_policies;	/* comma-separated, "" */
	struct buffer body;	/* whole; empty for HEAD and sinks */
};

/* Called once. On success err->kind is ERROR_NONE and reply is borrowed
 * (steal from it); on failure reply is NULL or what came last, and err has
 * the sentence "request failed: not found [http 404]: ..." or the like. */
typedef void http_done_fn(void *arg, struct http_reply *reply,
    const struct error *err);

struct http_spec {
	enum http_method method;
	/* The scope: "library/alpine", and the actions it needs, "pull",
	 * "pull,push" or "delete". The catalog has repository "" and actions
	 * "*" (scope registry:catalog:*). mount_from adds a pull scope. */
	const char *repository;
	const char *actions;
	const char *mount_from;	/* or NULL */
	const char *path;	/* below the repository: "manifests/latest" */
	const char *query;	/* without "?", or NULL */
	const char *url;	/* instead of path: a location that an earlier
				 * reply gave, checked like a redirect */
	bool foreign;		/* url is from a manifest: whole, on the
				 * registry's host, and whatever is there gets
				 * neither a login nor a client certificate */
	const char *accept;	/* value of one Accept header, or NULL */
	bool accept_manifests;	/* the manifest types, a header line each */
	const char *media_type;	/* Content-Type of the body, or NULL */
	const char *content_range;	/* of the body, or NULL */
	const void *body;	/* copied; NULL: none */
	size_t body_len;
	const struct http_source *source;	/* instead of body */
	const struct http_sink *sink;
	int64_t range_from;	/* > 0: Range: bytes=N- and 206 expected */
	int64_t range_to;	/* > 0: Range: bytes=N-M; what ignores it sends
				 * the sink more, which can stop it */
	size_t max_body;	/* a longer body fails; 0: ERROR_BODY_MAX */
	int statuses[5];	/* what counts as success, 0-terminated */
	bool list;		/* a page of a list: ANSWER_LIST_MS */
	bool fresh;		/* on a connection of its own */
	bool no_retry;		/* one attempt (authentication apart) */
	bool no_backoff;	/* a failure does not slow the registry */
	struct http_slot *slot;	/* use this slot, which is held and stays so
				 * until the request is over; or NULL */
	const char *what;	/* "manifest", for errors about the body */
};

struct http;
struct http_request;

/* Starts libcurl and reads the system's certificates, which http_new does
 * where this was not called: for a process that cannot open files later. */
void http_init(void);

/* *c must outlive it. */
struct http *http_new(struct loop *l, const struct http_registry *c,
    struct error *err);
/* Cancels everything, silently. Free the slots first; not from a callback. */
void http_free(struct http *h);
/* Where records go: what the registry warns about, each text once, and every
 * exchange where c->trace is set. log borrows the record. */
void http_set_log(struct http *h, void (*log)(void *arg, struct log_record *r),
    void *arg);

/* Starts a request. Everything in spec is copied but the source's and the
 * sink's arg. done may not be called before http_start returned. */
struct http_request *http_start(struct http *h, const struct http_spec *spec,
    http_done_fn *done, void *arg);
void http_cancel(struct http_request *r);	/* done is not called */
void http_resume(struct http_request *r);	/* after HTTP_AGAIN */

/* Takes secrets and tokens out of a sentence that may contain a registry's
 * words. */
void http_clean_error(struct http *h, struct error *err);

/* How many bytes of the replies it was given the caller still holds. While
 * that is a lot, other large ones wait (up to a second each). */
void http_hold(struct http *h, size_t n);

/* So many requests at a time are of use. Returns how many there may be from
 * now on: as configured, else at most PLACES_MAX. */
unsigned http_width(struct http *h, unsigned n);

/* A slot that outlives one request (a stream's). granted is called once,
 * from the loop, never before http_slot_new returned. */
struct http_slot *http_slot_new(struct http *h, void (*granted)(void *arg),
    void *arg);
/* Waiting or held; NULL is fine. It is free for others once no request uses
 * it any more. */
void http_slot_free(struct http_slot *s);

unsigned http_requests(const struct http *h);	/* started, not done */

#endif
