/* SPDX-License-Identifier: Apache-2.0 */
/* test_loop.c - watches and timers that change each other. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/wire/loop.h"

static struct loop *l;
static int p[2], calls, order[16];
static struct watch *w, *other;
static struct timer *t;

static void
setup(void)
{
	l = loop_new();
	cr_assert(pipe2(p, O_CLOEXEC | O_NONBLOCK) == 0);
}

static void
teardown(void)
{
	loop_free(l);
	close(p[0]);
	close(p[1]);
}

static void
count(void *arg, short revents)
{
	(void)arg;
	(void)revents;
	calls++;
}

static void
fired(void *arg)
{
	order[calls++] = *(int *)arg;
}

static void
stop(void *arg)
{
	(void)arg;
	loop_stop(l);
}

TestSuite(loop, .init = setup, .fini = teardown, .timeout = 30);

Test(loop, a_watch_is_called_while_there_is_something)
{
	char c;

	w = loop_watch(l, p[0], POLLIN, count, NULL);
	cr_expect(watch_fd(w) == p[0]);
	loop_step(l, 0);
	cr_expect(calls == 0);
	cr_assert(write(p[1], "x", 1) == 1);
	loop_step(l, -1);
	loop_step(l, -1);
	cr_expect(calls == 2, "level-triggered");
	cr_assert(read(p[0], &c, 1) == 1);
	loop_step(l, 0);
	cr_expect(calls == 2);
	watch_free(w);
}

Test(loop, a_watch_without_events_is_asleep)
{
	w = loop_watch(l, p[0], POLLIN, count, NULL);
	cr_assert(write(p[1], "x", 1) == 1);
	watch_set(w, 0);
	close(p[1]);
	loop_step(l, 0);
	cr_expect(calls == 0, "not even for a hang-up");
	watch_set(w, POLLIN);
	loop_step(l, -1);
	cr_expect(calls == 1);
	p[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
}

Test(loop, timers_fire_once_and_on_time)
{
	int one = 1, two = 2;
	struct timer *a = loop_timer(l, fired, &one);
	struct timer *b = loop_timer(l, fired, &two);
	int64_t start = clock_now();

	cr_expect(!timer_armed(a));
	timer_arm(a, 30 * NS_PER_MS);
	timer_arm(b, 5 * NS_PER_MS);
	cr_expect(timer_armed(a) && timer_armed(b));
	while (calls < 2)
		loop_step(l, -1);
	cr_expect(clock_now() - start >= 30 * NS_PER_MS);
	cr_expect(order[0] == 2 && order[1] == 1);
	cr_expect(!timer_armed(a) && !timer_armed(b));
	loop_step(l, 20);
	cr_expect(calls == 2);
}

Test(loop, a_timer_may_be_moved_and_disarmed)
{
	int one = 1;

	t = loop_timer(l, fired, &one);
	timer_arm(t, 0);
	timer_disarm(t);
	loop_step(l, 5);
	cr_expect(calls == 0 && !timer_armed(t));
	timer_arm(t, 3600 * NS_PER_S);
	timer_arm(t, 0);
	loop_step(l, -1);
	cr_expect(calls == 1);
	timer_arm(t, INT64_MAX);
	timer_arm(t, -5);
	loop_step(l, -1);
	cr_expect(calls == 2);
	timer_free(NULL);
}

static void
again(void *arg)
{
	(void)arg;
	if (++calls == 3)
		loop_stop(l);
	else
		timer_arm(t, 0);
}

Test(loop, a_timer_may_arm_itself)
{
	t = loop_timer(l, again, NULL);
	timer_arm(t, 0);
	loop_step(l, -1);
	cr_expect(calls == 1, "a new round for each");
	loop_run(l);
	cr_expect(calls == 3);
}

static void
free_both(void *arg, short revents)
{
	(void)arg;
	(void)revents;
	calls++;
	watch_free(w);
	watch_free(other);
	timer_free(t);
}

Test(loop, a_callback_may_free_itself_and_others)
{
	int one = 1;

	w = loop_watch(l, p[0], POLLIN, free_both, NULL);
	other = loop_watch(l, p[0], POLLIN, free_both, NULL);
	t = loop_timer(l, fired, &one);
	cr_assert(write(p[1], "x", 1) == 1);
	loop_step(l, -1);
	cr_expect(calls == 1);
	loop_step(l, 0);
	cr_expect(calls == 1);
}

static void
add_many(void *arg, short revents)
{
	(void)arg;
	(void)revents;
	calls++;
	watch_free(w);
	for (int i = 0; i < 100; i++)
		loop_watch(l, p[0], POLLIN, count, NULL);
	for (int i = 0; i < 100; i++)
		loop_timer(l, stop, NULL);
}

Test(loop, a_callback_may_add_watches_and_timers)
{
	w = loop_watch(l, p[0], POLLIN, add_many, NULL);
	cr_assert(write(p[1], "x", 1) == 1);
	loop_step(l, -1);
	cr_expect(calls == 1, "the new ones wait for the next round");
	loop_step(l, -1);
	cr_expect(calls == 101);
}

static void
nested(void *arg, short revents)
{
	char c;

	(void)arg;
	(void)revents;
	calls++;
	cr_assert(read(p[0], &c, 1) == 1);
	watch_free(other);
	loop_step(l, 0);	/* must not sweep what the outer round uses */
	watch_free(w);
	loop_step(l, 0);
}

Test(loop, rounds_may_nest)
{
	w = loop_watch(l, p[0], POLLIN, nested, NULL);
	other = loop_watch(l, p[0], POLLIN, count, NULL);
	cr_assert(write(p[1], "x", 1) == 1);
	loop_step(l, -1);
	cr_expect(calls == 1);
}

/* poll(2) refuses sets longer than the limit on descriptors, even where most
 * entries are asleep; confined processes have a small one. */
Test(loop, sleeping_watches_do_not_count_against_the_limit)
{
	struct rlimit low = { 16, 16 };

	for (int i = 0; i < 100; i++)
		loop_watch(l, p[1], 0, count, NULL);
	loop_watch(l, p[0], POLLIN, count, NULL);
	cr_assert(write(p[1], "x", 1) == 1);
	cr_assert(setrlimit(RLIMIT_NOFILE, &low) == 0);
	loop_step(l, 100);
	cr_expect(calls == 1);
}

Test(loop, stop_ends_run)
{
	t = loop_timer(l, stop, NULL);
	timer_arm(t, NS_PER_MS);
	loop_run(l);
	cr_expect(!timer_armed(t));
}

Test(loop, the_clock_goes_forward)
{
	int64_t last = clock_now();

	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_now();

		cr_assert(now >= last && now > 0);
		last = now;
	}
	cr_expect(clock_wall() > 1600000000LL * NS_PER_S);
}
