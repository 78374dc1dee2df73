/* SPDX-License-Identifier: Apache-2.0 */
/* brokers.c - the brokers of all registries: which one a job gets. */
#include "supervisor/children/brokers_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/reference.h"

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

void
brokers_free(struct brokers *all)
{
	struct broker_entry *b;

	if (all == NULL)
		return;
	while ((b = TAILQ_FIRST(&all->list)) != NULL)
		brokerentry_free(b);
	timer_free(all->quit_now);
	config_unref(all->config);
	free(all);
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
	    !deletions_pending(&b->deletions) &&
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
			brokerentry_free(b);
		else
			n++;
	}
	return n;
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
	struct broker_entry *b;
	struct error err;

	if (may_open(all, job, key, registry, &err) == -1) {
		all->ops->refused(all->arg, job, id, &err);
		free(key);
		return;
	}
	if ((b = find(all, key)) == NULL)
		b = brokerentry_new(all, key);
	free(key);
	brokerentry_open(b, job, script, id);
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

	TAILQ_FOREACH(b, &all->list, next)
		brokerentry_forget(b, job);
}

void
brokers_quit(struct brokers *all, void (*done)(void *arg), void *arg)
{
	struct broker_entry *b;

	all->quit_done = done;
	all->quit_arg = arg;
	TAILQ_FOREACH(b, &all->list, next)
		brokerentry_end(b);
	timer_arm(all->quit_now, 0);
}

void
brokers_abandon(struct brokers *all)
{
	struct broker_entry *b;

	TAILQ_FOREACH(b, &all->list, next)
		deletions_give_up(&b->deletions, "ended by a signal");
}

bool
brokers_left(const struct brokers *all)
{
	const struct broker_entry *b;
	bool left = all->left;

	TAILQ_FOREACH(b, &all->list, next)
		left |= b->deletions.left;
	return left;
}
