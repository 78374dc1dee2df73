/* SPDX-License-Identifier: Apache-2.0 */
/* BLOB_READ and URL_READ: from the registry into the stream. http/ resumes an
 * interrupted reply by Range; here the bytes just flow on. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/mem.h"
#include "supervisor/broker/registry/ask.h"
#include "supervisor/serve/stream_end.h"

struct blob_read {		/* ask.own */
	struct stream_end *e;
	struct buffer rest;	/* what the pair has not taken yet */
	size_t rest_sent;	/* of rest */
	bool paused;		/* the reply waits for the pair */
	bool complete;		/* the reply is over, rest may be left */
};

void
registry_blob_read(struct request *r)
{
	struct blob_read *b = mem_alloc(sizeof(*b));

	b->e = r->end;
	buffer_init(&b->rest, 0);
	ask_of(r)->own = b;
	r->state = REQUEST_OPEN;
}

void
registry_blob_read_stop(struct request *r)
{
	struct blob_read *b = ask_of(r)->own;

	ask_stop(r);
	if (b == NULL)
		return;
	ask_of(r)->own = NULL;
	buffer_free(&b->rest);
	free(b);
}

static uint64_t
left(const struct stream_end *e)
{
	return e->r->size - e->r->offset - e->moved;
}

static int
peer_gone(struct stream_end *e)
{
	return error_set(&e->fault, ERROR_ABORTED, "request failed: the "
	    "other end of the stream closed after %" PRIu64 " of %" PRIu64
	    " bytes", e->r->offset + e->moved, e->r->size);
}

/* As much as the pair takes now: how many bytes, or -1 with a fault. */
static ssize_t
push(struct stream_end *e, const char *p, size_t n)
{
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = send(e->fd, p + done, n - done,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (r == -1 && errno == EINTR)
			continue;
		if (r == -1 && (errno == EAGAIN || errno == ENOBUFS))
			break;
		if (r == -1)
			return peer_gone(e);
		done += (size_t)r;
	}
	return (ssize_t)done;
}

/* Takes a part and keeps what the pair has no room for; refuses the next
 * part as long as some is kept. */
static int64_t
sink_write(void *arg, const char *p, size_t n)
{
	struct blob_read *b = arg;
	struct stream_end *e = b->e;
	ssize_t done;

	if (e->fault.kind != ERROR_NONE)
		return HTTP_ABORT;
	if (n > left(e)) {
		error_set(&e->fault, ERROR_DIGEST, "request failed: registry "
		    "%s sent more than the %" PRIu64 " bytes that blob %s "
		    "has", e->r->server->name, e->r->size,
		    e->r->name);
		return HTTP_ABORT;
	}
	if (b->rest.len != 0) {
		b->paused = true;
		return HTTP_AGAIN;
	}
	done = push(e, p, n);
	if (done == -1)
		return HTTP_ABORT;
	if ((size_t)done < n) {
		watch_set(e->watch, POLLOUT);
		if (done == 0) {
			b->paused = true;
			return HTTP_AGAIN;
		}
		buffer_put(&b->rest, p + done, n - (size_t)done);
	}
	e->moved += n;
	return (int64_t)n;
}

static void ask(struct stream_end *e);

static void
on_get(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct blob_read *b = ask_of(r)->own;
	struct stream_end *e = b->e;

	(void)reply;
	ask_over(r);
	b->paused = false;
	if (e->fault.kind != ERROR_NONE) {
		request_end(r, &e->fault, 0);
	} else if (left(e) == 0) {
		b->complete = true;
		if (b->rest.len == 0)
			request_done(r);
	} else if (err->kind != ERROR_NONE) {
		request_end(r, err, 0);
	} else if (!ask_of(r)->again) {
		/* It ended too early, as if it were whole. */
		ask_of(r)->again = true;
		ask(e);
	} else		/* no ERROR_DIGEST: the worker would begin again */
		request_fail(r, ERROR_HTTP, "registry %s sent %" PRIu64
		    " of the %" PRIu64 " bytes that blob %s has",
		    r->server->name, r->offset + e->moved, r->size,
		    r->name);
}

/* Asks for all that is missing. */
static void
ask(struct stream_end *e)
{
	struct request *r = e->r;
	struct http_sink sink = { sink_write, ask_of(r)->own };
	uint64_t from = r->offset + e->moved;
	struct http_spec spec = { .method = HTTP_GET, .actions = "pull",
	    .sink = &sink, .range_from = (int64_t)from,
	    .statuses = { from > 0 ? 206 : 200 },
	    .slot = stream_end_slot(e), .what = "blob" };
	char *path = mem_printf("blobs/%s", r->name);

	if (r->row->op == OP_URL_READ) {
		spec.url = r->url;
		spec.foreign = true;
	} else
		spec.path = path;
	ask_start(r, &spec, on_get);
	free(path);
}

void
registry_blob_read_go(struct stream_end *e)
{
	if (left(e) == 0) {
		request_done(e->r);
		return;
	}
	watch_set(e->watch, POLLRDHUP);
	ask(e);
}

/* Writes what was kept. 0, or -1 when some is left or the peer is gone. */
static int
flush(struct blob_read *b)
{
	ssize_t done;

	done = push(b->e, b->rest.data + b->rest_sent,
	    b->rest.len - b->rest_sent);
	if (done == -1)
		return -1;
	b->rest_sent += (size_t)done;
	if (b->rest_sent < b->rest.len)
		return -1;
	buffer_clear(&b->rest);
	b->rest_sent = 0;
	return 0;
}

void
registry_blob_read_ready(struct stream_end *e, short revents)
{
	struct request *r = e->r;
	struct blob_read *b = ask_of(r)->own;

	if (left(e) == 0 && b->rest.len == 0) {
		/* All is delivered, the peer may close. */
		watch_set(e->watch, 0);
		return;
	}
	if ((revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
		peer_gone(e);
	else if (b->rest.len != 0 && flush(b) == -1 &&
	    e->fault.kind == ERROR_NONE)
		return;
	if (e->fault.kind != ERROR_NONE) {
		request_end(r, &e->fault, 0);
		return;
	}
	watch_set(e->watch, POLLRDHUP);
	if (b->complete) {
		request_done(r);
	} else if (b->paused) {
		b->paused = false;
		if (ask_of(r)->http != NULL)
			http_resume(ask_of(r)->http);
	}
}
