/* SPDX-License-Identifier: Apache-2.0 */
/* test_signals.c - signals as events, and those that are left alone. */
#include <criterion/criterion.h>
#include <signal.h>
#include <unistd.h>

#include "supervisor/signals.h"

static int last, calls;

static void
on_stop(void *arg, int sig)
{
	cr_expect_eq(arg, &calls);
	last = sig;
	calls++;
}

static struct signals *
begin(struct loop *l)
{
	struct error err;
	struct signals *s = signals_new(l, on_stop, &calls, &err);

	cr_assert_not_null(s);
	return s;
}

Test(signals, each_calls_once)
{
	static const int which[] = { SIGINT, SIGTERM, SIGHUP, SIGTERM };
	struct loop *l = loop_new();
	struct signals *s = begin(l);

	for (int i = 0; i < 4; i++) {
		raise(which[i]);
		cr_expect_eq(calls, i, "the handler ran by itself");
		loop_step(l, 1000);
		cr_expect_eq(calls, i + 1);
		cr_expect_eq(last, which[i]);
	}
	loop_step(l, 0);
	cr_expect_eq(calls, 4);
	signals_free(s);
	loop_free(l);
}

/* As nohup(1) sets it: it neither stops us nor is it blocked. */
Test(signals, hangup_that_was_ignored)
{
	struct loop *l = loop_new();
	struct signals *s;
	sigset_t blocked;

	signal(SIGHUP, SIG_IGN);
	s = begin(l);
	raise(SIGHUP);
	loop_step(l, 0);
	cr_expect_eq(calls, 0);
	cr_assert_eq(sigprocmask(SIG_BLOCK, NULL, &blocked), 0);
	cr_expect_not(sigismember(&blocked, SIGHUP));
	cr_expect(sigismember(&blocked, SIGINT));
	cr_expect(sigismember(&blocked, SIGTERM));
	signals_free(s);
	loop_free(l);
}

Test(signals, broken_pipe_is_an_error_only)
{
	struct loop *l = loop_new();
	struct signals *s = begin(l);
	int p[2];

	cr_assert_eq(pipe(p), 0);
	close(p[0]);
	cr_expect_eq(write(p[1], "x", 1), -1);
	close(p[1]);
	signals_free(s);
	signals_free(NULL);
	loop_free(l);
}
