/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/serve/session.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/logrecord.h"
#include "common/mem.h"
#include "common/message.h"
#include "supervisor/serve/request.h"

/* What a body of unknown size counts until it is there. Most are small, and
 * only req_concurrent of them can grow at once. */
#define BODY_GUESS (1 * MIB)

static int
on_message(void *arg, const struct message *m, int fd, struct error *err)
{
	(void)fd;	/* the channel accepts none */
	return dispatch_message(arg, m, err);
}

static void
on_closed(void *arg, const struct error *why)
{
	struct session *s = arg;

	if (why->kind != ERROR_NONE)
		broker_log(s->broker, LOG_WARN, s->job,
		    "Worker channel closed", why);
	session_free(s);
}

static const struct channel_ops session_ops = { on_message, on_closed };

static bool
has_room(const struct session *s, const struct request *r)
{
	size_t room = BODIES_MAX - (s->buffered < BODIES_MAX ? s->buffered :
	    BODIES_MAX);

	if (r->row->body == BODY_WORKER)
		return s->buffered == 0 || r->size <= room;
	return s->collecting < s->broker->setup.config.req_concurrent &&
	    (s->collecting + 1) * BODY_GUESS <= room;
}

/* First come, first served: nothing overtakes one that waits. */
static void
admit(void *arg)
{
	struct session *s = arg;
	struct request *r;

	for (r = s->requests; r != NULL; r = r->next)
		if (r->state == REQUEST_WAITING)
			break;
	if (r == NULL || !has_room(s, r))
		return;
	r->state = REQUEST_RUNNING;
	if (r->row->body == BODY_WORKER) {
		r->buffered = r->size;
		session_hold(s, (int64_t)r->size);
	} else {
		r->collecting = true;
		s->collecting++;
	}
	timer_arm(s->admit, 0);
	r->row->run(r);
}

void
session_hold(struct session *s, int64_t n)
{
	struct broker *b = s->broker;

	s->buffered = (size_t)((int64_t)s->buffered + n);
	b->buffered = (size_t)((int64_t)b->buffered + n);
	if (b->http != NULL)
		http_hold(b->http, b->buffered);
}

void
session_wake(struct session *s)
{
	timer_arm(s->admit, 0);
}

static void
tell(void *arg)
{
	struct session *s = arg;

	if (s->progress == 0)
		return;
	broker_progress(s->broker, s->job, s->progress);
	s->progress = 0;
	s->progress_at = clock_now();
}

void
session_progress(struct session *s, size_t n)
{
	int64_t wait = s->progress_at + NS_PER_S - clock_now();

	s->progress += n;
	if (!timer_armed(s->tell))
		timer_arm(s->tell, s->progress_at == 0 ? 0 : wait);
}

struct session *
session_new(struct broker *b, int fd, uint64_t job, const struct grants *g)
{
	struct session *s = mem_alloc(sizeof(*s));

	s->broker = b;
	s->job = job;
	s->grants = *g;
	s->admit = loop_timer(b->loop, admit, s);
	s->tell = loop_timer(b->loop, tell, s);
	s->channel = channel_new(b->loop, fd, W2B, false, &session_ops, s);
	s->next = b->sessions;
	b->sessions = s;
	return s;
}

void
session_free(struct session *s)
{
	struct session **p;

	while (s->requests != NULL)
		request_drop(s->requests);
	tell(s);
	for (p = &s->broker->sessions; *p != s; p = &(*p)->next)
		;
	*p = s->next;
	channel_free(s->channel);
	timer_free(s->admit);
	timer_free(s->tell);
	broker_settled(s->broker);
	free(s);
}

void
session_cancel_all(struct session *s, const struct error *why)
{
	struct request *r, *next;

	for (r = s->requests; r != NULL; r = next) {
		next = r->next;
		if (r->state != REQUEST_COMMITTED)
			request_end(r, why, 0);
	}
}

struct request *
session_find(struct session *s, uint32_t id)
{
	struct request *r;

	for (r = s->requests; r != NULL; r = r->next)
		if (r->id == id)
			break;
	return r;
}

void
session_give_credit(struct session *s)
{
	struct message_out o;
	uint64_t n, room;

	for (struct request *r = s->requests; r != NULL; r = r->next) {
		if (r->state != REQUEST_RECEIVING)
			continue;
		n = r->size - r->body.len - r->credit_out;
		room = CHANNEL_WINDOW - s->credit_out;
		/* Not in crumbs: a message costs more than its bytes. */
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
