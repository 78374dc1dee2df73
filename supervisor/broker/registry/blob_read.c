/* SPDX-License-Identifier: Apache-2.0 */
/* BLOB_READ: from the registry into the stream. A reply that is cut goes on
 * by Range, which is http's business; here the bytes just flow on. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/mem.h"
#include "supervisor/broker/registry/registry.h"
#include "supervisor/serve/stream_end.h"

static uint64_t
left(const struct stream *st)
{
	return st->r->size - st->r->offset - st->moved;
}

static int
peer_gone(struct stream *st)
{
	return error_set(&st->fault, ERROR_ABORTED, "request failed: the "
	    "other end of the stream closed after %" PRIu64 " of %" PRIu64
	    " bytes", st->r->offset + st->moved, st->r->size);
}

/* As much as the pair takes now: how many bytes, or -1 with a fault. */
static ssize_t
push(struct stream *st, const char *p, size_t n)
{
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = send(st->fd, p + done, n - done,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1 && (errno == EAGAIN || errno == ENOBUFS))
			break;
		if (r == -1)
			return peer_gone(st);
		done += (size_t)r;
	}
	return (ssize_t)done;
}

/* Takes a part and keeps what the pair has no room for; refuses the next
 * part as long as some is kept. */
static int64_t
sink_write(void *arg, const char *p, size_t n)
{
	struct stream *st = arg;
	ssize_t done;

	if (st->fault.kind != ERROR_NONE)
		return HTTP_ABORT;
	if (n > left(st)) {
		error_set(&st->fault, ERROR_DIGEST, "request failed: registry "
		    "%s sent more than the %" PRIu64 " bytes that blob %s "
		    "has", broker_name(st->r->broker), st->r->size,
		    st->r->name);
		return HTTP_ABORT;
	}
	if (st->rest.len != 0) {
		st->paused = true;
		return HTTP_AGAIN;
	}
	done = push(st, p, n);
	if (done == -1)
		return HTTP_ABORT;
	if ((size_t)done < n) {
		watch_set(st->watch, POLLOUT);
		if (done == 0) {
			st->paused = true;
			return HTTP_AGAIN;
		}
		buffer_put(&st->rest, p + done, n - (size_t)done);
	}
	st->moved += n;
	return (int64_t)n;
}

static void
on_get(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct stream *st = r->work;

	(void)reply;
	r->http = NULL;
	st->paused = false;
	if (st->fault.kind != ERROR_NONE) {
		request_end(r, &st->fault, 0);
	} else if (left(st) == 0) {
		st->complete = true;
		if (st->rest.len == 0)
			request_done(r);
	} else if (err->kind != ERROR_NONE) {
		request_end(r, err, 0);
	} else
		request_fail(r, ERROR_DIGEST, "registry %s sent %" PRIu64
		    " of the %" PRIu64 " bytes that blob %s has",
		    broker_name(r->broker), r->offset + st->moved, r->size,
		    r->name);
}

void
streamread_go(struct stream *st)
{
	struct request *r = st->r;
	struct http_sink sink = { sink_write, st };
	struct http_spec spec = { .method = HTTP_GET, .actions = "pull",
	    .sink = &sink, .range_from = (int64_t)r->offset,
	    .statuses = { r->offset > 0 ? 206 : 200 },
	    .slot = stream_slot(st), .what = "blob" };
	char *path;

	if (left(st) == 0) {
		request_done(r);
		return;
	}
	watch_set(st->watch, POLLRDHUP);
	path = mem_printf("blobs/%s", r->name);
	spec.path = path;
	request_ask(r, &spec, on_get);
	free(path);
}

/* Writes what was kept. 0, or -1 when some is left or the peer is gone. */
static int
flush(struct stream *st)
{
	ssize_t done;

	done = push(st, st->rest.data + st->rest_sent,
	    st->rest.len - st->rest_sent);
	if (done == -1)
		return -1;
	st->rest_sent += (size_t)done;
	if (st->rest_sent < st->rest.len)
		return -1;
	buffer_clear(&st->rest);
	st->rest_sent = 0;
	return 0;
}

void
streamread_ready(struct stream *st, short revents)
{
	struct request *r = st->r;

	if (left(st) == 0 && st->rest.len == 0) {
		/* All is delivered, the peer may close. */
		watch_set(st->watch, 0);
		return;
	}
	if ((revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
		peer_gone(st);
	else if (st->rest.len != 0 && flush(st) == -1 &&
	    st->fault.kind == ERROR_NONE)
		return;
	if (st->fault.kind != ERROR_NONE) {
		request_end(r, &st->fault, 0);
		return;
	}
	watch_set(st->watch, POLLRDHUP);
	if (st->complete) {
		request_done(r);
	} else if (st->paused) {
		st->paused = false;
		if (r->http != NULL)
			http_resume(r->http);
	}
}
