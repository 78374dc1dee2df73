/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokersrig.h - for tests of brokers. The broker's process and the clock are
 * this file's: it defines all of brokerchild.h and clock.h.
 */
#ifndef BROKERSRIG_H
#define BROKERSRIG_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/children/brokers.h"
#include "tests/unit/supervisor/configrig.h"

struct brokerchild {
	struct deletions *deletions;
	const struct brokerchild_ops *ops;
	void *arg;
	uint32_t channel;	/* the last CHANNEL's number */
	uint64_t flags;		/* and its flags */
};

static int64_t now = NS_PER_S;
static bool full, started = true;
static struct brokerchild *child;	/* the latest that was started */
static int starts, quits, refusals, openings;
static struct error refusal;	/* the last */

static struct child_env env;
static struct config *config;
static int null;
static struct brokers *brokers;

int64_t
clock_now(void)
{
	return now;
}

int64_t
clock_wall(void)
{
	return now;
}

struct brokerchild *
brokerchild_start(struct child_env *e, struct config *c, const char *key,
    struct deletions *d, const struct brokerchild_ops *ops, void *arg,
    struct error *err)
{
	(void)e;
	(void)c;
	(void)key;
	(void)err;
	starts++;
	child = mem_alloc(sizeof(*child));
	child->deletions = d;
	child->ops = ops;
	child->arg = arg;
	return child;
}

void
brokerchild_free(struct brokerchild *c)
{
	free(c);
}

bool
brokerchild_is_dying(const struct brokerchild *c)
{
	(void)c;
	return false;
}

bool
brokerchild_has_started(const struct brokerchild *c)
{
	(void)c;
	return started;
}

bool
brokerchild_is_full(const struct brokerchild *c)
{
	(void)c;
	return full;
}

void
brokerchild_send(struct brokerchild *c, struct message_out *o, int fd)
{
	static struct message m;
	struct error err;

	cr_assert_eq(message_finish(o, &err), 0);
	cr_assert_eq(message_decode(&m, o->frame.data, o->frame.len, S2B,
	    &err), 0, "%s", err.text);
	cr_assert_eq(m.type, MSG_CHANNEL);
	c->channel = m.id;
	c->flags = message_u64(&m, 1);
	message_out_free(o);
	close(fd);
}

void
brokerchild_quit(struct brokerchild *c)
{
	(void)c;
	quits++;
}

static inline void
die(struct brokerchild *c)
{
	struct error how;

	error_set(&how, ERROR_PEER, "it was killed");
	c->ops->gone(c->arg, &how);
}

static inline void
on_opened(void *arg, uint64_t job, uint32_t id, uint64_t generation, int fd)
{
	(void)arg;
	(void)job;
	(void)id;
	(void)generation;
	openings++;
	close(fd);
}

static inline void
on_refused(void *arg, uint64_t job, uint32_t id, const struct error *why)
{
	(void)arg;
	(void)job;
	(void)id;
	refusals++;
	refusal = *why;
}

static const struct brokers_ops brokers_ops = { on_opened, on_refused, NULL };

static inline void
set_up(void)
{
	struct buffer warnings;
	struct error err;

	rig_no_docker();
	config = rig_parse("", &warnings, &err);
	cr_assert_not_null(config);
	buffer_free(&warnings);
	env.loop = loop_new();
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	env.log = log_new(env.loop, null, LOG_ERROR, false);
	brokers = brokers_new(&env, config, false, &brokers_ops, NULL);
}

static inline void
set_dry(void)
{
	brokers_free(brokers);
	brokers = brokers_new(&env, config, true, &brokers_ops, NULL);
}

static inline void
tear_down(void)
{
	brokers_free(brokers);
	config_unref(config);
	log_free(env.log);
	loop_free(env.loop);
	close(null);
}

static inline void
pass(int64_t ms)
{
	now += ms * NS_PER_MS;
	loop_step(env.loop, 0);
}

static inline void
attached(void)
{
	struct error err;

	cr_assert_eq(child->ops->attached(child->arg, child->channel, &err),
	    0);
}

#endif
