/* SPDX-License-Identifier: Apache-2.0 */
/* BLOB_WRITE: from the stream to the registry. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "common/digest.h"
#include "supervisor/broker/registry/registry.h"
#include "supervisor/serve/stream_end.h"
#include "supervisor/broker/registry/upload.h"

static void
on_opened(void *arg, const struct error *err)
{
	struct stream *st = arg;

	if (err->kind != ERROR_NONE) {
		request_end(st->r, err, 0);
	} else if (upload_mounted(st->upload)) {
		request_done(st->r);
	} else {
		st->r->state = REQUEST_OPEN;
		request_signal(st->r, MSG_UPLOAD);
	}
}

void
streamwrite_open(struct stream *st)
{
	struct request *r = st->r;
	struct upload_how how = { .repository = r->repository,
	    .digest = r->name, .from = r->from, .plain = true,
	    /* It tells the script where else the blob is: only to one that
	     * may read everything. */
	    .anonymous = r->from[0] == '\0' && r->session->grants.everything };

	st->upload = upload_new(r->broker, &how, on_opened, st);
}

static int
verify(struct stream *st)
{
	struct request *r = st->r;
	char have[DIGEST_MAX + 1];

	digest_final(st->digest, have);
	st->verified = strcmp(have, r->name) == 0;
	if (st->verified)
		return 0;
	return error_set(&st->fault, ERROR_DIGEST, "request failed: blob "
	    "digest mismatch, expected %s, received %s", r->name, have);
}

/* The last part is checked before any of it is passed on, so that the
 * registry never has all bytes of a wrong blob. */
static int64_t
source_read(void *arg, char *p, size_t n)
{
	struct stream *st = arg;
	uint64_t left = st->r->size - st->moved;
	ssize_t got;

	if (st->fault.kind != ERROR_NONE)
		return HTTP_ABORT;
	if (left == 0 || n == 0)
		return 0;
	if (n > left)
		n = (size_t)left;
	got = recv(st->fd, p, n, MSG_DONTWAIT);
	if (got == -1 && (errno == EAGAIN || errno == EINTR)) {
		watch_set(st->watch, POLLIN);
		return HTTP_AGAIN;
	}
	if (got <= 0) {
		error_set(&st->fault, ERROR_ABORTED, "request failed: the "
		    "other end of the stream closed after %" PRIu64 " of %"
		    PRIu64 " bytes", st->moved, st->r->size);
		return HTTP_ABORT;
	}
	digest_add(st->digest, p, (size_t)got);
	st->moved += (uint64_t)got;
	session_progress(st->r->session, (size_t)got);
	if (st->moved == st->r->size && verify(st) == -1)
		return HTTP_ABORT;
	return got;
}

/* Worth another try from the start, with a new upload. */
static bool
may_restart(const struct stream *st, const struct error *err)
{
	if (err->kind == ERROR_RESTART)
		return true;
	if (st->moved == 0)
		return false;	/* it was tried as often as makes sense */
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
	struct stream *st = arg;
	struct request *r = st->r;
	struct error why = *err;

	if (st->fault.kind != ERROR_NONE) {
		request_end(r, &st->fault, 0);
	} else if (err->kind != ERROR_NONE) {
		if (may_restart(st, err))
			why.kind = ERROR_RESTART;
		request_end(r, &why, 0);
	} else if (!st->verified) {
		request_fail(r, ERROR_HTTP, "registry %s called blob %s "
		    "complete after %" PRIu64 " of %" PRIu64 " bytes",
		    broker_name(r->broker), r->name, st->moved, r->size);
	} else
		request_end(r, &why, r->size);
}

/* All that is there, into rest; then it is sent at once. */
static void
collect(struct stream *st)
{
	char part[8192];
	int64_t n = 1;

	while (st->moved < st->r->size &&
	    (n = source_read(st, part, sizeof(part))) > 0)
		buffer_put(&st->rest, part, (size_t)n);
	if (st->fault.kind != ERROR_NONE)
		request_end(st->r, &st->fault, 0);
	else if (st->moved == st->r->size)
		upload_send(st->upload, st->rest.data, st->rest.len, NULL,
		    stream_slot(st), on_sent);
}

void
streamwrite_go(struct stream *st)
{
	struct request *r = st->r;
	struct http_source source = { r->size, source_read, st };

	st->digest = digest_new(r->name);
	if (r->size == 0 && verify(st) == -1)
		request_end(r, &st->fault, 0);
	else if (upload_keeps_state(st->upload) && r->size <= UPLOAD_WHOLE) {
		st->collects = true;
		collect(st);
	} else
		upload_send(st->upload, NULL, 0, &source, stream_slot(st),
		    on_sent);
}

void
streamwrite_ready(struct stream *st)
{
	watch_set(st->watch, 0);
	if (st->collects && st->moved < st->r->size)
		collect(st);
	else
		upload_resume(st->upload);
}
