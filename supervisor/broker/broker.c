/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/broker/broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/clock.h"
#include "common/logrecord.h"
#include "common/mem.h"
#include "supervisor/broker/registry/registry.h"
#include "policy/policy.h"
#include "supervisor/serve/request.h"
#include "supervisor/serve/session.h"
#include "supervisor/broker/setup.h"
#include "supervisor/broker/registry/upload.h"

/* CHANNEL's flags. */
enum { CHANNEL_DRY_RUN = 1, CHANNEL_EVERYTHING = 2 };

/* STREAM_END's roles. */
enum { ROLE_READ, ROLE_WRITE };

struct stream_end {
	struct stream_end *next;
	struct broker *broker;
	uint64_t job, stream;
	unsigned role;
	int fd;
	struct timer *timer;
};

static void
end_free(struct stream_end *e)
{
	struct stream_end **p;

	for (p = &e->broker->ends; *p != NULL; p = &(*p)->next)
		if (*p == e) {
			*p = e->next;
			break;
		}
	timer_free(e->timer);
	if (e->fd != -1)
		close(e->fd);
	free(e);
}

static void
end_unwanted(void *arg)
{
	end_free(arg);
}

int
broker_take_end(struct broker *b, uint64_t job, uint64_t stream,
    unsigned role)
{
	int fd;

	for (struct stream_end *e = b->ends; e != NULL; e = e->next)
		if (e->job == job && e->stream == stream && e->role == role) {
			fd = e->fd;
			e->fd = -1;
			end_free(e);
			return fd;
		}
	return -1;
}

struct request *
broker_find_stream(struct broker *b, uint64_t job, uint64_t stream,
    unsigned type, const struct request *skip)
{
	struct request *r;

	for (struct session *s = b->sessions; s != NULL; s = s->next) {
		if (s->job != job)
			continue;
		for (r = s->requests; r != NULL; r = r->next)
			if (r->row->type == type && r->stream == stream &&
			    r != skip)
				return r;
	}
	return NULL;
}

static void
over(struct broker *b, int status)
{
	if (b->state == BROKER_OVER)
		return;
	b->state = BROKER_OVER;
	b->over(b->arg, status);
}

const char *
broker_name(const struct broker *b)
{
	return b->setup.config.name != NULL ? b->setup.config.name : "";
}

/* Committed requests of the sessions and those that lost theirs. */
static bool
has_committed(const struct broker *b)
{
	if (b->detached != NULL)
		return true;
	for (struct session *s = b->sessions; s != NULL; s = s->next)
		for (struct request *r = s->requests; r != NULL; r = r->next)
			if (r->state == REQUEST_COMMITTED)
				return true;
	return false;
}

void
broker_settled(struct broker *b)
{
	if (b->state == BROKER_QUITTING && b->uploads == NULL &&
	    !has_committed(b))
		over(b, 0);
}

/* QUIT_MS have passed: uploads are given up, a tag deletion is not yet. */
static void
quit_late(void *arg)
{
	struct broker *b = arg;

	if (!has_committed(b))
		over(b, 0);
	else
		timer_arm(b->quit, (int64_t)QUIT_MS * NS_PER_MS);
}

static void
quit(struct broker *b)
{
	if (b->state == BROKER_QUITTING)
		return;
	error_set(&b->failed, ERROR_CANCELED,
	    "request failed: the connection to registry %s is being closed",
	    broker_name(b));
	/* A little early, so that we end by ourselves and not by a signal. */
	timer_arm(b->quit, (int64_t)(QUIT_MS - QUIT_MS / 10) * NS_PER_MS);
	for (struct session *s = b->sessions; s != NULL; s = s->next)
		session_cancel_all(s, &b->failed);
	while (b->ends != NULL)
		end_free(b->ends);
	b->state = BROKER_QUITTING;
	broker_settled(b);
}

static void
send_record(void *arg, struct log_record *rec)
{
	struct broker *b = arg;
	struct message_out o;
	struct buffer attrs;

	buffer_init(&attrs, LOG_RECORD_MAX);
	log_record_put(rec, &attrs);
	message_start(&o, MSG_LOG, 0);
	message_put_u64(&o, (uint64_t)(rec->level + LOG_LEVEL_BIAS));
	message_put_str(&o, rec->message);
	message_put_bytes(&o, attrs.data, attrs.len);
	channel_send(b->control, &o, -1, NULL);
	buffer_free(&attrs);
}

void
broker_log(struct broker *b, int level, uint64_t job, const char *message,
    const struct error *why)
{
	struct log_record rec;

	log_record_init(&rec, level, message);
	log_record_string(&rec, "registry", broker_name(b));
	log_record_int(&rec, "job", (int64_t)job);
	log_record_string(&rec, "err", why->text);
	send_record(b, &rec);
	log_record_free(&rec);
}

static void
start(struct broker *b)
{
	b->state = BROKER_SERVING;
	setup_done(&b->setup);
	b->http = http_new(b->loop, &b->setup.config, &b->failed);
	/* A broker that cannot work says so to everyone who asks. */
	if (b->http == NULL)
		error_prefix(&b->failed, "request failed");
	else
		http_set_log(b->http, send_record, b);
}

static int
take_channel(struct broker *b, const struct message *m, int fd,
    struct error *err)
{
	struct grants g = { 0 };
	uint64_t flags = message_u64(m, 1);
	struct message_out o;

	if ((flags & ~(uint64_t)(CHANNEL_DRY_RUN | CHANNEL_EVERYTHING)) != 0) {
		close(fd);
		return error_set(err, ERROR_PROTOCOL,
		    "CHANNEL has unknown flags");
	}
	g.dry_run = (flags & CHANNEL_DRY_RUN) != 0;
	g.everything = (flags & CHANNEL_EVERYTHING) != 0;
	session_new(b, fd, message_u64(m, 0), &g);
	message_start(&o, MSG_ATTACHED, m->id);
	channel_send(b->control, &o, -1, NULL);
	return 0;
}

/* Ends of a job's streams that are here: waiting ones and those in use. */
static unsigned
count_ends(const struct broker *b, uint64_t job)
{
	unsigned n = 0;

	for (struct stream_end *e = b->ends; e != NULL; e = e->next)
		n += e->job == job;
	return n;
}

static int
take_stream_end(struct broker *b, const struct message *m, int fd,
    struct error *err)
{
	uint64_t job = message_u64(m, 0), stream = message_u64(m, 1),
	    role = message_u64(m, 2);
	struct stream_end *e;
	struct request *r;

	if (role > ROLE_WRITE || stream == 0) {
		close(fd);
		return error_set(err, ERROR_PROTOCOL,
		    "STREAM_END has an unknown role or no number");
	}
	r = broker_find_stream(b, job, stream,
	    role == ROLE_READ ? MSG_BLOB_READ : MSG_BLOB_WRITE, NULL);
	if (r != NULL) {
		stream_attach(r, fd);
		return 0;
	}
	/* The worker picks the numbers: what it does wrong is its loss. */
	if (count_ends(b, job) >= STREAMS_PER_JOB ||
	    b->state == BROKER_QUITTING) {
		close(fd);
		return 0;
	}
	e = mem_alloc(sizeof(*e));
	e->broker = b;
	e->job = job;
	e->stream = stream;
	e->role = (unsigned)role;
	e->fd = fd;
	e->timer = loop_timer(b->loop, end_unwanted, e);
	timer_arm(e->timer, (int64_t)STREAM_WAIT_MS * NS_PER_MS);
	e->next = b->ends;
	b->ends = e;
	return 0;
}

static bool
in_order(const struct broker *b, enum message_type type)
{
	switch (type) {
	case MSG_REGISTRY:
		return b->state == BROKER_NEW;
	case MSG_SECRET:
	case MSG_START:
		return b->state == BROKER_CONFIGURED;
	case MSG_CHANNEL:
	case MSG_STREAM_END:
		return b->state == BROKER_SERVING ||
		    b->state == BROKER_QUITTING;
	default:
		return type == MSG_QUIT;
	}
}

static int
on_message(void *arg, const struct message *m, int fd, struct error *err)
{
	struct broker *b = arg;
	bool wants_fd = m->type == MSG_CHANNEL || m->type == MSG_STREAM_END;
	bool wants_id = m->type == MSG_CHANNEL;

	if (!in_order(b, m->type) || wants_id != (m->id != 0) ||
	    wants_fd != (fd != -1)) {
		if (fd != -1)
			close(fd);
		return error_set(err, ERROR_PROTOCOL, "%s came out of order, "
		    "with a wrong id, or without its descriptor",
		    message_name(m->type));
	}
	switch (m->type) {
	case MSG_REGISTRY:
		b->state = BROKER_CONFIGURED;
		return setup_registry(&b->setup, m, err);
	case MSG_SECRET:
		return setup_secret(&b->setup, m, err);
	case MSG_START:
		start(b);
		return 0;
	case MSG_CHANNEL:
		return take_channel(b, m, fd, err);
	case MSG_STREAM_END:
		return take_stream_end(b, m, fd, err);
	default:
		quit(b);
		return 0;
	}
}

static void
on_closed(void *arg, const struct error *why)
{
	struct broker *b = arg;

	if (why->kind != ERROR_NONE)
		dprintf(STDERR_FILENO, "regbot-broker: %s\n", why->text);
	over(b, why->kind == ERROR_NONE ? 0 : 1);
}

static const struct channel_ops control_ops = { on_message, on_closed };

struct broker *
broker_new(struct loop *l, int control_fd, const char *build,
    void (*over_fn)(void *arg, int status), void *arg)
{
	struct broker *b = mem_alloc(sizeof(*b));
	struct message_out o;

	b->loop = l;
	b->over = over_fn;
	b->arg = arg;
	setup_init(&b->setup);
	b->quit = loop_timer(l, quit_late, b);
	b->control = channel_new(l, control_fd, S2B, true, &control_ops, b);
	message_start(&o, MSG_READY, 0);
	message_put_str(&o, build);
	message_put_str(&o, policy_missing());
	channel_send(b->control, &o, -1, NULL);
	return b;
}

void
broker_free(struct broker *b)
{
	if (b == NULL)
		return;
	b->state = BROKER_OVER;
	while (b->sessions != NULL)
		session_free(b->sessions);
	while (b->detached != NULL)
		request_drop(b->detached);
	while (b->ends != NULL)
		end_free(b->ends);
	upload_free_all(b);
	http_free(b->http);
	channel_free(b->control);
	timer_free(b->quit);
	setup_free(&b->setup);
	free(b);
}

void
broker_progress(struct broker *b, uint64_t job, uint64_t bytes)
{
	struct message_out o;

	message_start(&o, MSG_PROGRESS, 0);
	message_put_u64(&o, job);
	message_put_u64(&o, bytes);
	channel_send(b->control, &o, -1, NULL);
}
