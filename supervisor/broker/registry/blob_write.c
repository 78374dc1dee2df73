/* SPDX-License-Identifier: Apache-2.0 */
/* BLOB_WRITE: from the stream to the registry. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/digest.h"
#include "common/mem.h"
#include "supervisor/broker/registry/ask.h"
#include "supervisor/broker/registry/upload.h"
#include "supervisor/broker/registry/upload_turn.h"
#include "supervisor/serve/stream_end.h"

struct blob_write {		/* ask.own */
	struct stream_end *e;
	struct upload_turn *turn;
	bool there;		/* the registry says that it has the blob */
	struct upload *upload;	/* NULL: not our turn yet */
	struct digest *digest;	/* NULL before GO */
	bool verified;		/* size and digest are right */
	bool collects;		/* the whole of it into rest, then one PUT */
	struct buffer rest;
};

static void
on_opened(void *arg, const struct error *err)
{
	struct blob_write *b = arg;

	if (err->kind != ERROR_NONE) {
		request_end(b->e->r, err, 0);
	} else if (upload_mounted(b->upload)) {
		b->there = true;
		request_done(b->e->r);
	} else {
		b->e->r->state = REQUEST_OPEN;
		request_signal(b->e->r, MSG_UPLOAD);
	}
}

static void
open_upload(struct blob_write *b)
{
	struct request *r = b->e->r;
	struct upload_how how = { .repository = r->repository,
	    .digest = r->name, .from = r->from, .plain = true,
	    /* The script learns where else the blob is: only if it may read
	     * everything. */
	    .anonymous = r->from[0] == '\0' && r->session->grants.everything };

	b->upload = upload_new(ask_registry(r), &how, on_opened, b);
}

static void
on_head(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct blob_write *b = ask_of(r)->own;

	ask_over(r);
	b->there = err->kind == ERROR_NONE && reply != NULL;
	if (b->there)
		request_done(r);
	else
		open_upload(b);
}

/* Our turn. The worker asked for the blob before it came here: since then
 * another upload may have brought it. */
static void
begin(struct blob_write *b)
{
	struct request *r = b->e->r;
	struct http_spec spec = { .method = HTTP_HEAD, .actions = "pull,push",
	    .statuses = { 200 }, .what = "blob" };
	char *path;

	if (!upload_turn_lately(ask_registry(r), r->repository, r->name)) {
		open_upload(b);
		return;
	}
	path = mem_printf("blobs/%s", r->name);
	spec.path = path;
	ask_start(r, &spec, on_head);
	free(path);
}

static void
on_turn(void *arg, bool there)
{
	struct blob_write *b = arg;

	if (there)
		request_done(b->e->r);
	else
		begin(b);
}

static bool
queued(void *arg)
{
	const struct blob_write *b = arg;

	return b->e->r->state == REQUEST_RESERVING;
}

void
registry_blob_write(struct request *r)
{
	struct blob_write *b = mem_alloc(sizeof(*b));
	bool now;

	b->e = r->end;
	buffer_init(&b->rest, 0);
	ask_of(r)->own = b;
	b->turn = upload_turn_new(ask_registry(r), r->repository, r->name,
	    &now, on_turn, queued, b);
	if (now)
		begin(b);
}

/* The upload's request ends before its source does. */
void
registry_blob_write_stop(struct request *r)
{
	struct blob_write *b = ask_of(r)->own;

	ask_stop(r);
	if (b == NULL)
		return;
	ask_of(r)->own = NULL;
	upload_close(b->upload);
	upload_turn_end(b->turn, b->there);
	digest_free(b->digest);
	buffer_free(&b->rest);
	free(b);
}

static int
verify(struct blob_write *b)
{
	struct request *r = b->e->r;
	char have[DIGEST_MAX + 1];

	digest_final(b->digest, have);
	b->verified = strcmp(have, r->name) == 0;
	if (b->verified)
		return 0;
	return error_set(&b->e->fault, ERROR_DIGEST, "request failed: blob "
	    "digest mismatch, expected %s, received %s", r->name, have);
}

/* The last part is checked before any of it is passed on, so that the
 * registry never has all bytes of a wrong blob. */
static int64_t
source_read(void *arg, char *p, size_t n)
{
	struct blob_write *b = arg;
	uint64_t left = b->e->r->size - b->e->moved;
	ssize_t got;

	if (b->e->fault.kind != ERROR_NONE)
		return HTTP_ABORT;
	if (left == 0 || n == 0)
		return 0;
	if (n > left)
		n = (size_t)left;
	got = recv(b->e->fd, p, n, MSG_DONTWAIT);
	if (got == -1 && (errno == EAGAIN || errno == EINTR)) {
		watch_set(b->e->watch, POLLIN);
		return HTTP_AGAIN;
	}
	if (got <= 0) {
		error_set(&b->e->fault, ERROR_ABORTED, "request failed: the "
		    "other end of the stream closed after %" PRIu64 " of %"
		    PRIu64 " bytes", b->e->moved, b->e->r->size);
		return HTTP_ABORT;
	}
	digest_add(b->digest, p, (size_t)got);
	b->e->moved += (uint64_t)got;
	session_progress(b->e->r->session, (size_t)got);
	upload_turn_progress(b->turn);
	if (b->e->moved < b->e->r->size)
		return got;
	if (verify(b) == -1)
		return HTTP_ABORT;
	upload_turn_sent(b->turn);
	return got;
}

/* Worth another try from the start, with a new upload. */
static bool
may_restart(const struct blob_write *b, const struct error *err)
{
	if (err->kind == ERROR_RESTART)
		return true;
	if (b->e->moved == 0)
		return false;	/* it was tried often enough */
	if (err->kind == ERROR_NETWORK || err->kind == ERROR_RATE_LIMIT)
		return true;
	switch (err->http) {
	case 401:	/* the token ran out */
	case 404:	/* the registry lost the upload */
	case 408:
	case 409:
	case 416:
		return true;
	default:
		return (err->http >= 300 && err->http < 400) ||
		    err->http >= 500;
	}
}

static void
on_sent(void *arg, const struct error *err)
{
	struct blob_write *b = arg;
	struct request *r = b->e->r;
	struct error why = *err;

	if (b->e->fault.kind != ERROR_NONE) {
		request_end(r, &b->e->fault, 0);
	} else if (err->kind != ERROR_NONE) {
		if (may_restart(b, err))
			why.kind = ERROR_RESTART;
		request_end(r, &why, 0);
	} else if (!b->verified) {
		request_fail(r, ERROR_HTTP, "registry %s called blob %s "
		    "complete after %" PRIu64 " of %" PRIu64 " bytes",
		    r->server->name, r->name, b->e->moved, r->size);
	} else {
		b->there = true;
		request_end(r, &why, r->size);
	}
}

/* Reads what is there into rest; once complete it is sent at once. */
static void
collect(struct blob_write *b)
{
	char part[8192];
	int64_t n = 1;

	while (b->e->moved < b->e->r->size &&
	    (n = source_read(b, part, sizeof(part))) > 0)
		buffer_put(&b->rest, part, (size_t)n);
	if (b->e->fault.kind != ERROR_NONE)
		request_end(b->e->r, &b->e->fault, 0);
	else if (b->e->moved == b->e->r->size)
		upload_send(b->upload, b->rest.data, b->rest.len, NULL,
		    stream_end_slot(b->e), on_sent);
}

/* Small ones in full, so that the registry gets them in one piece, and waits
 * for no other. */
bool
registry_blob_write_collects(const struct stream_end *e)
{
	const struct blob_write *b = ask_of(e->r)->own;

	return upload_keeps_state(b->upload) && e->r->size <= UPLOAD_WHOLE;
}

void
registry_blob_write_go(struct stream_end *e)
{
	struct request *r = e->r;
	struct blob_write *b = ask_of(r)->own;
	struct http_source source = { r->size, source_read, b };

	b->digest = digest_new(r->name);
	if (r->size == 0 && verify(b) == -1)
		request_end(r, &b->e->fault, 0);
	else if (registry_blob_write_collects(e)) {
		b->collects = true;
		collect(b);
	} else
		upload_send(b->upload, NULL, 0, &source, stream_end_slot(b->e),
		    on_sent);
}

void
registry_blob_write_ready(struct stream_end *e, short revents)
{
	struct blob_write *b = ask_of(e->r)->own;

	(void)revents;
	watch_set(b->e->watch, 0);
	if (b->collects && b->e->moved < b->e->r->size)
		collect(b);
	else
		upload_resume(b->upload);
}
