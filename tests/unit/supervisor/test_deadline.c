/* SPDX-License-Identifier: Apache-2.0 */
/* test_deadline.c - what ends a job, once, and the sentence for it. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "common/clock.h"
#include "supervisor/jobs/deadline.h"

static struct loop *loop;
static int stops;
static enum deadline_reason reason;

static void
on_stop(void *arg, enum deadline_reason why)
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
	cr_assert_eq(reason, DEADLINE_PASSED);
	/* What comes later does not change the reason. */
	deadline_cancel(d);
	cr_assert_eq(stops, 1);
	cr_assert_eq(deadline_reason(d), DEADLINE_PASSED);
	expect_text(d, "<string>:3", true, "<string>:3: context deadline "
	    "exceeded: the script ran past its timeout of 1ms and was "
	    "killed");
	expect_text(d, NULL, false, "context deadline exceeded: the script "
	    "did not start within its timeout of 1ms");
	deadline_free(d);
}

Test(deadline, canceled)
{
	struct deadline *d = deadline_new(loop, 0, &ops, &stops);

	deadline_cancel(d);
	deadline_cancel(d);
	cr_assert_eq(stops, 1);
	cr_assert_eq(reason, DEADLINE_CANCELED);
	expect_text(d, NULL, true, "context canceled: the script did not stop "
	    "when it was told to and was killed");
	expect_text(d, NULL, false, "context canceled: the script did not "
	    "start");
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
	cr_assert_eq(deadline_reason(d), DEADLINE_NONE);
	deadline_free(d);
}

Test(deadline, of_a_job_that_never_started)
{
	deadline_cancel(NULL);
	cr_assert_eq(deadline_reason(NULL), DEADLINE_NONE);
	deadline_free(NULL);
}
