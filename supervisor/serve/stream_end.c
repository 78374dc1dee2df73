/* SPDX-License-Identifier: Apache-2.0 */
/* One end of a stream: the pair, the slot, RESERVE and GO. */
#include "supervisor/serve/stream_end.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/serve/stream_wait.h"

/* The backend's slot; two requests share it when both ends are ours. */
struct stream_slot {
	void *slot;		/* NULL where the backend has no limit */
	unsigned refs;
	bool held;
};

static const struct backend_op *
op_of(const struct stream_end *e)
{
	return &e->r->server->backend->ops[e->r->row->op];
}

static void
on_ready(void *arg, short revents)
{
	struct stream_end *e = arg;

	op_of(e)->ready(e, revents);
}

static void
move(struct stream_end *e)
{
	timer_disarm(e->late);
	op_of(e)->go(e);
}

static void
on_late(void *arg)
{
	struct stream_end *e = arg;

	/* Its worker may be stuck, and others need the slot. */
	if (e->r->state == REQUEST_HELD) {
		request_fail(e->r, ERROR_RESTART, "a request slot of "
		    "registry %s was held for %u s without being used",
		    e->r->server->name, HELD_MS / 1000);
		return;
	}
	request_fail(e->r, ERROR_ABORTED, "the other end of stream %llu did "
	    "not come within %u ms", (unsigned long long)e->r->stream,
	    STREAM_WAIT_MS);
}

static bool
is_stream(const struct request *r)
{
	return r->row->run == stream_end_run;
}

static enum stream_role
role_of(const struct request *r)
{
	return r->row->writes ? ROLE_WRITE : ROLE_READ;
}

struct request *
stream_end_find(struct server *sv, uint64_t job, uint64_t stream,
    enum stream_role role, const struct request *skip)
{
	struct session *s;
	struct request *r;

	TAILQ_FOREACH(s, &sv->sessions, entry) {
		if (s->job != job)
			continue;
		TAILQ_FOREACH(r, &s->requests, entry)
			if (is_stream(r) && role_of(r) == role &&
			    r->stream == stream && r != skip)
				return r;
	}
	return NULL;
}

static void
take(struct stream_end *e, int fd)
{
	e->fd = fd;
	/* No events yet: the direction decides which. */
	e->watch = loop_watch(e->r->server->loop, fd, 0, on_ready, e);
}

void
stream_end_attach(struct request *r, int fd)
{
	struct stream_end *e = r->end;

	if (e == NULL || e->fd != -1) {
		close(fd);
		return;
	}
	take(e, fd);
	if (r->state == REQUEST_MOVING)
		move(e);
}

void
stream_end_run(struct request *r)
{
	uint64_t job = r->session->job;
	struct server *sv = r->server;
	struct stream_end *e;
	int fd;

	if (stream_end_find(sv, job, r->stream, role_of(r), r) != NULL) {
		request_fail(r, ERROR_INPUT, "stream %llu is in use",
		    (unsigned long long)r->stream);
		return;
	}
	e = mem_alloc(sizeof(*e));
	e->r = r;
	e->fd = -1;
	e->late = loop_timer(sv->loop, on_late, e);
	r->end = e;
	fd = stream_wait_take(sv, job, r->stream, role_of(r));
	if (fd != -1)
		take(e, fd);
	request_run(r);
}

static void
hold(struct stream_end *e)
{
	e->slot->held = true;
	e->r->state = REQUEST_HELD;
	timer_arm(e->late, (int64_t)HELD_MS * NS_PER_MS);
	request_signal(e->r, MSG_HELD);
}

static void
on_granted(void *arg)
{
	hold(arg);
}

/* The slot of the upload on the other end, if it is ours and held. */
static struct stream_slot *
other_slot(const struct stream_end *e)
{
	struct request *r = e->r, *w;

	if (role_of(r) != ROLE_READ)
		return NULL;
	w = stream_end_find(r->server, r->session->job, r->stream,
	    ROLE_WRITE, NULL);
	return w != NULL && w->end != NULL && w->end->slot != NULL &&
	    w->end->slot->held ? w->end->slot : NULL;
}

int
stream_end_reserve(struct request *r, const struct message *m,
    struct error *err)
{
	const struct backend *b = r->server->backend;
	struct stream_end *e = r->end;
	bool collects = op_of(e)->collects != NULL && op_of(e)->collects(e);

	(void)m;
	(void)err;
	e->slot = other_slot(e);
	if (e->slot != NULL) {
		e->slot->refs++;
		hold(e);
		return 0;
	}
	e->slot = mem_alloc(sizeof(*e->slot));
	e->slot->refs = 1;
	r->state = REQUEST_RESERVING;
	if (b->slot_new != NULL && !collects)
		e->slot->slot = b->slot_new(r->server->store, on_granted, e);
	else
		hold(e);
	return 0;
}

void *
stream_end_slot(const struct stream_end *e)
{
	return e->slot->slot;
}

int
stream_end_go(struct request *r, const struct message *m, struct error *err)
{
	struct stream_end *e = r->end;

	(void)m;
	(void)err;
	r->state = REQUEST_MOVING;
	if (e->fd == -1)
		timer_arm(e->late, (int64_t)STREAM_WAIT_MS * NS_PER_MS);
	else
		move(e);
	return 0;
}

/* The backend has released it already: its requests end before their slot
 * does. */
void
stream_end_finish(struct request *r)
{
	struct stream_end *e = r->end;

	if (e == NULL)
		return;
	r->end = NULL;
	watch_free(e->watch);
	if (e->fd != -1)
		close(e->fd);
	timer_free(e->late);
	if (e->slot != NULL && --e->slot->refs == 0) {
		if (e->slot->slot != NULL)
			r->server->backend->slot_free(e->slot->slot);
		free(e->slot);
	}
	free(e);
}
