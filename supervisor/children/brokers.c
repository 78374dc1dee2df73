/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/children/brokers.h"

#include <stdlib.h>
#include <string.h>

#include "common/channel.h"
#include "common/clock.h"
#include "supervisor/children/brokerchild.h"
#include "supervisor/children/claims.h"
#include "supervisor/children/deaths.h"
#include "supervisor/jobs/job.h"
#include "common/mem.h"
#include "common/reference.h"

struct broker {
	struct broker *next;
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
	struct supervisor *sv;
	struct broker *list;
	void (*quit_done)(void *arg);
	void *quit_arg;
	struct timer *quit_now;
};

static void start(struct broker *b);

static void
on_quit_now(void *arg)
{
	struct brokers *all = arg;

	for (struct broker *b = all->list; b != NULL; b = b->next)
		if (b->child != NULL)
			return;
	if (all->quit_done != NULL)
		all->quit_done(all->quit_arg);
}

struct brokers *
brokers_new(struct supervisor *sv)
{
	struct brokers *all = mem_alloc(sizeof(*all));

	all->sv = sv;
	all->quit_now = loop_timer(sv->loop, on_quit_now, all);
	return all;
}

static void
broker_free(struct broker *b)
{
	brokerchild_free(b->child);
	claims_forget(&b->claims, NULL);
	timer_free(b->idle);
	free(b->key);
	free(b);
}

void
brokers_free(struct brokers *all)
{
	struct broker *b;

	if (all == NULL)
		return;
	while ((b = all->list) != NULL) {
		all->list = b->next;
		broker_free(b);
	}
	timer_free(all->quit_now);
	free(all);
}

static void
quit(struct broker *b)
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
refuse_waiting(struct broker *b, const struct error *why)
{
	struct claim *w;

	while ((w = b->claims.waiting) != NULL) {
		job_refuse(w->job, w->id, why);
		claims_end(&b->claims, w);
	}
}

/* A channel: one end to the broker, with what the job may do. */
static void
attach(struct broker *b, struct claim *w)
{
	struct supervisor *sv = b->all->sv;
	struct message_out o;
	struct error err;
	int pair[2];

	if (brokerchild_is_full(b->child)) {
		error_set(&err, ERROR_LIMIT, "cannot talk to registry %s: "
		    "too many channels are asked for at once", b->key);
		job_refuse(w->job, w->id, &err);
		claims_end(&b->claims, w);
		return;
	}
	if (channel_pair(pair, &err) == -1) {
		job_refuse(w->job, w->id, &err);
		claims_end(&b->claims, w);
		return;
	}
	w->fd = pair[1];
	w->number = ++b->last_channel;
	timer_disarm(b->idle);
	message_start(&o, MSG_CHANNEL, w->number);
	message_put_u64(&o, job_id(w->job));
	message_put_u64(&o, (sv->dry_run ? 1 : 0) | 2);
	message_put_str(&o, job_name(w->job));
	message_put_bytes(&o, "", 0);
	brokerchild_send(b->child, &o, pair[0]);
}

/* The broker serves its end: the worker gets the other one. */
static int
on_attached(void *arg, uint32_t number, struct error *err)
{
	struct broker *b = arg;
	struct claim *w;
	struct message_out o;

	if (number == 0 || number > b->last_channel)
		return error_set(err, ERROR_PROTOCOL, "ATTACHED has a number "
		    "that was never given");
	w = claims_find(&b->claims, number);
	if (w == NULL)
		return 0;	/* the job is over */
	claims_use(&b->claims, w->job);
	message_start(&o, MSG_OPENED, w->id);
	message_put_u64(&o, b->generation);
	job_send(w->job, &o, w->fd);
	w->fd = -1;
	claims_end(&b->claims, w);
	return 0;
}

static void
on_ready(void *arg)
{
	struct broker *b = arg;
	struct claim *w, *next;

	b->ready = true;
	for (w = b->claims.waiting; w != NULL; w = next) {
		next = w->next;
		attach(b, w);
	}
}

static void
on_progress(void *arg, uint64_t job, uint64_t bytes)
{
	struct broker *b = arg;
	struct job *j = supervisor_job(b->all->sv, job);

	if (j != NULL && claims_uses(&b->claims, j))
		job_add_moved(j, bytes);
}

static void
note_death(struct broker *b, const struct error *how)
{
	struct log_record r;

	deaths_note(&b->deaths, clock_now());
	log_record_init(&r, LOG_WARN, "Registry process ended unexpectedly");
	log_record_string(&r, "registry", b->key);
	log_record_string(&r, "error", how->kind != ERROR_NONE ? how->text :
	    "it exited");
	log_write(b->all->sv->log, &r);
}

static void
on_gone(void *arg, const struct error *how)
{
	struct broker *b = arg;
	struct error why;
	bool was_up = b->ready || b->quitting;

	if (!b->quitting)
		note_death(b, how);
	brokerchild_free(b->child);
	b->child = NULL;
	b->ready = b->quitting = false;
	claims_reset(&b->claims);
	/* One that dies of each channel must not be started for ever. */
	if (b->claims.waiting != NULL && (!was_up ||
	    deaths_closed(&b->deaths, clock_now()))) {
		why = *how;
		if (why.kind == ERROR_NONE)
			error_set(&why, ERROR_PEER, "its process ended");
		error_prefix(&why, "cannot talk to registry %s", b->key);
		why.kind = ERROR_PEER;
		refuse_waiting(b, &why);
	} else if (b->claims.waiting != NULL)
		start(b);
	if (b->all->quit_done != NULL)
		on_quit_now(b->all);
}

static const struct brokerchild_ops child_ops = {
	on_ready, on_attached, on_progress, on_gone
};

static void
start(struct broker *b)
{
	struct supervisor *sv = b->all->sv;
	struct error err;

	b->generation++;
	b->child = brokerchild_start(sv, b->key, &child_ops, b, &err);
	if (b->child == NULL)
		refuse_waiting(b, &err);
}

static struct broker *
find(const struct brokers *all, const char *key)
{
	struct broker *b;

	for (b = all->list; b != NULL && strcmp(b->key, key) != 0; b = b->next)
		;
	return b;
}

static unsigned
registries_of(const struct brokers *all, const struct job *j)
{
	unsigned n = 0;

	for (struct broker *b = all->list; b != NULL; b = b->next)
		n += claims_has(&b->claims, j);
	return n;
}

/* Nobody uses it, it does not run, and its past does not matter any more. */
static bool
is_spent(const struct broker *b)
{
	return b->child == NULL && claims_none(&b->claims) &&
	    deaths_over(&b->deaths, clock_now());
}

/* A service may see any number of names in its life. Returns how many are
 * left. */
static size_t
drop_spent(struct brokers *all)
{
	struct broker **at = &all->list, *b;
	size_t n = 0;

	while ((b = *at) != NULL) {
		if (is_spent(b)) {
			*at = b->next;
			broker_free(b);
		} else {
			at = &b->next;
			n++;
		}
	}
	return n;
}

static struct broker *
find_or_add(struct brokers *all, const char *key)
{
	struct broker *b = find(all, key);

	if (b != NULL)
		return b;
	b = mem_alloc(sizeof(*b));
	b->all = all;
	b->key = mem_strdup(key);
	b->idle = loop_timer(all->sv->loop, on_idle, b);
	b->next = all->list;
	all->list = b;
	return b;
}

/* 0, or why there is no broker for key. */
static int
may_open(struct brokers *all, const struct job *j, const char *key,
    const char *registry, struct error *err)
{
	size_t count = drop_spent(all);
	const struct broker *b = key != NULL ? find(all, key) : NULL;

	if (key == NULL)
		return error_set(err, ERROR_INPUT, "\"%.128s\" is no "
		    "registry's name", registry);
	if (b != NULL && claims_waits(&b->claims, j))
		return error_set(err, ERROR_LIMIT, "cannot talk to registry "
		    "%s: the run waits for it already", key);
	if ((b == NULL || !claims_has(&b->claims, j)) &&
	    registries_of(all, j) >= REGISTRIES_PER_RUN)
		return error_set(err, ERROR_LIMIT, "cannot talk to registry "
		    "%s: a run may use at most %d registries", key,
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
brokers_open(struct brokers *all, struct job *j, uint32_t id,
    const char *registry)
{
	char *key = reference_registry_key(registry);
	struct claim *w;
	struct broker *b;
	struct error err;

	if (may_open(all, j, key, registry, &err) == -1) {
		job_refuse(j, id, &err);
		free(key);
		return;
	}
	b = find_or_add(all, key);
	free(key);
	w = claims_wait(&b->claims, j, id);
	if (b->ready)
		attach(b, w);
	else if (b->child == NULL)
		start(b);
}

struct brokerchild *
brokers_used(const struct brokers *all, const struct job *j,
    const char *registry)
{
	char *key = reference_registry_key(registry);
	struct broker *b = key != NULL ? find(all, key) : NULL;

	free(key);
	if (b == NULL || !b->ready || brokerchild_is_dying(b->child))
		return NULL;
	return claims_uses(&b->claims, j) ? b->child : NULL;
}

void
brokers_forget(struct brokers *all, const struct job *j)
{
	for (struct broker *b = all->list; b != NULL; b = b->next) {
		bool used = !claims_none(&b->claims);

		claims_forget(&b->claims, j);
		if (used && claims_none(&b->claims))
			timer_arm(b->idle, BROKER_IDLE_MS * NS_PER_MS);
	}
}

void
brokers_quit(struct brokers *all, void (*done)(void *arg), void *arg)
{
	all->quit_done = done;
	all->quit_arg = arg;
	for (struct broker *b = all->list; b != NULL; b = b->next)
		quit(b);
	timer_arm(all->quit_now, 0);
}
