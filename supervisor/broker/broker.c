/* SPDX-License-Identifier: Apache-2.0 */
/* The control channel of a broker: what the supervisor says, and QUIT. */
#include "supervisor/broker/broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/wire/channel.h"
#include "common/wire/log_record.h"
#include "policy/policy.h"
#include "supervisor/broker/registry/registry.h"
#include "supervisor/broker/setup.h"
#include "supervisor/serve/server.h"

enum broker_state {
	BROKER_NEW,		/* waits for REGISTRY */
	BROKER_CONFIGURED,	/* takes secrets, waits for START */
	BROKER_SERVING,
	BROKER_QUITTING,	/* cleans up, takes nothing new */
	BROKER_OVER
};

struct broker {
	struct loop *loop;
	struct channel *control;
	enum broker_state state;
	struct setup setup;
	struct registry *registry;	/* NULL before START and if it failed */
	struct server *server;		/* NULL before START */
	struct timer *quit;
	void (*over)(void *arg, int status);
	void *arg;
};

/* From here on nothing is finished or cleaned up. */
static void
give_up(struct broker *b)
{
	b->state = BROKER_OVER;
	if (b->server != NULL)
		b->server->over = true;
	if (b->registry != NULL)
		b->registry->over = true;
}

static void
over(struct broker *b, int status)
{
	if (b->state == BROKER_OVER)
		return;
	give_up(b);
	b->over(b->arg, status);
}

static const char *
name_of(const struct broker *b)
{
	return b->setup.config.name != NULL ? b->setup.config.name : "";
}

/* Something that QUIT waits for may be done. */
static void
on_settled(void *arg)
{
	struct broker *b = arg;

	if (b->state == BROKER_QUITTING && !registry_busy(b->registry) &&
	    !server_committed(b->server))
		over(b, 0);
}

/* QUIT_MS have passed: uploads are abandoned, a tag deletion is not. */
static void
on_quit_late(void *arg)
{
	struct broker *b = arg;

	if (!server_committed(b->server) && !registry_committed(b->registry))
		over(b, 0);
	else
		timer_arm(b->quit, (int64_t)QUIT_MS * NS_PER_MS);
}

static void
quit(struct broker *b)
{
	struct error why;

	if (b->state >= BROKER_QUITTING)
		return;
	if (b->server == NULL) {
		over(b, 0);
		return;
	}
	error_set(&why, ERROR_CANCELED,
	    "request failed: the connection to registry %s is being closed",
	    name_of(b));
	/* A little early, so that we end by ourselves and not by a signal. */
	timer_arm(b->quit, (int64_t)(QUIT_MS - QUIT_MS / 10) * NS_PER_MS);
	server_refuse(b->server, &why);
	b->state = BROKER_QUITTING;
	on_settled(b);
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

static void
on_log(void *arg, int level, uint64_t job, const char *message,
    const struct error *why)
{
	struct broker *b = arg;
	struct log_record rec;

	log_record_init(&rec, level, message);
	log_record_string(&rec, "registry", name_of(b));
	log_record_int(&rec, "job", (int64_t)job);
	log_record_string(&rec, "err", why->text);
	send_record(b, &rec);
	log_record_free(&rec);
}

static void
on_progress(void *arg, uint64_t job, uint64_t bytes)
{
	struct broker *b = arg;
	struct message_out o;

	message_start(&o, MSG_PROGRESS, 0);
	message_put_u64(&o, job);
	message_put_u64(&o, bytes);
	channel_send(b->control, &o, -1, NULL);
}

static const struct server_ops server_ops = {
	on_log, on_progress, on_settled
};
static void
on_deleting(void *arg, uint32_t number, const struct deletion *d)
{
	struct broker *b = arg;
	struct message_out o;

	message_start(&o, MSG_DELETING, number);
	message_put_str(&o, d->repository);
	message_put_str(&o, d->tag);
	message_put_str(&o, d->image);
	message_put_str(&o, d->old);
	channel_send(b->control, &o, -1, NULL);
	/* What is on the socket counts even if we die; what is queued does
	 * not. The supervisor never stops reading. */
	channel_drain(b->control, 0);
}

static void
on_deleted(void *arg, uint32_t number, enum deletion_outcome how,
    bool unheard, const struct error *why)
{
	struct broker *b = arg;
	struct message_out o;

	message_start(&o, MSG_DELETED, number);
	message_put_u64(&o, how);
	message_put_u64(&o, unheard);
	message_put_str(&o, why->kind != ERROR_NONE ? why->text : "");
	channel_send(b->control, &o, -1, NULL);
}

static const struct registry_ops registry_ops = {
	send_record, on_settled, on_deleting, on_deleted
};

static void
start(struct broker *b)
{
	const struct http_registry *c = &b->setup.config;
	struct error err;

	b->state = BROKER_SERVING;
	setup_done(&b->setup);
	error_clear(&err);
	b->registry = registry_new(b->loop, c, &registry_ops, b, &err);
	b->server = server_new(b->loop, &registry_backend, b->registry,
	    name_of(b), c->req_concurrent, &server_ops, b);
	/* A broker that cannot work says why to everyone who asks. */
	if (b->registry == NULL) {
		error_prefix(&err, "request failed");
		server_refuse(b->server, &err);
	}
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
	server_channel(b->server, fd, message_u64(m, 0), &g);
	message_start(&o, MSG_ATTACHED, m->id);
	channel_send(b->control, &o, -1, NULL);
	return 0;
}

static int
take_stream_end(struct broker *b, const struct message *m, int fd,
    struct error *err)
{
	uint64_t job = message_u64(m, 0), stream = message_u64(m, 1),
	    role = message_u64(m, 2);

	if (role > ROLE_WRITE || stream == 0) {
		close(fd);
		return error_set(err, ERROR_PROTOCOL,
		    "STREAM_END has an unknown role or no stream number");
	}
	server_stream_end(b->server, fd, job, stream, (enum stream_role)role);
	return 0;
}

static void
finish(struct broker *b, const struct message *m)
{
	struct deletion d = { message_str(m, 0), message_str(m, 1),
	    message_str(m, 2), message_str(m, 3) };

	if (b->registry != NULL)
		registry_tagfinish(b->registry, m->id, &d);
	else
		on_deleted(b, m->id, DELETION_LEFT, true, &b->server->failed);
}

static void
pong(struct broker *b)
{
	struct message_out o;

	message_start(&o, MSG_PONG, 0);
	channel_send(b->control, &o, -1, NULL);
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
	case MSG_FINISH:
	case MSG_PING:
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
	bool wants_id = m->type == MSG_CHANNEL || m->type == MSG_FINISH;

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
	case MSG_FINISH:
		finish(b, m);
		return 0;
	case MSG_PING:
		pong(b);
		return 0;
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
	b->quit = loop_timer(l, on_quit_late, b);
	b->control = channel_new(l, control_fd, S2B, true, &control_ops, b);
	message_start(&o, MSG_READY, 0);
	message_put_str(&o, build);
	message_put_str(&o, policy_missing());
	message_put_str(&o, policy_absent_user());
	channel_send(b->control, &o, -1, NULL);
	return b;
}

void
broker_free(struct broker *b)
{
	if (b == NULL)
		return;
	give_up(b);
	server_free(b->server);
	registry_free(b->registry);
	channel_free(b->control);
	timer_free(b->quit);
	setup_free(&b->setup);
	free(b);
}

const struct server *
broker_server(const struct broker *b)
{
	return b->server;
}
