/* SPDX-License-Identifier: Apache-2.0 */
/* Opens and closes sessions; the server that owns them. */
#include "supervisor/serve/server.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/wire/channel.h"
#include "common/wire/log_record.h"
#include "supervisor/serve/dispatch.h"
#include "supervisor/serve/request.h"
#include "supervisor/serve/session.h"
#include "supervisor/serve/stream_end.h"
#include "supervisor/serve/stream_wait.h"

static int
on_message(void *arg, const struct message *m, int fd, struct error *err)
{
	(void)fd;	/* the channel accepts none */
	return dispatch_message(arg, m, err);
}

/* What cannot be cancelled continues without it. */
static void
close_session(struct session *s)
{
	struct request *r;

	while ((r = TAILQ_FIRST(&s->requests)) != NULL)
		request_drop(r);
	session_free(s);
}

static void
on_closed(void *arg, const struct error *why)
{
	struct session *s = arg;
	struct server *sv = s->server;

	if (why->kind != ERROR_NONE)
		sv->ops->log(sv->arg, LOG_WARN, s->job,
		    "Worker channel closed", why);
	close_session(s);
}

static const struct channel_ops session_ops = { on_message, on_closed };

struct server *
server_new(struct loop *l, const struct backend *backend, void *store,
    const char *name, unsigned concurrent, const struct server_ops *ops,
    void *arg)
{
	struct server *sv = mem_alloc(sizeof(*sv));

	sv->loop = l;
	sv->backend = backend;
	sv->store = store;
	sv->name = name;
	sv->concurrent = concurrent;
	sv->ops = ops;
	sv->arg = arg;
	TAILQ_INIT(&sv->sessions);
	TAILQ_INIT(&sv->detached);
	TAILQ_INIT(&sv->waits);
	return sv;
}

void
server_free(struct server *sv)
{
	struct session *s;
	struct request *r;

	if (sv == NULL)
		return;
	sv->over = true;
	while ((s = TAILQ_FIRST(&sv->sessions)) != NULL)
		close_session(s);
	while ((r = TAILQ_FIRST(&sv->detached)) != NULL)
		request_drop(r);
	stream_wait_free_all(sv);
	free(sv);
}

void
server_channel(struct server *sv, int fd, uint64_t job,
    const struct grants *g)
{
	struct session *s = session_new(sv, job, g);

	s->admit = loop_timer(sv->loop, dispatch_admit, s);
	s->channel = channel_new(sv->loop, fd, W2B, false, &session_ops, s);
}

void
server_stream_end(struct server *sv, int fd, uint64_t job, uint64_t stream,
    enum stream_role role)
{
	struct request *r = stream_end_find(sv, job, stream, role, NULL);

	if (r != NULL)
		stream_end_attach(r, fd);
	else if (sv->failed.kind != ERROR_NONE)
		close(fd);
	else
		stream_wait_put(sv, job, stream, role, fd);
}

void
server_refuse(struct server *sv, const struct error *why)
{
	struct request *r, *next;
	struct session *s;

	sv->failed = *why;
	TAILQ_FOREACH(s, &sv->sessions, entry)
		for (r = TAILQ_FIRST(&s->requests); r != NULL; r = next) {
			next = TAILQ_NEXT(r, entry);
			if (r->state != REQUEST_COMMITTED)
				request_end(r, why, 0);
		}
	stream_wait_free_all(sv);
}

bool
server_committed(const struct server *sv)
{
	struct session *s;
	struct request *r;

	if (!TAILQ_EMPTY(&sv->detached))
		return true;
	TAILQ_FOREACH(s, &sv->sessions, entry)
		TAILQ_FOREACH(r, &s->requests, entry)
			if (r->state == REQUEST_COMMITTED)
				return true;
	return false;
}
