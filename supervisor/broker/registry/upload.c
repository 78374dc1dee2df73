/* SPDX-License-Identifier: Apache-2.0 */
/* An upload's requests, one after the other, and how each outcome is cleaned
 * up. */
#include "supervisor/broker/registry/upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/text.h"

enum phase { PHASE_POST, PHASE_OPEN, PHASE_PUT, PHASE_COMPLETE, PHASE_DELETE };

struct upload {
	LIST_ENTRY(upload) entry;
	struct registry *registry;
	char *repository, *digest, *from;
	bool anonymous, plain;
	enum phase phase;
	bool mounted;
	char *url;		/* where the registry wants it; NULL: unknown */
	struct http_request *http;
	struct http_slot *slot;
	struct http_source source;	/* the owner's, for PATCHes */
	uint64_t sent, piece;		/* by earlier PATCHes, by this one */
	bool spoiling;			/* the rest is filled with zeros */
	struct timer *deadline;		/* of filling it with zeros */
	upload_fn *told;	/* NULL: the owner is gone */
	void *arg;
};

static void
forget(struct upload *u)
{
	struct registry *reg = u->registry;

	LIST_REMOVE(u, entry);
	timer_free(u->deadline);
	free(u->repository);
	free(u->digest);
	free(u->from);
	free(u->url);
	free(u);
	reg->ops->settled(reg->arg);
}

static void
on_delete(void *arg, struct http_reply *reply, const struct error *err)
{
	struct upload *u = arg;

	/* Nothing more can be done about a failure. (Docker's registry refuses
	 * after a PUT that was cut: the state in its Location no longer fits,
	 * and it gives no other. It purges such uploads itself.) */
	(void)reply;
	(void)err;
	u->http = NULL;
	forget(u);
}

static void
delete(struct upload *u)
{
	/* Most registries let those who may push delete an upload; one that
	 * wants more says so in its challenge. */
	struct http_spec spec = { .method = HTTP_DELETE, .url = u->url,
	    .repository = u->repository, .actions = "pull,push",
	    .statuses = { 204, 202, 200, 404 }, .no_backoff = true,
	    .what = "upload" };

	u->phase = PHASE_DELETE;
	u->http = http_start(u->registry->http, &spec, on_delete, u);
}

static void
on_deadline(void *arg)
{
	struct upload *u = arg;
	struct error why;

	http_cancel(u->http);
	u->http = NULL;
	u->phase = PHASE_OPEN;
	error_set(&why, ERROR_CANCELED, "request failed: the upload was "
	    "interrupted");
	if (u->told != NULL)
		u->told(u->arg, &why);
	else
		upload_close(u);
}

/* Docker's registry cannot delete an upload once one of its requests was cut:
 * the state in its Location no longer fits, and it gives no other. So the
 * request under way is completed with zeros, if that does not take long; its
 * answer says where to delete. */
static bool
linger(struct upload *u)
{
	if (!upload_keeps_state(u) || u->registry->over)
		return false;
	if (u->deadline == NULL) {
		u->spoiling = true;
		u->deadline = loop_timer(u->registry->loop, on_deadline, u);
		timer_arm(u->deadline, (int64_t)SPOIL_MS * NS_PER_MS);
	}
	return true;
}

static int64_t
read_source(void *arg, char *p, size_t n)
{
	struct upload *u = arg;
	int64_t got;

	if (!u->spoiling) {
		got = u->source.read(u->source.arg, p, n);
		if (got != HTTP_ABORT || !linger(u))
			return got;
	}
	memset(p, 0, n);
	return (int64_t)n;
}

void
upload_close(struct upload *u)
{
	if (u == NULL)
		return;
	u->told = NULL;
	u->slot = NULL;
	/* The POST may still open one: only its answer says where. */
	if (u->phase == PHASE_POST && u->http != NULL)
		return;
	if (u->phase == PHASE_PUT && u->http != NULL && linger(u)) {
		http_resume(u->http);
		return;
	}
	if (u->phase == PHASE_PUT && u->http != NULL) {
		http_cancel(u->http);
		u->http = NULL;
	}
	if (u->phase == PHASE_COMPLETE || u->url == NULL ||
	    u->registry->over)
		forget(u);
	else
		delete(u);
}

static void post(struct upload *u, bool mount);

/* Might a plain POST succeed where the mount was refused? */
static bool
may_be_the_mount(const struct error *err)
{
	return err->http >= 400 && err->http < 500 && err->http != 429;
}

static void
on_post(void *arg, struct http_reply *reply, const struct error *err)
{
	struct upload *u = arg;
	bool mount = u->from[0] != '\0' || u->anonymous;
	struct error why;

	u->http = NULL;
	error_clear(&why);
	if (err->kind != ERROR_NONE || reply == NULL) {
		if (mount && u->plain && u->told != NULL &&
		    may_be_the_mount(err)) {
			u->plain = false;
			post(u, false);
			return;
		}
		why = *err;
	} else if (reply->status == 201) {
		u->mounted = true;
		u->phase = PHASE_COMPLETE;
	} else if (reply->location == NULL || reply->location[0] == '\0') {
		error_set(&why, ERROR_HTTP, "request failed: registry %s "
		    "opened an upload in %s without a Location",
		    u->registry->config->name, u->repository);
	} else {
		u->url = mem_strdup(reply->location);
		u->phase = PHASE_OPEN;
	}
	if (u->told == NULL)
		upload_close(u);
	else
		u->told(u->arg, &why);
}

static void
post(struct upload *u, bool mount)
{
	struct http_spec spec = { .method = HTTP_POST,
	    .repository = u->repository, .actions = "pull,push",
	    .path = "blobs/uploads/", .statuses = { 202 }, .what = "upload" };
	struct buffer query;

	buffer_init(&query, 0);
	if (mount) {
		spec.statuses[1] = 201;
		text_query(&query, "mount", u->digest);
		if (u->from[0] != '\0') {
			text_query(&query, "from", u->from);
			spec.mount_from = u->from;
		} else
			spec.no_backoff = true;
		spec.query = query.data;
	}
	u->http = http_start(u->registry->http, &spec, on_post, u);
	buffer_free(&query);
}

struct upload *
upload_new(struct registry *reg, const struct upload_how *how, upload_fn *opened,
    void *arg)
{
	struct upload *u = mem_alloc(sizeof(*u));

	u->registry = reg;
	u->repository = mem_strdup(how->repository);
	u->digest = mem_strdup(how->digest);
	u->from = mem_strdup(how->from);
	u->anonymous = how->anonymous;
	u->plain = how->plain;
	u->told = opened;
	u->arg = arg;
	LIST_INSERT_HEAD(&reg->uploads, u, entry);
	post(u, u->from[0] != '\0' || u->anonymous);
	return u;
}

bool
upload_mounted(const struct upload *u)
{
	return u->mounted;
}

bool
upload_keeps_state(const struct upload *u)
{
	return u->url != NULL && strstr(u->url, "_state=") != NULL;
}

/* A request with the blob's bytes is over. */
static void
filled(struct upload *u, const struct error *err)
{
	u->phase = err->kind == ERROR_NONE ? PHASE_COMPLETE : PHASE_OPEN;
	if (u->deadline != NULL)
		timer_disarm(u->deadline);
	if (u->told != NULL)
		u->told(u->arg, err);
	else
		upload_close(u);
}

static void
on_put(void *arg, struct http_reply *reply, const struct error *err)
{
	struct upload *u = arg;

	(void)reply;
	u->http = NULL;
	filled(u, err);
}

/* The last request, with all that is missing or with no body. */
static void
put(struct upload *u, const void *body, size_t len,
    const struct http_source *source)
{
	struct http_spec spec = { .method = HTTP_PUT,
	    .repository = u->repository, .actions = "pull,push",
	    .media_type = "application/octet-stream", .body = body,
	    .body_len = len, .source = source,
	    .statuses = { 201, 204 }, .slot = u->slot, .what = "blob" };
	struct buffer query;
	char *url;

	/* The registry's Location is kept as it is and only added to. */
	buffer_init(&query, 0);
	text_query(&query, "digest", u->digest);
	url = mem_printf("%s%c%s", u->url,
	    strchr(u->url, '?') != NULL ? '&' : '?', query.data);
	spec.url = url;
	u->http = http_start(u->registry->http, &spec, on_put, u);
	free(url);
	buffer_free(&query);
}

static void on_patch(void *arg, struct http_reply *reply,
    const struct error *err);

static void
patch(struct upload *u)
{
	uint64_t left = u->source.size - u->sent;
	struct http_source own = { left, read_source, u };
	struct http_spec spec = { .method = HTTP_PATCH, .url = u->url,
	    .repository = u->repository, .actions = "pull,push",
	    .media_type = "application/octet-stream", .source = &own,
	    .statuses = { 202 }, .slot = u->slot, .what = "blob" };
	char range[48];

	if (left > UPLOAD_PIECE)
		own.size = UPLOAD_PIECE;
	u->piece = own.size;
	snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, u->sent,
	    u->sent + own.size - 1);
	spec.content_range = range;
	u->http = http_start(u->registry->http, &spec, on_patch, u);
}

static void
on_patch(void *arg, struct http_reply *reply, const struct error *err)
{
	struct upload *u = arg;
	struct error why = *err;

	u->http = NULL;
	if (why.kind == ERROR_NONE && reply->location[0] == '\0')
		error_set(&why, ERROR_HTTP, "request failed: registry %s "
		    "accepted a part of a blob without saying where to "
		    "continue",
		    u->registry->config->name);
	if (why.kind == ERROR_NONE) {
		free(u->url);
		u->url = mem_strdup(reply->location);
		u->sent += u->piece;
		if (u->spoiling)
			error_set(&why, ERROR_CANCELED, "request failed: the "
			    "upload was cancelled");
	}
	if (why.kind != ERROR_NONE)
		filled(u, &why);
	else if (u->sent < u->source.size)
		patch(u);
	else
		put(u, NULL, 0, NULL);
}

void
upload_send(struct upload *u, const void *body, size_t len,
    const struct http_source *source, struct http_slot *slot,
    upload_fn *done)
{
	u->told = done;
	u->slot = slot;
	u->phase = PHASE_PUT;
	if (source == NULL)
		put(u, body, len, NULL);
	else if (!upload_keeps_state(u))
		put(u, NULL, 0, source);
	else {
		u->source = *source;
		patch(u);
	}
}

void
upload_resume(struct upload *u)
{
	if (u->phase == PHASE_PUT && u->http != NULL)
		http_resume(u->http);
}

void
upload_free_all(struct registry *reg)
{
	struct upload *u;

	while ((u = LIST_FIRST(&reg->uploads)) != NULL) {
		if (u->http != NULL)
			http_cancel(u->http);
		forget(u);
	}
}
