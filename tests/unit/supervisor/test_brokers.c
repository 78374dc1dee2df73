/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_brokers.c - when a broker starts and ends. The broker's process and
 * the clock are this file's: it defines all of brokerchild.h and clock.h.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/children/brokers.h"
#include "tests/unit/supervisor/configrig.h"

struct brokerchild {
	const struct brokerchild_ops *ops;
	void *arg;
	uint32_t channel;	/* the last CHANNEL's number */
};

static int64_t now = NS_PER_S;
static bool full;
static struct brokerchild *child;	/* the latest that was started */
static int starts, quits, refusals, openings;

static struct child_env env;
static struct config *config;
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
    const struct brokerchild_ops *ops, void *arg, struct error *err)
{
	(void)e;
	(void)c;
	(void)key;
	(void)err;
	starts++;
	child = mem_alloc(sizeof(*child));
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
brokerchild_is_full(const struct brokerchild *c)
{
	(void)c;
	return full;
}

void
brokerchild_send(struct brokerchild *c, struct message_out *o, int fd)
{
	c->channel++;
	message_out_free(o);
	close(fd);
}

void
brokerchild_quit(struct brokerchild *c)
{
	(void)c;
	quits++;
}

static void
on_opened(void *arg, uint64_t job, uint32_t id, uint64_t generation, int fd)
{
	(void)arg;
	(void)job;
	(void)id;
	(void)generation;
	openings++;
	close(fd);
}

static void
on_refused(void *arg, uint64_t job, uint32_t id, const struct error *why)
{
	(void)arg;
	(void)job;
	(void)id;
	(void)why;
	refusals++;
}

static const struct brokers_ops brokers_ops = { on_opened, on_refused, NULL };

static void
set_up(void)
{
	struct buffer warnings;
	struct error err;

	rig_no_docker();
	config = rig_parse("", &warnings, &err);
	cr_assert_not_null(config);
	buffer_free(&warnings);
	env.loop = loop_new();
	brokers = brokers_new(&env, config, false, &brokers_ops, NULL);
}

static void
tear_down(void)
{
	brokers_free(brokers);
	config_unref(config);
	loop_free(env.loop);
}

static void
pass(int64_t ms)
{
	now += ms * NS_PER_MS;
	loop_step(env.loop, 0);
}

static void
attached(void)
{
	struct error err;

	cr_assert_eq(child->ops->attached(child->arg, child->channel, &err),
	    0);
}

TestSuite(brokers, .init = set_up, .fini = tear_down);

Test(brokers, ends_when_no_job_has_used_it_for_long)
{
	brokers_open(brokers, 1, "a", 1, "h");
	child->ops->ready(child->arg);
	attached();
	cr_expect_eq(openings, 1);
	pass(2 * BROKER_IDLE_MS);
	cr_expect_eq(quits, 0);
	brokers_forget(brokers, 1);
	pass(BROKER_IDLE_MS - 1);
	cr_expect_eq(quits, 0);
	pass(1);
	cr_expect_eq(quits, 1);
}

Test(brokers, ends_when_its_only_job_was_refused)
{
	full = true;
	brokers_open(brokers, 1, "a", 1, "h");
	child->ops->ready(child->arg);
	cr_expect_eq(refusals, 1);
	brokers_forget(brokers, 1);
	pass(BROKER_IDLE_MS);
	cr_expect_eq(quits, 1);
}

/* A credential helper may take longer than the rest of the idle time. */
Test(brokers, is_not_idle_while_a_job_waits)
{
	brokers_open(brokers, 1, "a", 1, "h");
	brokers_forget(brokers, 1);
	brokers_open(brokers, 2, "b", 1, "h");
	pass(BROKER_IDLE_MS);
	cr_expect_eq(quits, 0);
	child->ops->ready(child->arg);
	attached();
	cr_expect_eq(openings, 1);
	cr_expect_eq(starts, 1);
}
