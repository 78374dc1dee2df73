/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_brokers.c - when a broker starts and ends. The broker's process and
 * the clock are this file's: it defines all of brokerchild.h and clock.h.
 */
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

static void
die(struct brokerchild *c)
{
	struct error how;

	error_set(&how, ERROR_PEER, "it was killed");
	c->ops->gone(c->arg, &how);
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
	refusals++;
	refusal = *why;
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
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	env.log = log_new(env.loop, null, LOG_ERROR, false);
	brokers = brokers_new(&env, config, false, &brokers_ops, NULL);
}

static void
set_up_dry(void)
{
	set_up();
	brokers_free(brokers);
	brokers = brokers_new(&env, config, true, &brokers_ops, NULL);
}

static void
tear_down(void)
{
	brokers_free(brokers);
	config_unref(config);
	log_free(env.log);
	loop_free(env.loop);
	close(null);
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

/* A tag deletion of the running broker has begun to write. */
static void
deleting(uint32_t id)
{
	struct message_out o;
	static struct message m;
	struct error err;

	message_start(&o, MSG_DELETING, id);
	message_put_str(&o, "x/y");
	message_put_str(&o, "v1");
	for (int i = 0; i < 2; i++)
		message_put_str(&o, "sha256:44136fa355b3678a1146ad16f7e8649e"
		    "94fb4fc21fe77e8310c060f61caaff8a");
	cr_assert_eq(message_finish(&o, &err), 0);
	cr_assert_eq(message_decode(&m, o.frame.data, o.frame.len, B2S, &err),
	    0);
	message_out_free(&o);
	cr_assert_eq(deletions_begun(child->deletions, &m, &err), 0);
}

static void
with_a_deletion(void)
{
	brokers_open(brokers, 1, "a", 1, "h");
	child->ops->ready(child->arg);
	attached();
	deleting(1);
}

static int gone;

static void
on_quit_done(void *arg)
{
	(void)arg;
	gone++;
}

Test(brokers, a_successor_is_started_for_a_deletion_alone)
{
	with_a_deletion();
	brokers_forget(brokers, 1);
	die(child);
	cr_expect_eq(starts, 2);
	cr_expect(deletions_pending(child->deletions));
}

Test(brokers, none_is_started_for_nothing)
{
	with_a_deletion();
	brokers_forget(brokers, 1);
	deletions_free(child->deletions);
	die(child);
	cr_expect_eq(starts, 1);
}

Test(brokers, is_not_idle_while_it_deletes)
{
	with_a_deletion();
	brokers_forget(brokers, 1);
	pass(BROKER_IDLE_MS);
	pass(BROKER_IDLE_MS);
	cr_expect_eq(quits, 0);
	deletions_free(child->deletions);
	pass(BROKER_IDLE_MS);
	cr_expect_eq(quits, 1);
}

Test(brokers, the_end_waits_for_a_successor)
{
	with_a_deletion();
	brokers_quit(brokers, on_quit_done, NULL);
	cr_expect_eq(quits, 1);
	die(child);
	pass(0);
	cr_expect_eq(starts, 2);
	cr_expect_eq(quits, 2);
	cr_expect_eq(gone, 0);
	deletions_free(child->deletions);
	child->ops->gone(child->arg, &(struct error){ .kind = ERROR_NONE });
	pass(0);
	cr_expect_eq(gone, 1);
	cr_expect_not(brokers_left(brokers));
}

Test(brokers, the_end_gives_up_after_some_deaths)
{
	with_a_deletion();
	brokers_quit(brokers, on_quit_done, NULL);
	for (int i = 0; i < BROKER_DEATHS; i++)
		die(child);
	pass(0);
	cr_expect_eq(starts, BROKER_DEATHS);
	cr_expect_eq(gone, 1);
	cr_expect(brokers_left(brokers));
}

Test(brokers, a_closed_registry_finishes_when_it_opens_again)
{
	with_a_deletion();
	brokers_forget(brokers, 1);
	for (int i = 0; i < BROKER_DEATHS; i++)
		die(child);
	cr_expect_eq(starts, BROKER_DEATHS);
	pass(BROKER_IDLE_MS);
	cr_expect_eq(starts, BROKER_DEATHS + 1);
}

Test(brokers, what_is_abandoned_is_left)
{
	with_a_deletion();
	brokers_quit(brokers, on_quit_done, NULL);
	cr_expect_not(brokers_left(brokers));
	brokers_abandon(brokers);
	cr_expect(brokers_left(brokers));
}

Test(brokers, a_channel_may_write)
{
	brokers_open(brokers, 1, "a", 1, "h");
	child->ops->ready(child->arg);
	cr_expect_eq(child->flags, CHANNEL_EVERYTHING);
}

Test(brokers, a_channel_of_a_dry_run_may_not, .init = set_up_dry)
{
	brokers_open(brokers, 1, "a", 1, "h");
	child->ops->ready(child->arg);
	cr_expect_eq(child->flags, CHANNEL_EVERYTHING | CHANNEL_DRY_RUN);
	attached();
	brokers_open(brokers, 1, "a", 2, "h");
	cr_expect_eq(child->flags, CHANNEL_EVERYTHING | CHANNEL_DRY_RUN);
}

static void
open_numbered(uint64_t job, int number)
{
	char name[32];

	snprintf(name, sizeof(name), "h%d", number);
	brokers_open(brokers, job, "a", 1, name);
}

Test(brokers, registries_of_a_run_are_limited)
{
	for (int i = 0; i < REGISTRIES_PER_RUN; i++)
		open_numbered(1, i);
	cr_expect_eq(refusals, 0);
	open_numbered(1, REGISTRIES_PER_RUN);
	cr_expect_eq(refusals, 1);
	cr_expect_eq(refusal.kind, ERROR_LIMIT);
	cr_expect_not_null(strstr(refusal.text, "at most 16 registries"));
	cr_expect_eq(starts, REGISTRIES_PER_RUN);
	/* It may go on with those that it has, and others have their own. */
	child->ops->ready(child->arg);
	attached();
	open_numbered(1, REGISTRIES_PER_RUN - 1);
	open_numbered(2, REGISTRIES_PER_RUN);
	cr_expect_eq(refusals, 1);
}

Test(brokers, are_limited)
{
	for (int i = 0; i < BROKERS_MAX; i++)
		open_numbered((uint64_t)i, i);
	cr_expect_eq(refusals, 0);
	open_numbered(1000, BROKERS_MAX);
	cr_expect_eq(refusals, 1);
	cr_expect_eq(refusal.kind, ERROR_LIMIT);
	open_numbered(1000, 0);
	cr_expect_eq(refusals, 1);
}

Test(brokers, a_job_waits_once)
{
	brokers_open(brokers, 1, "a", 1, "h");
	brokers_open(brokers, 1, "a", 2, "h");
	cr_expect_eq(refusals, 1);
	cr_expect_not_null(strstr(refusal.text, "already waiting"));
	brokers_open(brokers, 2, "a", 1, "not a name/");
	cr_expect_eq(refusals, 2);
	cr_expect_eq(refusal.kind, ERROR_INPUT);
}

Test(brokers, attached_names_a_channel_that_was_sent)
{
	struct error err;

	brokers_open(brokers, 1, "a", 1, "h");
	child->ops->ready(child->arg);
	cr_expect_eq(child->ops->attached(child->arg, 0, &err), -1);
	cr_expect_eq(child->ops->attached(child->arg, 2, &err), -1);
	cr_expect_eq(openings, 0);
	attached();
	cr_expect_eq(openings, 1);
}

Test(brokers, one_that_keeps_dying_is_left_alone)
{
	for (int i = 0; i < BROKER_DEATHS; i++) {
		brokers_open(brokers, 1, "a", 1, "h");
		child->ops->ready(child->arg);
		attached();
		die(child);
	}
	cr_expect_eq(starts, BROKER_DEATHS);
	cr_expect_eq(refusals, 0);
	brokers_open(brokers, 1, "a", 1, "h");
	cr_expect_eq(refusals, 1);
	cr_expect_eq(starts, BROKER_DEATHS);
	pass(BROKER_CLOSED_MS + 1);
	brokers_open(brokers, 1, "a", 1, "h");
	cr_expect_eq(refusals, 1);
	cr_expect_eq(starts, BROKER_DEATHS + 1);
}

/* Who waits when it dies gets another one, once it was up. */
Test(brokers, one_that_dies_is_replaced)
{
	started = false;
	brokers_open(brokers, 1, "a", 1, "h");
	die(child);
	started = true;
	cr_expect_eq(refusals, 1);
	brokers_open(brokers, 1, "a", 1, "h");
	child->ops->ready(child->arg);
	attached();
	cr_expect_not_null(brokers_used(brokers, 1, "h"));
	cr_expect_null(brokers_used(brokers, 2, "h"));
	cr_expect_null(brokers_used(brokers, 1, "other"));
	brokers_open(brokers, 2, "a", 1, "h");
	die(child);
	cr_expect_null(brokers_used(brokers, 1, "h"));
	cr_expect_eq(starts, 3);
	cr_expect_eq(refusals, 1);
}

Test(brokers, quit_waits_for_all)
{
	struct error none = { .kind = ERROR_NONE };

	brokers_open(brokers, 1, "a", 1, "h");
	child->ops->ready(child->arg);
	attached();
	brokers_quit(brokers, on_quit_done, NULL);
	pass(0);
	cr_expect_eq(quits, 1);
	cr_expect_eq(gone, 0);
	child->ops->gone(child->arg, &none);
	pass(0);
	cr_expect_eq(gone, 1);
}
