/* SPDX-License-Identifier: Apache-2.0 */
/* test_deadline.c - what ends a job, once, and the sentence for it. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "common/clock.h"
#include "supervisor/jobs/deadline.h"

static struct loop *loop;
static int stops;
static enum stop_reason reason;

static void
on_stop(void *arg, enum stop_reason why)
{
	cr_assert_eq(arg, &stops);
	stops++;
	reason = why;
}

static void
on_kill(void *arg)
{
	(void)arg;
	cr_assert(false, "killed too early");
}

static const struct deadline_ops ops = { on_stop, on_kill };

static void
set_up(void)
{
	loop = loop_new();
}

static void
tear_down(void)
{
	loop_free(loop);
}

static void
expect_text(const struct deadline *d, const char *at, bool begun,
    const char *want)
{
	char *got = deadline_text(d, at, begun);

	cr_assert_str_eq(got, want);
	free(got);
}

TestSuite(deadline, .init = set_up, .fini = tear_down);

Test(deadline, passes)
{
	struct deadline *d = deadline_new(loop, NS_PER_MS, &ops, &stops);

	cr_assert_null(deadline_text(d, NULL, true));
	while (stops == 0)
		loop_step(loop, -1);
	cr_assert_eq(reason, STOP_DEADLINE);
	/* What comes later does not change the reason. */
	deadline_cancel(d, STOP_SIGTERM);
	cr_assert_eq(stops, 1);
	cr_assert_eq(deadline_reason(d), STOP_DEADLINE);
	expect_text(d, "<string>:3", true, "<string>:3: timeout of 1ms "
	    "reached: the script did not end and was killed");
	expect_text(d, NULL, false, "timeout of 1ms reached before the script "
	    "started");
	deadline_free(d);
}

Test(deadline, canceled)
{
	struct deadline *d = deadline_new(loop, 0, &ops, &stops);

	deadline_cancel(d, STOP_SIGINT);
	deadline_cancel(d, STOP_SIGTERM);
	cr_assert_eq(stops, 1);
	cr_assert_eq(reason, STOP_SIGINT);
	expect_text(d, NULL, true, "stopped by SIGINT: the script did not end "
	    "and was killed");
	expect_text(d, NULL, false, "stopped by SIGINT before the script "
	    "started");
	deadline_free(d);
}

/* The timeout is for the script; once that is over it does not count. */
Test(deadline, done_in_time)
{
	struct deadline *d = deadline_new(loop, NS_PER_MS, &ops, &stops);

	deadline_done(d);
	loop_step(loop, 5);
	loop_step(loop, 5);
	cr_assert_eq(stops, 0);
	cr_assert_eq(deadline_reason(d), STOP_NONE);
	deadline_free(d);
}

Test(deadline, of_a_job_that_never_started)
{
	deadline_cancel(NULL, STOP_SIGTERM);
	cr_assert_eq(deadline_reason(NULL), STOP_NONE);
	deadline_free(NULL);
}
