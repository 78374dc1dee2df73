/* SPDX-License-Identifier: Apache-2.0 */
/* brokers.c - which job gets which broker, and when one starts and ends. */
#include "supervisor/children/brokers.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/reference.h"
#include "common/wire/channel.h"
#include "supervisor/children/claims.h"
#include "supervisor/children/deaths.h"

struct broker_entry {
	TAILQ_ENTRY(broker_entry) next;
	struct brokers *all;
	char *key;
	struct brokerchild *child;	/* NULL: not running */
	bool ready, quitting;
	uint64_t generation;
	uint32_t last_channel;
	struct deaths deaths;
	struct claims claims;
	struct timer *idle;
};

struct brokers {
	struct child_env *env;
	struct config *config;		/* a reference */
	bool dry_run;
	const struct brokers_ops *ops;
	void *arg;
	TAILQ_HEAD(, broker_entry) list;
	void (*quit_done)(void *arg);
	void *quit_arg;
	struct timer *quit_now;
};

static void start(struct broker_entry *b);

static void
on_quit_now(void *arg)
{
	struct brokers *all = arg;
	struct broker_entry *b;

	TAILQ_FOREACH(b, &all->list, next)
		if (b->child != NULL)
			return;
	if (all->quit_done != NULL)
		all->quit_done(all->quit_arg);
}

struct brokers *
brokers_new(struct child_env *env, struct config *config, bool dry_run,
    const struct brokers_ops *ops, void *arg)
{
	struct brokers *all = mem_alloc(sizeof(*all));

	all->env = env;
	all->config = config_ref(config);
	all->dry_run = dry_run;
	all->ops = ops;
	all->arg = arg;
	TAILQ_INIT(&all->list);
	all->quit_now = loop_timer(env->loop, on_quit_now, all);
	return all;
}

static void
drop(struct broker_entry *b)
{
	TAILQ_REMOVE(&b->all->list, b, next);
	brokerchild_free(b->child);
	claims_free(&b->claims);
	timer_free(b->idle);
	free(b->key);
	free(b);
}

void
brokers_free(struct brokers *all)
{
	struct broker_entry *b;

	if (all == NULL)
		return;
	while ((b = TAILQ_FIRST(&all->list)) != NULL)
		drop(b);
	timer_free(all->quit_now);
	config_unref(all->config);
	free(all);
}

static void
quit(struct broker_entry *b)
{
	if (b->child == NULL || b->quitting)
		return;
	b->quitting = true;
	b->ready = false;
	timer_disarm(b->idle);
	brokerchild_quit(b->child);
}

static void
on_idle(void *arg)
{
	quit(arg);
}

static void
idle_if_unused(struct broker_entry *b)
{
	if (TAILQ_EMPTY(&b->claims))
		timer_arm(b->idle, BROKER_IDLE_MS * NS_PER_MS);
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

static void
on_gone(void *arg, const struct error *how)
{
	struct broker_entry *b = arg;
	bool was_up = b->ready || b->quitting;

	if (!b->quitting)
		note_death(b, how);
	brokerchild_free(b->child);
	b->child = NULL;
	b->ready = b->quitting = false;
	claims_reset(&b->claims);
	/* If every channel kills it, it must not be restarted forever. */
	if (!was_up || deaths_closed(&b->deaths, clock_now()))
		refuse_after_death(b, how);
	else if (claims_waiting(&b->claims) != NULL)
		start(b);
	if (b->all->quit_done != NULL)
		on_quit_now(b->all);
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
	    &child_ops, b, &err);
	if (b->child == NULL)
		refuse_waiting(b, &err);
}

static struct broker_entry *
find(const struct brokers *all, const char *key)
{
	struct broker_entry *b;

	TAILQ_FOREACH(b, &all->list, next)
		if (strcmp(b->key, key) == 0)
			break;
	return b;
}

static unsigned
registries_of(const struct brokers *all, uint64_t job)
{
	const struct broker_entry *b;
	unsigned n = 0;

	TAILQ_FOREACH(b, &all->list, next)
		n += claims_of(&b->claims, job) != NULL;
	return n;
}

/* Nobody needs it, it is not running, and none of its deaths counts any
 * more. */
static bool
is_spent(const struct broker_entry *b)
{
	return b->child == NULL && TAILQ_EMPTY(&b->claims) &&
	    deaths_over(&b->deaths, clock_now());
}

/* A server may see any number of names over time. Returns how many are left. */
static size_t
drop_spent(struct brokers *all)
{
	struct broker_entry *b, *next;
	size_t n = 0;

	for (b = TAILQ_FIRST(&all->list); b != NULL; b = next) {
		next = TAILQ_NEXT(b, next);
		if (is_spent(b))
			drop(b);
		else
			n++;
	}
	return n;
}

static struct broker_entry *
find_or_add(struct brokers *all, const char *key)
{
	struct broker_entry *b = find(all, key);

	if (b != NULL)
		return b;
	b = mem_alloc(sizeof(*b));
	b->all = all;
	b->key = mem_strdup(key);
	claims_init(&b->claims);
	b->idle = loop_timer(all->env->loop, on_idle, b);
	TAILQ_INSERT_TAIL(&all->list, b, next);
	return b;
}

/* 0, or why there is no broker for key. */
static int
may_open(struct brokers *all, uint64_t job, const char *key,
    const char *registry, struct error *err)
{
	size_t count = drop_spent(all);
	const struct broker_entry *b = key != NULL ? find(all, key) : NULL;
	const struct claim *c = b != NULL ? claims_of(&b->claims, job) : NULL;

	if (key == NULL)
		return error_set(err, ERROR_INPUT, "\"%.128s\" is not the "
		    "name of a registry", registry);
	if (c != NULL && c->waiting)
		return error_set(err, ERROR_LIMIT, "cannot talk to registry "
		    "%s: the script is already waiting for it", key);
	if (c == NULL && registries_of(all, job) >= REGISTRIES_PER_RUN)
		return error_set(err, ERROR_LIMIT, "cannot talk to registry "
		    "%s: a script may use at most %d registries", key,
		    REGISTRIES_PER_RUN);
	if (b == NULL && count >= BROKERS_MAX)
		return error_set(err, ERROR_LIMIT, "cannot talk to registry "
		    "%s: %d registries are in use", key, BROKERS_MAX);
	if (b != NULL && deaths_closed(&b->deaths, clock_now()))
		return error_set(err, ERROR_PEER, "cannot talk to registry "
		    "%s: its process ended unexpectedly %d times within a "
		    "minute, try again in a minute", key, BROKER_DEATHS);
	return 0;
}

void
brokers_open(struct brokers *all, uint64_t job, const char *script,
    uint32_t id, const char *registry)
{
	char *key = reference_registry_key(registry);
	struct claim *w;
	struct broker_entry *b;
	struct error err;

	if (may_open(all, job, key, registry, &err) == -1) {
		all->ops->refused(all->arg, job, id, &err);
		free(key);
		return;
	}
	b = find_or_add(all, key);
	free(key);
	w = claims_wait(&b->claims, job, script, id);
	timer_disarm(b->idle);
	if (b->ready)
		attach(b, w);
	else if (b->child == NULL)
		start(b);
}

struct brokerchild *
brokers_used(const struct brokers *all, uint64_t job, const char *registry)
{
	char *key = reference_registry_key(registry);
	struct broker_entry *b = key != NULL ? find(all, key) : NULL;
	const struct claim *c;

	free(key);
	if (b == NULL || !b->ready || brokerchild_is_dying(b->child))
		return NULL;
	c = claims_of(&b->claims, job);
	return c != NULL && c->opened ? b->child : NULL;
}

void
brokers_forget(struct brokers *all, uint64_t job)
{
	struct broker_entry *b;

	TAILQ_FOREACH(b, &all->list, next) {
		bool used = !TAILQ_EMPTY(&b->claims);

		claims_forget(&b->claims, job);
		if (used)
			idle_if_unused(b);
	}
}

void
brokers_quit(struct brokers *all, void (*done)(void *arg), void *arg)
{
	struct broker_entry *b;

	all->quit_done = done;
	all->quit_arg = arg;
	TAILQ_FOREACH(b, &all->list, next)
		quit(b);
	timer_arm(all->quit_now, 0);
}
