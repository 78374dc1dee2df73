/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts of one channel: credit, memory, progress. */
#include "supervisor/serve/session.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/wire/message.h"
#include "supervisor/serve/request.h"

/* How much a body of unknown size counts until it has arrived. Most are small,
 * and only server.concurrent of them can grow at a time. */
#define BODY_GUESS (1 * MIB)

static void
report(void *arg)
{
	struct session *s = arg;
	struct server *sv = s->server;

	if (s->progress == 0)
		return;
	sv->ops->progress(sv->arg, s->job, s->progress);
	s->progress = 0;
	s->progress_at = clock_now();
}

/* The largest width counts. */
static void
adapt(struct server *sv)
{
	struct session *s;
	unsigned most = 1;

	if (sv->backend->width == NULL)
		return;
	TAILQ_FOREACH(s, &sv->sessions, entry)
		if (s->width > most)
			most = s->width;
	sv->concurrent = sv->backend->width(sv->store, most);
}

int
session_widen(struct session *s, const struct message *m, struct error *err)
{
	uint64_t n = message_u64(m, 0);

	if (m->id != 0 || n == 0)
		return error_set(err, ERROR_PROTOCOL, "WIDTH has an id or is "
		    "0");
	s->width = n < PLACES_MAX ? (unsigned)n : PLACES_MAX;
	adapt(s->server);
	return 0;
}

struct session *
session_new(struct server *sv, uint64_t job, const struct grants *g)
{
	struct session *s = mem_alloc(sizeof(*s));

	s->server = sv;
	s->job = job;
	s->grants = *g;
	s->report = loop_timer(sv->loop, report, s);
	TAILQ_INIT(&s->requests);
	TAILQ_INSERT_HEAD(&sv->sessions, s, entry);
	return s;
}

void
session_free(struct session *s)
{
	struct server *sv = s->server;

	report(s);
	TAILQ_REMOVE(&sv->sessions, s, entry);
	if (s->width != 0 && !sv->over)
		adapt(sv);
	channel_free(s->channel);
	timer_free(s->admit);
	timer_free(s->report);
	free(s);
	sv->ops->settled(sv->arg);
}

struct request *
session_find(const struct session *s, uint32_t id)
{
	struct request *r;

	TAILQ_FOREACH(r, &s->requests, entry)
		if (r->id == id)
			break;
	return r;
}

bool
session_ended(const struct session *s, uint32_t id)
{
	for (size_t i = 0; i < CHANNEL_REQUESTS; i++)
		if (s->ended[i] == id)
			return true;
	return false;
}

bool
session_has_room(const struct session *s, const struct request *r)
{
	size_t room = BODIES_MAX - (s->buffered < BODIES_MAX ? s->buffered :
	    BODIES_MAX);

	if (r->row->body == BODY_WORKER)
		return s->buffered == 0 || r->size <= room;
	return s->collecting < s->server->concurrent &&
	    (s->collecting + 1) * BODY_GUESS <= room;
}

void
session_hold(struct session *s, int64_t n)
{
	struct server *sv = s->server;

	s->buffered = (size_t)((int64_t)s->buffered + n);
	sv->buffered = (size_t)((int64_t)sv->buffered + n);
	if (sv->backend->hold != NULL)
		sv->backend->hold(sv->store, sv->buffered);
}

void
session_wake(struct session *s)
{
	timer_arm(s->admit, 0);
}

void
session_progress(struct session *s, size_t n)
{
	int64_t wait = s->progress_at + NS_PER_S - clock_now();

	s->progress += n;
	if (!timer_armed(s->report))
		timer_arm(s->report, s->progress_at == 0 ? 0 : wait);
}

void
session_give_credit(struct session *s)
{
	struct message_out o;
	struct request *r;
	uint64_t n, room;

	TAILQ_FOREACH(r, &s->requests, entry) {
		if (r->state != REQUEST_RECEIVING)
			continue;
		n = r->size - r->body.len - r->credit_out;
		room = CHANNEL_WINDOW - s->credit_out;
		/* A message costs more than its bytes: no small pieces. */
		if (n == 0 || (r->credit_out != 0 && n > CHUNK_MAX &&
		    room < CHUNK_MAX) || room == 0)
			continue;
		if (n > room)
			n = room;
		r->credit_out += n;
		s->credit_out += n;
		message_start(&o, MSG_CREDIT, r->id);
		message_put_u64(&o, n);
		channel_send(s->channel, &o, -1, NULL);
	}
}
