/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's way to the registry: it waits for a place and its time
 * (throttle.h), gets its authorization (http_auth.c), becomes a transfer.
 * What comes back is http_answer.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "supervisor/broker/http/http_private.h"
#include "common/mem.h"
#include "supervisor/broker/auth/token_cache.h"

/* The longest wait for an answer once a request is sent. Some registries take
 * minutes to commit a large blob or to delete a manifest. */
#define ANSWER_MS 600000

/* One header line for each, in the order of preference that regbot has. */
static const char *const manifest_types[] = {
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.distribution.manifest.v1+prettyjws",
	"application/vnd.docker.distribution.manifest.v1+json",
	"application/vnd.oci.artifact.manifest.v1+json",
};

bool
http_request_success(const struct http_request *r, int status)
{
	for (size_t i = 0; i < sizeof(r->spec.statuses) / sizeof(int); i++)
		if (r->spec.statuses[i] == status && status != 0)
			return true;
	/* Part of what was asked for, or all of it: both can go on. */
	return (status == 206 || status == 200) && r->spec.method == HTTP_GET &&
	    (r->spec.range_from > 0 || r->delivered > 0);
}

static struct curl_slist *
add(struct curl_slist *list, const char *name, const char *value)
{
	char *line = mem_printf("%s: %s", name, value);

	list = curl_slist_append(list, line);
	mem_wipe(line);
	return list;
}

static struct curl_slist *
make_headers(const struct http_request *r)
{
	const struct http_spec *s = &r->spec;
	struct curl_slist *list = NULL;
	uint64_t from = (uint64_t)s->range_from + r->delivered;
	char range[64];

	if (r->authorization != NULL)
		list = curl_slist_append(list, r->authorization);
	if (s->accept_manifests)
		for (size_t i = 0; i < sizeof(manifest_types) /
		    sizeof(manifest_types[0]); i++)
			list = add(list, "Accept", manifest_types[i]);
	else if (s->accept != NULL)
		list = add(list, "Accept", s->accept);
	else
		list = curl_slist_append(list, "Accept:");
	if (s->media_type != NULL)
		list = add(list, "Content-Type", s->media_type);
	if (s->content_range != NULL)
		list = add(list, "Content-Range", s->content_range);
	else
		list = curl_slist_append(list, "Content-Type:");
	if (from > 0) {
		snprintf(range, sizeof(range), "bytes=%llu-",
		    (unsigned long long)from);
		list = add(list, "Range", range);
	}
	return list;
}

void
http_request_launch(struct http_request *r)
{
	const struct http_spec *s = &r->spec;
	struct transfer_spec spec = { .method = s->method };
	struct error err;

	r->wrong_range = false;
	if (target_spec(r->h, &r->url, &spec, &err) == -1) {
		http_request_complete(r, NULL, &err);
		return;
	}
	spec.headers = make_headers(r);
	spec.body = s->body;
	spec.body_len = s->body_len;
	spec.source = s->source;
	spec.sink = s->sink;
	spec.max_body = s->max_body != 0 ? s->max_body : ERROR_BODY_MAX;
	spec.answer_ms = ANSWER_MS;
	spec.no_expect = r->no_expect;
	spec.head = http_answer_head;
	spec.done = http_answer_done;
	spec.arg = r;
	r->started_at = clock_now();
	r->transfer = transfer_start(r->h->transfers, &spec);
}

static void enqueue(struct http_request *r, unsigned front);

static void
on_start(void *arg)
{
	struct http_request *r = arg;

	/* A place (r->slot) stays until the answer is complete. */
	ticket_free(r->start);
	r->start = NULL;
	/* It ran out in the queue. */
	if (auth_lacks_token(r)) {
		enqueue(r, TICKET_FRONT);
		return;
	}
	auth_prepare(r);
	http_request_launch(r);
}

/* Into the queue: for a place where it has none, else for its time only. A
 * token is fetched first: meanwhile the place is somebody else's. */
static void
enqueue(struct http_request *r, unsigned front)
{
	bool held;

	if (auth_lacks_token(r)) {
		ticket_free(r->slot);
		r->slot = NULL;
		auth_fetch(r);
		return;
	}
	held = r->spec.slot != NULL ||
	    (r->slot != NULL && ticket_granted(r->slot));
	if (held)
		r->start = ticket_new(r->h->throttle, TICKET_START | front,
		    on_start, r);
	else
		r->slot = ticket_new(r->h->throttle, TICKET_SLOT |
		    TICKET_START | front, on_start, r);
}

void
http_request_begin(struct http_request *r)
{
	r->attempts = 1;
	enqueue(r, 0);
}

void
http_request_continue(struct http_request *r)
{
	/* Other hosts have no part in the registry's limits. */
	if (url_same_origin(&r->url, &r->h->origin))
		enqueue(r, TICKET_FRONT);
	else
		on_start(r);
}

static void
on_timer(void *arg)
{
	struct http_request *r = arg;

	timer_free(r->timer);
	r->timer = NULL;
	enqueue(r, TICKET_FRONT);
}

int
http_request_again(struct http_request *r, int64_t retry_after)
{
	struct http *h = r->h;
	bool own = url_same_origin(&r->url, &h->origin);
	unsigned row = 0;
	int64_t ms;

	r->failures++;
	/* A storage host that fails says nothing about the registry. */
	if (own && !r->spec.no_backoff)
		row = throttle_failed(h->throttle, r->started_at, retry_after);
	if (r->spec.no_retry || r->attempts >= ATTEMPTS_MAX)
		return -1;
	if (retry_after < 0 && (r->failures >= ATTEMPTS_MAX - 1 ||
	    row >= ATTEMPTS_MAX - 1))
		return -1;
	r->attempts++;
	ticket_free(r->slot);
	r->slot = NULL;
	r->redirects = 0;
	r->given = r->spec.url != NULL;
	url_free(&r->url);
	url_copy(&r->url, &r->first);
	if (own && !r->spec.no_backoff) {
		enqueue(r, TICKET_FRONT);
		return 0;
	}
	ms = retry_after >= 0 ? retry_after : throttle_wait_ms(r->failures);
	r->timer = loop_timer(h->loop, on_timer, r);
	timer_arm(r->timer, ms * NS_PER_MS);
	return 0;
}

void
http_request_complete(struct http_request *r, struct http_reply *reply,
    const struct error *err)
{
	static const struct error none = { .kind = ERROR_NONE };
	http_done_fn *done = r->done;
	void *arg = r->arg;
	struct error copy = err != NULL ? *err : none;

	http_clean(r->h, r->authorization, &copy);
	http_request_free(r);
	done(arg, reply, &copy);
}
