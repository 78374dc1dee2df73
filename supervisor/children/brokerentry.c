/* SPDX-License-Identifier: Apache-2.0 */
/* brokerentry.c - the broker of one registry: when it starts and ends, and who
 * gets a channel to it. */
#include "supervisor/children/brokers_private.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/wire/channel.h"

static void start(struct broker_entry *b);

void
brokerentry_quit(struct broker_entry *b)
{
	if (b->child == NULL || b->quitting)
		return;
	b->quitting = true;
	b->ready = false;
	timer_disarm(b->idle);
	brokerchild_quit(b->child);
}

/* A broker that must finish what it writes is not idle; and a registry that
 * was closed after deaths is open again by now. */
static void
on_idle(void *arg)
{
	struct broker_entry *b = arg;

	if (!deletions_pending(&b->deletions)) {
		if (TAILQ_EMPTY(&b->claims))
			brokerentry_quit(b);
		return;
	}
	timer_arm(b->idle, BROKER_IDLE_MS * NS_PER_MS);
	if (b->child == NULL)
		start(b);
}

static void
idle_if_unused(struct broker_entry *b)
{
	if (TAILQ_EMPTY(&b->claims) ||
	    (b->child == NULL && deletions_pending(&b->deletions)))
		timer_arm(b->idle, BROKER_IDLE_MS * NS_PER_MS);
}

void
brokerentry_end(struct broker_entry *b)
{
	if (b->child == NULL && deletions_pending(&b->deletions) &&
	    !deaths_closed(&b->deaths, clock_now()))
		start(b);
	if (b->child == NULL)
		deletions_give_up(&b->deletions, "its process ended "
		    "unexpectedly and cannot be replaced");
	brokerentry_quit(b);
}

static void
refuse(struct broker_entry *b, struct claim *w, const struct error *why)
{
	b->all->ops->refused(b->all->arg, w->job, w->id, why);
	claims_refused(&b->claims, w);
	idle_if_unused(b);
}

static void
refuse_waiting(struct broker_entry *b, const struct error *why)
{
	struct claim *w;

	while ((w = claims_waiting(&b->claims)) != NULL)
		refuse(b, w, why);
}

/* A channel: one end to the broker, with what the job may do. */
static void
attach(struct broker_entry *b, struct claim *w)
{
	struct message_out o;
	struct error err;
	int pair[2];

	if (brokerchild_is_full(b->child)) {
		error_set(&err, ERROR_LIMIT, "cannot talk to registry %s: "
		    "too many channels were requested at once", b->key);
		refuse(b, w, &err);
		return;
	}
	if (channel_pair(pair, &err) == -1) {
		refuse(b, w, &err);
		return;
	}
	w->fd = pair[1];
	w->number = ++b->last_channel;
	message_start(&o, MSG_CHANNEL, w->number);
	message_put_u64(&o, w->job);
	message_put_u64(&o, (b->all->dry_run ? CHANNEL_DRY_RUN : 0) |
	    CHANNEL_EVERYTHING);
	message_put_str(&o, w->script);
	message_put_bytes(&o, "", 0);
	brokerchild_send(b->child, &o, pair[0]);
}

/* The broker serves its end: the worker gets the other one. */
static int
on_attached(void *arg, uint32_t number, struct error *err)
{
	struct broker_entry *b = arg;
	struct claim *w;

	if (number == 0 || number > b->last_channel)
		return error_set(err, ERROR_PROTOCOL, "ATTACHED has a number "
		    "that was never sent");
	w = claims_sent(&b->claims, number);
	if (w == NULL)
		return 0;	/* the job is over */
	b->all->ops->opened(b->all->arg, w->job, w->id, b->generation, w->fd);
	claims_opened(w);
	return 0;
}

static void
on_ready(void *arg)
{
	struct broker_entry *b = arg;
	struct claim *w, *next;

	b->ready = true;
	for (w = TAILQ_FIRST(&b->claims); w != NULL; w = next) {
		next = TAILQ_NEXT(w, next);
		if (w->waiting)
			attach(b, w);
	}
	idle_if_unused(b);
}

static void
on_progress(void *arg, uint64_t job, uint64_t bytes)
{
	struct broker_entry *b = arg;
	const struct claim *c = claims_of(&b->claims, job);

	if (c != NULL && c->opened)
		b->all->ops->moved(b->all->arg, job, bytes);
}

static void
note_death(struct broker_entry *b, const struct error *how)
{
	struct log_record r;

	deaths_note(&b->deaths, clock_now());
	log_record_init(&r, LOG_WARN, "Registry process ended unexpectedly");
	log_record_string(&r, "registry", b->key);
	log_record_string(&r, "error", how->kind != ERROR_NONE ? how->text :
	    "it exited");
	log_write(b->all->env->log, &r);
}

static void
refuse_after_death(struct broker_entry *b, const struct error *how)
{
	struct error why = *how;

	if (why.kind == ERROR_NONE)
		error_set(&why, ERROR_PEER, "its process ended");
	error_prefix(&why, "cannot talk to registry %s", b->key);
	why.kind = ERROR_PEER;
	refuse_waiting(b, &why);
}

/* A successor, where somebody needs it: a job, or an unfinished deletion. */
static void
replace(struct broker_entry *b)
{
	if (b->all->quit_done != NULL)
		brokerentry_end(b);
	else if (deletions_pending(&b->deletions) ||
	    claims_waiting(&b->claims) != NULL)
		start(b);
}

static void
on_gone(void *arg, const struct error *how)
{
	struct broker_entry *b = arg;
	bool was_up = b->quitting || brokerchild_has_started(b->child);

	if (!b->quitting || deletions_pending(&b->deletions))
		note_death(b, how);
	brokerchild_free(b->child);
	b->child = NULL;
	b->ready = b->quitting = false;
	claims_reset(&b->claims);
	/* If every channel kills it, it must not be restarted forever. */
	if (!was_up || deaths_closed(&b->deaths, clock_now())) {
		refuse_after_death(b, how);
		idle_if_unused(b);
		if (b->all->quit_done != NULL)
			brokerentry_end(b);
	} else
		replace(b);
	timer_arm(b->all->quit_now, 0);
}

static const struct brokerchild_ops child_ops = {
	on_ready, on_attached, on_progress, on_gone
};

static void
start(struct broker_entry *b)
{
	struct error err;

	b->generation++;
	b->child = brokerchild_start(b->all->env, b->all->config, b->key,
	    &b->deletions, &child_ops, b, &err);
	if (b->child == NULL)
		refuse_waiting(b, &err);
}

struct broker_entry *
brokerentry_new(struct brokers *all, const char *key)
{
	struct broker_entry *b = mem_alloc(sizeof(*b));

	b->all = all;
	b->key = mem_strdup(key);
	claims_init(&b->claims);
	deletions_init(&b->deletions, all->env->log, b->key);
	b->idle = loop_timer(all->env->loop, on_idle, b);
	TAILQ_INSERT_TAIL(&all->list, b, next);
	return b;
}

void
brokerentry_free(struct broker_entry *b)
{
	TAILQ_REMOVE(&b->all->list, b, next);
	brokerchild_free(b->child);
	claims_free(&b->claims);
	deletions_free(&b->deletions);
	b->all->left |= b->deletions.left;
	timer_free(b->idle);
	free(b->key);
	free(b);
}

void
brokerentry_open(struct broker_entry *b, uint64_t job, const char *script,
    uint32_t id)
{
	struct claim *w = claims_wait(&b->claims, job, script, id);

	timer_disarm(b->idle);
	if (b->ready)
		attach(b, w);
	else if (b->child == NULL)
		start(b);
}

void
brokerentry_forget(struct broker_entry *b, uint64_t job)
{
	bool used = !TAILQ_EMPTY(&b->claims);

	claims_forget(&b->claims, job);
	if (used)
		idle_if_unused(b);
}
