/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's steps: it waits for a slot and its time (throttle.h), gets its
 * authorization (auth.h), becomes a transfer. answer.c handles what comes
 * back.
 */
#include <stdlib.h>

#include "common/bounds.h"
#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/broker/http/request_private.h"
#include "supervisor/broker/http/spec.h"
#include "supervisor/broker/transfer/exchange_log.h"
#include "supervisor/broker/transfer/status.h"
#include "supervisor/broker/transfer/target.h"

bool
http_request_success(const struct http_request *r, int status)
{
	for (size_t i = 0; i < sizeof(r->spec.statuses) / sizeof(int); i++)
		if (r->spec.statuses[i] == status && status != 0)
			return true;
	/* A part of what was requested, or all of it: both are fine. */
	return (status == 206 || status == 200) && r->spec.method == HTTP_GET &&
	    (r->spec.range_from > 0 || r->spec.range_to > 0 ||
	    r->delivered > 0);
}

bool
http_request_reads(const struct http_request *r)
{
	return r->spec.method == HTTP_GET || r->spec.method == HTTP_HEAD;
}

static void
request_free(struct http_request *r)
{
	LIST_REMOVE(r, link);
	r->h->nrequests--;
	transfer_cancel(r->transfer);
	auth_request_free(r->auth);
	throttle_turn_free(r->slot);
	throttle_turn_free(r->start);
	http_slot_free(r->spec.slot);
	timer_free(r->timer);
	url_free(&r->first);
	url_free(&r->url);
	spec_free(&r->spec);
	free(r);
}

void
http_request_complete(struct http_request *r, struct http_reply *reply,
    const struct error *err)
{
	static const struct error none = { .kind = ERROR_NONE };
	http_done_fn *done = r->done;
	void *arg = r->arg;
	struct error copy = err != NULL ? *err : none;

	scrub_error(&r->h->secrets, auth_request_line(r->auth), &copy);
	request_free(r);
	done(arg, reply, &copy);
}

/* How long the answer may take. A POST only opens an upload or mounts. */
static int64_t
patience(const struct http_request *r)
{
	const struct transfer_patience *p = &r->h->ctx.patience;

	if (r->spec.list || r->spec.method == HTTP_POST)
		return p->list;
	return http_request_reads(r) ? p->read : p->write;
}

static void
launch(struct http_request *r)
{
	const struct http_spec *s = &r->spec;
	struct transfer_spec spec = { .method = s->method };
	struct error err;

	r->wrong_range = false;
	if (target_spec(r->h->ctx.rules, &r->url, s->foreign, &spec,
	    &err) == -1) {
		http_request_complete(r, NULL, &err);
		return;
	}
	spec.headers = spec_headers(s, auth_request_line(r->auth),
	    (uint64_t)s->range_from + r->delivered);
	spec.body = s->body;
	spec.body_len = s->body_len;
	spec.source = s->source;
	spec.sink = s->sink;
	spec.max_body = s->max_body != 0 ? s->max_body : ERROR_BODY_MAX;
	spec.answer_ms = patience(r);
	spec.no_expect = r->no_expect;
	spec.fresh = s->fresh;
	spec.head = http_answer_head;
	spec.done = http_answer_done;
	spec.arg = r;
	r->started_at = clock_now();
	r->transfer = transfer_start(r->h->ctx.pool, &spec);
}

static void enqueue(struct http_request *r, unsigned front);

static void
on_start(void *arg)
{
	struct http_request *r = arg;

	/* Its slot stays until the answer is complete. */
	throttle_turn_free(r->start);
	r->start = NULL;
	/* It ran out in the queue. */
	if (auth_request_lacks_token(r->auth, &r->url)) {
		enqueue(r, THROTTLE_FRONT);
		return;
	}
	auth_request_prepare(r->auth, &r->url);
	launch(r);
}

static void
on_token(void *arg, const struct error *err)
{
	struct http_request *r = arg;

	if (err != NULL)
		http_request_complete(r, NULL, err);
	else
		http_request_continue(r);
}

/* Into the queue: for a slot if it has none, else for its time only. A token
 * is fetched first: others can have the slot meanwhile. */
static void
enqueue(struct http_request *r, unsigned front)
{
	bool held;

	if (auth_request_lacks_token(r->auth, &r->url)) {
		throttle_turn_free(r->slot);
		r->slot = NULL;
		auth_request_fetch(r->auth, &r->url, on_token, r);
		return;
	}
	held = r->spec.slot != NULL ||
	    (r->slot != NULL && throttle_turn_granted(r->slot));
	if (held)
		r->start = throttle_turn_new(r->h->throttle,
		    THROTTLE_START | front, on_start, r);
	else
		r->slot = throttle_turn_new(r->h->throttle, THROTTLE_SLOT |
		    THROTTLE_START | front, on_start, r);
}

void
http_request_continue(struct http_request *r)
{
	/* The registry's limits do not apply to other hosts. */
	if (target_own(r->h->ctx.rules, &r->url))
		enqueue(r, THROTTLE_FRONT);
	else
		on_start(r);
}

static void
on_timer(void *arg)
{
	struct http_request *r = arg;

	timer_free(r->timer);
	r->timer = NULL;
	enqueue(r, THROTTLE_FRONT);
}

int
http_request_again(struct http_request *r, int64_t retry_after,
    const char *why)
{
	struct http *h = r->h;
	bool own = target_own(h->ctx.rules, &r->url);
	unsigned row = 0;
	int64_t ms;

	r->failures++;
	/* A storage host that fails says nothing about the registry. */
	if (own && !r->spec.no_backoff)
		row = throttle_failed(h->throttle, r->started_at, retry_after,
		    why);
	if (r->spec.no_retry || r->attempts >= ATTEMPTS_MAX)
		return -1;
	if (retry_after < 0 && (r->failures >= ATTEMPTS_MAX - 1 ||
	    row >= ATTEMPTS_MAX - 1))
		return -1;
	r->attempts++;
	throttle_turn_free(r->slot);
	r->slot = NULL;
	r->redirects = 0;
	r->given = r->spec.url != NULL;
	url_free(&r->url);
	url_copy(&r->url, &r->first);
	if (own && !r->spec.no_backoff) {
		enqueue(r, THROTTLE_FRONT);
		return 0;
	}
	ms = retry_after >= 0 ? retry_after : status_backoff_ms(r->failures);
	exchange_log_wait(h->ctx.log, why, ms, false);
	r->timer = loop_timer(h->ctx.loop, on_timer, r);
	timer_arm(r->timer, ms * NS_PER_MS);
	return 0;
}

static void
on_failed(void *arg)
{
	struct http_request *r = arg;
	struct error err = r->failed;

	http_request_complete(r, NULL, &err);
}

struct http_request *
http_start(struct http *h, const struct http_spec *spec, http_done_fn *done,
    void *arg)
{
	struct http_request *r = mem_alloc(sizeof(*r));

	r->h = h;
	r->done = done;
	r->arg = arg;
	spec_copy(&r->spec, spec, &r->source, &r->sink);
	if (r->spec.slot != NULL)
		http_slot_use(r->spec.slot);
	r->given = r->spec.url != NULL;
	if (!r->spec.foreign)
		r->auth = auth_request_new(h->auth, r->spec.repository,
		    r->spec.actions, r->spec.mount_from);
	LIST_INSERT_HEAD(&h->requests, r, link);
	h->nrequests++;
	if (spec_url(&r->spec, &h->ctx, &r->first, &r->failed) == -1) {
		r->timer = loop_timer(h->ctx.loop, on_failed, r);
		timer_arm(r->timer, 0);
		return r;
	}
	url_copy(&r->url, &r->first);
	r->attempts = 1;
	enqueue(r, 0);
	return r;
}

void
http_cancel(struct http_request *r)
{
	if (r != NULL)
		request_free(r);
}

void
http_resume(struct http_request *r)
{
	if (r->transfer != NULL)
		transfer_resume(r->transfer);
}
