/* SPDX-License-Identifier: Apache-2.0 */
/* test_throttle.c - who may start when. The clock is this file's. */
#include <criterion/criterion.h>
#include <string.h>

#include "common/clock.h"
#include "supervisor/broker/http/throttle.h"

static int64_t now = NS_PER_S;
static struct loop *loop;
static struct throttle *throttle;
static struct throttle_turn *turns[8];
static char granted[64];	/* a letter each */
static char letters[] = "abcdefgh";

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
on_granted(void *arg)
{
	strncat(granted, arg, 1);
}

/* Who is letter asks for a turn. */
static void
ask(char who, unsigned flags)
{
	turns[who - 'a'] = throttle_turn_new(throttle, flags, on_granted,
	    &letters[who - 'a']);
}

static void
settle(void)
{
	for (int i = 0; i < 8; i++)
		loop_step(loop, 0);
}

static void
pass(int64_t ms)
{
	now += ms * NS_PER_MS;
	settle();
}

static void
give_back(char who)
{
	throttle_turn_free(turns[who - 'a']);
	turns[who - 'a'] = NULL;
	settle();
}

static void
start(unsigned concurrent, unsigned milli)
{
	loop = loop_new();
	throttle = throttle_new(loop, concurrent, milli);
}

static void
tear_down(void)
{
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++)
		throttle_turn_free(turns[i]);
	throttle_free(throttle);
	loop_free(loop);
}

TestSuite(throttle, .fini = tear_down);

Test(throttle, slots)
{
	start(2, 0);
	for (char who = 'a'; who <= 'd'; who++)
		ask(who, THROTTLE_SLOT | THROTTLE_START);
	settle();
	cr_expect_str_eq(granted, "ab");
	give_back('b');
	cr_expect_str_eq(granted, "abc");
	give_back('d');		/* it waits */
	give_back('a');
	ask('e', THROTTLE_START);	/* it needs no slot */
	ask('f', THROTTLE_SLOT);
	settle();
	cr_expect_str_eq(granted, "abcef");
}

Test(throttle, more_and_fewer_slots)
{
	start(1, 0);
	for (char who = 'a'; who <= 'e'; who++)
		ask(who, THROTTLE_SLOT);
	settle();
	cr_expect_str_eq(granted, "a");
	throttle_resize(throttle, 3);
	settle();
	cr_expect_str_eq(granted, "abc");
	throttle_resize(throttle, 1);
	give_back('a');
	give_back('b');
	cr_expect_str_eq(granted, "abc");
	give_back('c');
	cr_expect_str_eq(granted, "abcd");
}

Test(throttle, a_retry_goes_first)
{
	start(1, 0);
	ask('a', THROTTLE_SLOT);
	ask('b', THROTTLE_SLOT);
	ask('c', THROTTLE_SLOT | THROTTLE_FRONT);
	settle();
	cr_expect_str_eq(granted, "c");
	give_back('c');
	cr_expect_str_eq(granted, "ca");
}

Test(throttle, starts_are_spaced)
{
	start(8, 2000);		/* two a second */
	ask('a', THROTTLE_START);
	ask('b', THROTTLE_START);
	ask('c', THROTTLE_START);
	settle();
	cr_expect_str_eq(granted, "a");
	pass(499);
	cr_expect_str_eq(granted, "a");
	pass(1);
	cr_expect_str_eq(granted, "ab");
	pass(500);
	cr_expect_str_eq(granted, "abc");
}

/* Otherwise one that only waits for time would wait for slots as well. */
Test(throttle, a_slot_is_not_overtaken)
{
	start(1, 0);
	throttle_failed(throttle, now, 1000, "503");
	ask('a', THROTTLE_SLOT | THROTTLE_START);
	ask('b', THROTTLE_SLOT);
	settle();
	cr_expect_str_eq(granted, "");
	pass(1000);
	cr_expect_str_eq(granted, "a");
}

Test(throttle, a_pause_is_not_cut_short)
{
	start(2, 0);
	cr_expect_eq(throttle_failed(throttle, now, 2000, "503"), 0);
	cr_expect_eq(throttle_failed(throttle, now, 100, "503"), 0);
	ask('a', THROTTLE_START);
	pass(1999);
	cr_expect_str_eq(granted, "");
	pass(1);
	cr_expect_str_eq(granted, "a");
}

Test(throttle, failures_at_the_same_time_count_once)
{
	int64_t begun = now;

	start(4, 0);
	pass(10);
	cr_expect_eq(throttle_failed(throttle, begun, -1, "503"), 1);
	cr_expect_eq(throttle_failed(throttle, begun, -1, "503"), 1);
	pass(10);
	cr_expect_eq(throttle_failed(throttle, now, -1, "503"), 2);
	throttle_succeeded(throttle);
	cr_expect_eq(throttle_failed(throttle, now, -1, "503"), 1);
}
