/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_brokerchild.c - what a broker is told and when it is killed. The
 * clock is this file's: it defines all of clock.h.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/children/brokerchild.h"
#include "tests/unit/supervisor/childrig.h"
#include "tests/unit/supervisor/configrig.h"

#define DIGEST_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaa"
#define DIGEST_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" \
	"bbbbbbbbbbbbb"

static int64_t now = NS_PER_S;
static int readies;

static struct child_env env;
static struct config *config;
static struct deletions deletions;
static struct brokerchild *broker;
static int out[2];

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

static void
on_ready(void *arg)
{
	(void)arg;
	readies++;
}

static int
on_attached(void *arg, uint32_t number, struct error *err)
{
	(void)arg;
	(void)number;
	(void)err;
	return 0;
}

static void
on_progress(void *arg, uint64_t job, uint64_t bytes)
{
	(void)arg;
	(void)job;
	(void)bytes;
}

static void
on_gone(void *arg, const struct error *how)
{
	(void)arg;
	(void)how;
}

static const struct brokerchild_ops ops = {
	on_ready, on_attached, on_progress, on_gone
};

static void
set_up(void)
{
	struct buffer warnings;
	struct error err;

	child.program = "regbot-broker";
	child.from = B2S;
	child.to = S2B;
	rig_no_docker();
	config = rig_parse("", &warnings, &err);
	cr_assert_not_null(config);
	buffer_free(&warnings);
	cr_assert_eq(pipe2(out, O_NONBLOCK), 0);
	env.loop = loop_new();
	env.log = log_new(env.loop, out[1], LOG_INFO, false);
	deletions_init(&deletions, env.log, "h");
	broker = brokerchild_start(&env, config, "h", &deletions, &ops, NULL,
	    &err);
	cr_assert_not_null(broker);
}

static void
tear_down(void)
{
	brokerchild_free(broker);
	deletions_free(&deletions);
	config_unref(config);
	log_free(env.log);
	loop_free(env.loop);
	close(out[0]);
	close(out[1]);
}

static void
pass(int64_t ms)
{
	now += ms * NS_PER_MS;
	loop_step(env.loop, 0);
}

/* What the log got since the last call has text in it. */
static bool
logged(const char *text)
{
	static char got[8192];
	ssize_t n;

	loop_step(env.loop, 0);
	n = read(out[0], got, sizeof(got) - 1);
	got[n > 0 ? n : 0] = '\0';
	return strstr(got, text) != NULL;
}

/* A message from it: fields as in brokerrig.h. What is returned to the child,
 * which dies of -1. */
#define say(...) childrig_say(&(struct error){ 0 }, __VA_ARGS__)

static int
deleting(uint32_t id)
{
	return say(MSG_DELETING, id, "ssss", "x/y", "v1", DIGEST_A, DIGEST_B);
}

static int
deleted(uint32_t id, enum deletion_outcome how, bool unheard)
{
	return say(MSG_DELETED, id, "uus", (uint64_t)how, (uint64_t)unheard,
	    how != DELETION_DONE ? "why" : "");
}

static void
begin(void)
{
	child.ops->ready(child.arg);
	child.sent[0] = '\0';
}

TestSuite(brokerchild, .init = set_up, .fini = tear_down);

Test(brokerchild, is_told_nothing_before_it_is_confined)
{
	cr_expect_str_eq(child.sent, "");
	cr_expect_not(brokerchild_has_started(broker));
	child.ops->ready(child.arg);
	cr_expect_str_eq(child.sent, "REGISTRY START ");
	cr_expect(brokerchild_has_started(broker));
	cr_expect_eq(readies, 1);
}

Test(brokerchild, is_killed_when_it_does_not_quit_in_time)
{
	begin();
	brokerchild_quit(broker);
	cr_expect_str_eq(child.sent, "QUIT ");
	pass(QUIT_MS - 1);
	cr_expect_eq(child.kills, 0);
	pass(1);
	cr_expect_eq(child.kills, 1);
	cr_expect_str_eq(child.reason, "");
}

Test(brokerchild, is_killed_at_once_before_it_has_started)
{
	brokerchild_quit(broker);
	cr_expect_eq(child.kills, 1);
}

/* Answers PING for as long as ms. */
static void
answering(int64_t ms)
{
	for (; ms > 0; ms -= PING_MS) {
		pass(PING_MS);
		cr_assert_eq(say(MSG_PONG, 0, ""), 0);
	}
}

Test(brokerchild, a_tag_deletion_has_more_time_to_quit)
{
	begin();
	cr_expect_eq(deleting(1), 0);
	brokerchild_quit(broker);
	pass(AWAITED_MS);
	cr_expect(logged("image=h/x/y:v1"));
	answering(DELETION_MS - 2 * QUIT_MS);
	cr_expect_eq(child.kills, 0);
	cr_expect_eq(deleted(1, DELETION_DONE, true), 0);
	cr_expect(logged("Finished interrupted tag deletion"));
	pass(QUIT_MS);
	cr_expect_eq(child.kills, 1);
	cr_expect_not(deletions.left);
}

/* A script's end and DELETED come by different channels. */
Test(brokerchild, a_tag_deletion_that_is_over_is_not_waited_for)
{
	begin();
	deleting(1);
	brokerchild_quit(broker);
	pass(AWAITED_MS - 1);
	deleted(1, DELETION_DONE, false);
	pass(1);
	cr_expect_not(logged("image="));
}

Test(brokerchild, but_not_for_ever)
{
	begin();
	deleting(1);
	brokerchild_quit(broker);
	answering(DELETION_MS + QUIT_MS);
	cr_expect_geq(child.kills, 1);
	cr_expect(logged("Tag may be left with an empty image"));
	cr_expect(deletions.left);
	cr_expect_not(deletions_pending(&deletions));
}

Test(brokerchild, a_successor_finishes_first)
{
	struct error err;

	begin();
	deleting(3);
	deleting(4);
	brokerchild_free(broker);
	broker = brokerchild_start(&env, config, "h", &deletions, &ops, NULL,
	    &err);
	readies = 0;
	begin();
	cr_expect_eq(readies, 0);
	deleted(4, DELETION_DONE, true);
	cr_expect_eq(readies, 0);
	deleted(3, DELETION_UNDONE, true);
	cr_expect_eq(readies, 1);
	cr_expect(logged("Interrupted tag deletion was not finished"));
}

Test(brokerchild, jobs_do_not_wait_long_for_that)
{
	struct error err;

	begin();
	deleting(1);
	brokerchild_free(broker);
	broker = brokerchild_start(&env, config, "h", &deletions, &ops, NULL,
	    &err);
	readies = 0;
	child.sent[0] = '\0';
	child.ops->ready(child.arg);
	cr_expect_str_eq(child.sent, "REGISTRY START FINISH ");
	pass(FINISH_FIRST_MS - 1);
	cr_expect_eq(readies, 0);
	pass(1);
	cr_expect_eq(readies, 1);
	deleted(1, DELETION_DONE, true);
	cr_expect_eq(readies, 1);
}

Test(brokerchild, a_successor_that_must_quit_finishes_too)
{
	struct error err;

	begin();
	deleting(1);
	brokerchild_free(broker);
	broker = brokerchild_start(&env, config, "h", &deletions, &ops, NULL,
	    &err);
	brokerchild_quit(broker);
	cr_expect_eq(child.kills, 0);
	child.sent[0] = '\0';
	child.ops->ready(child.arg);
	cr_expect_str_eq(child.sent, "REGISTRY START FINISH QUIT ");
}

Test(brokerchild, deletions_are_checked)
{
	begin();
	cr_expect_eq(deleted(1, DELETION_DONE, false), -1);
	cr_expect_eq(deleting(0), -1);
	cr_expect_eq(deleting(1), 0);
	cr_expect_eq(deleting(1), -1);
	cr_expect_eq(say(MSG_DELETING, 2, "ssss", "X/Y", "v1", DIGEST_A,
	    DIGEST_B), -1);
	cr_expect_eq(say(MSG_DELETING, 2, "ssss", "x/y", "v:1", DIGEST_A,
	    DIGEST_B), -1);
	cr_expect_eq(say(MSG_DELETING, 2, "ssss", "x/y", "v1", "sha256:a",
	    DIGEST_B), -1);
	cr_expect_eq(deleted(1, DELETION_LEFT + 1, false), -1);
	cr_expect_eq(deleted(1, DELETION_LEFT, false), 0);
	cr_expect(deletions.left);
	for (uint32_t id = 1; id <= DELETIONS_MAX; id++)
		cr_assert_eq(deleting(id), 0);
	cr_expect_eq(deleting(DELETIONS_MAX + 1), -1);
}

Test(brokerchild, no_deletion_before_start)
{
	cr_expect_eq(deleting(1), -1);
}

Test(brokerchild, is_killed_when_it_is_silent)
{
	begin();
	for (int i = 0; i < PINGS_MAX; i++)
		pass(PING_MS);
	cr_expect_str_eq(child.sent, "PING PING PING ");
	cr_expect_eq(child.kills, 0);
	pass(PING_MS);
	cr_expect_eq(child.kills, 1);
	cr_expect_not_null(strstr(child.reason, "silent for 15 seconds"));
}

Test(brokerchild, lives_as_long_as_it_answers)
{
	begin();
	answering(20 * PING_MS);
	cr_expect_eq(child.kills, 0);
}

/* Time that passed while we were stopped is not the broker's silence. */
Test(brokerchild, is_not_blamed_for_our_own_sleep)
{
	begin();
	pass(PING_MS);
	pass(3600000);
	cr_expect_eq(say(MSG_PONG, 0, ""), 0);
	pass(PING_MS);
	cr_expect_eq(child.kills, 0);
}

Test(brokerchild, is_spared_while_a_debugger_holds_it)
{
	begin();
	child.traced = true;
	for (int i = 0; i < 10; i++)
		pass(PING_MS);
	cr_expect_eq(child.kills, 0);
	child.traced = false;
	pass(PING_MS);
	cr_expect_eq(child.kills, 1);
}

Test(brokerchild, what_it_may_not_say)
{
	begin();
	cr_expect_eq(say(MSG_PROGRESS, 0, "uu", (uint64_t)1,
	    ((uint64_t)1 << 50) + 1), -1);
	cr_expect_eq(say(MSG_READY, 0, "sss", "1", "", ""), -1);
	cr_expect_eq(say(MSG_ATTACHED, 1, ""), 0);
}
