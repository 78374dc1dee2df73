/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/serve/stream_end.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/mem.h"
#include "supervisor/broker/registry/registry.h"
#include "supervisor/broker/registry/upload.h"

/* A slot; two requests share it when both ends of a stream are ours. */
struct lease {
	struct http_slot *slot;
	unsigned refs;
	bool held;
};

static bool
reads(const struct stream *st)
{
	return st->r->row->type == MSG_BLOB_READ;
}

static void
on_ready(void *arg, short revents)
{
	struct stream *st = arg;

	if (reads(st))
		streamread_ready(st, revents);
	else
		streamwrite_ready(st);
}

static void
move(struct stream *st)
{
	timer_disarm(st->late);
	if (reads(st))
		streamread_go(st);
	else
		streamwrite_go(st);
}

static void
on_late(void *arg)
{
	struct stream *st = arg;

	/* Its worker may have stopped: others need the place. */
	if (st->r->state == REQUEST_HELD) {
		request_fail(st->r, ERROR_RESTART, "a place among the requests "
		    "of registry %s was kept for %u s and not used",
		    broker_name(st->r->broker), HELD_MS / 1000);
		return;
	}
	request_fail(st->r, ERROR_ABORTED, "the other end of stream %llu did "
	    "not come within %u ms", (unsigned long long)st->r->stream,
	    STREAM_WAIT_MS);
}

static void
take_end(struct stream *st, int fd)
{
	st->fd = fd;
	/* No events yet: the direction decides which. */
	st->watch = loop_watch(st->r->broker->loop, fd, 0, on_ready, st);
}

void
stream_attach(struct request *r, int fd)
{
	struct stream *st = r->work;

	if (st == NULL || st->fd != -1) {
		close(fd);
		return;
	}
	take_end(st, fd);
	if (r->state == REQUEST_MOVING)
		move(st);
}

/* NULL when the request has ended. */
static struct stream *
stream_new(struct request *r, unsigned role)
{
	uint64_t job = r->session->job;
	struct stream *st;
	int fd;

	if (broker_find_stream(r->broker, job, r->stream, r->row->type,
	    r) != NULL) {
		request_fail(r, ERROR_INPUT, "stream %llu is in use",
		    (unsigned long long)r->stream);
		return NULL;
	}
	st = mem_alloc(sizeof(*st));
	st->r = r;
	st->fd = -1;
	st->late = loop_timer(r->broker->loop, on_late, st);
	buffer_init(&st->rest, 0);
	r->work = st;
	fd = broker_take_end(r->broker, job, r->stream, role);
	if (fd != -1)
		take_end(st, fd);
	return st;
}

void
stream_read(struct request *r)
{
	if (stream_new(r, 0) != NULL)
		r->state = REQUEST_OPEN;
}

void
stream_write(struct request *r)
{
	struct stream *st = stream_new(r, 1);

	if (st != NULL)
		streamwrite_open(st);
}

static void
held(struct stream *st)
{
	st->lease->held = true;
	st->r->state = REQUEST_HELD;
	timer_arm(st->late, (int64_t)HELD_MS * NS_PER_MS);
	request_signal(st->r, MSG_HELD);
}

static void
on_granted(void *arg)
{
	held(arg);
}

/* The lease of the upload on the other end, if it is ours and held. */
static struct lease *
other_lease(const struct stream *st)
{
	struct request *r = st->r, *w;
	const struct stream *other;

	if (!reads(st))
		return NULL;
	w = broker_find_stream(r->broker, r->session->job, r->stream,
	    MSG_BLOB_WRITE, NULL);
	other = w != NULL ? w->work : NULL;
	return other != NULL && other->lease != NULL && other->lease->held ?
	    other->lease : NULL;
}

int
stream_reserve(struct request *r, const struct message *m, struct error *err)
{
	struct stream *st = r->work;

	(void)m;
	(void)err;
	st->lease = other_lease(st);
	if (st->lease != NULL) {
		st->lease->refs++;
		held(st);
		return 0;
	}
	st->lease = mem_alloc(sizeof(*st->lease));
	st->lease->refs = 1;
	st->lease->slot = http_slot_new(r->broker->http, on_granted, st);
	r->state = REQUEST_RESERVING;
	return 0;
}

struct http_slot *
stream_slot(const struct stream *st)
{
	return st->lease->slot;
}

int
stream_go(struct request *r, const struct message *m, struct error *err)
{
	struct stream *st = r->work;

	(void)m;
	(void)err;
	r->state = REQUEST_MOVING;
	if (st->fd == -1)
		timer_arm(st->late, (int64_t)STREAM_WAIT_MS * NS_PER_MS);
	else
		move(st);
	return 0;
}

void
stream_stop(struct request *r)
{
	struct stream *st = r->work;

	if (st == NULL)
		return;
	r->work = NULL;
	/* The upload's request ends before its source and its slot do. */
	upload_close(st->upload);
	digest_free(st->digest);
	watch_free(st->watch);
	if (st->fd != -1)
		close(st->fd);
	timer_free(st->late);
	if (st->lease != NULL && --st->lease->refs == 0) {
		http_slot_free(st->lease->slot);
		free(st->lease);
	}
	buffer_free(&st->rest);
	free(st);
}
