/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swap.c - a manifest takes the place of the one that a tag has, unless the
 * tag has another one by then. Registries have no such request: it is a GET
 * and then, at once and without a repetition, a PUT. Requests for the same tag
 * take turns, so that between two jobs of this broker nothing is lost. What
 * another process does between the two is the worker's concern
 * (worker/referrers/): it relies on the time from the start of that GET to the
 * answer to the PUT being at most REFERRERS_WINDOW_MS, and is told where it
 * was more.
 */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/mem.h"
#include "supervisor/broker/registry/ask.h"

#define CHANGED 4	/* flags of META */
#define LATE 8

struct swap {
	TAILQ_ENTRY(swap) entry;
	struct request *r;
	struct http_slot *slot;	/* so that the PUT need not wait for one */
	bool begun;
	int64_t asked;		/* clock_now() at the start of the last GET */
	unsigned reads;
};

static void read_tag(struct swap *s);

static bool
same_tag(const struct swap *a, const struct swap *b)
{
	return strcmp(a->r->repository, b->r->repository) == 0 &&
	    strcmp(a->r->name, b->r->name) == 0;
}

/* The tag is somebody else's, or gone: what it has now is the answer. */
static void
changed(struct request *r, struct http_reply *reply, const char *digest)
{
	struct error why;

	error_clear(&why);
	r->flags = CHANGED;
	if (reply->status == 404)
		buffer_free(&reply->body);
	if (request_meta(r, reply->status == 404 ? "" : reply->media_type,
	    digest, (int64_t)reply->body.len, "", &why) == -1)
		request_end(r, &why, 0);
	else
		request_send_body(r, &reply->body);
}

static void
on_put(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct swap *s = ask_of(r)->own;
	struct error why;

	if (!ask_answered(r, reply, err) || !ask_stored(r, reply))
		return;
	if (clock_now() - s->asked > REFERRERS_WINDOW_MS * NS_PER_MS)
		r->flags = LATE;
	error_clear(&why);
	if (request_meta(r, "", r->digest, -1, "", &why) == -1)
		request_end(r, &why, 0);
	else
		request_done(r);
}

static void
put(struct swap *s)
{
	struct request *r = s->r;
	char *path = mem_printf("manifests/%s", r->name);
	struct http_spec spec = { .method = HTTP_PUT, .path = path,
	    .actions = "pull,push", .media_type = r->media_type,
	    .body = r->body.data, .body_len = r->body.len,
	    .statuses = { 201 }, .no_retry = true, .slot = s->slot,
	    .what = "manifest" };

	ask_start(r, &spec, on_put);
	free(path);
}

static void
on_read(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct swap *s = ask_of(r)->own;
	char digest[DIGEST_MAX + 1] = "";

	if (!ask_answered(r, reply, err))
		return;
	/* What arrives late may have been overtaken. */
	if (clock_now() - s->asked > REFERRERS_READ_MS * NS_PER_MS &&
	    s->reads < REFERRERS_READS_MAX) {
		read_tag(s);
		return;
	}
	if (reply->status != 404)
		digest_of(reply->body.data != NULL ? reply->body.data : "",
		    reply->body.len, digest);
	if (strcmp(digest, r->expected) == 0)
		put(s);
	else
		changed(r, reply, digest);
}

/* With the rights that the PUT needs, so that no token is fetched between
 * them. */
static void
read_tag(struct swap *s)
{
	char *path = mem_printf("manifests/%s", s->r->name);
	struct http_spec spec = { .method = HTTP_GET, .path = path,
	    .actions = "pull,push", .accept_manifests = true,
	    .max_body = MANIFEST_GET_MAX, .statuses = { 200, 404 },
	    .slot = s->slot, .what = "manifest" };

	s->reads++;
	s->asked = clock_now();
	ask_start(s->r, &spec, on_read);
	free(path);
}

static void
on_slot(void *arg)
{
	read_tag(arg);
}

static void
begin(struct registry *reg, struct swap *s)
{
	s->begun = true;
	s->slot = http_slot_new(reg->http, on_slot, s);
}

void
registry_manifest_swap(struct request *r)
{
	struct registry *reg = ask_registry(r);
	struct swap *s = mem_alloc(sizeof(*s)), *other;

	s->r = r;
	ask_of(r)->own = s;
	TAILQ_FOREACH(other, &reg->swaps, entry)
		if (same_tag(s, other))
			break;
	TAILQ_INSERT_TAIL(&reg->swaps, s, entry);
	if (other == NULL)
		begin(reg, s);
}

void
registry_manifest_swap_stop(struct request *r)
{
	struct swap *s = ask_of(r)->own, *next;
	struct registry *reg = ask_registry(r);

	ask_stop(r);
	if (s == NULL)
		return;
	ask_of(r)->own = NULL;
	TAILQ_REMOVE(&reg->swaps, s, entry);
	TAILQ_FOREACH(next, &reg->swaps, entry)
		if (same_tag(next, s))
			break;
	if (next != NULL && !next->begun)
		begin(reg, next);
	http_slot_free(s->slot);
	free(s);
}
