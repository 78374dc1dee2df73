/* SPDX-License-Identifier: Apache-2.0 */
/* test_slots.c - action slots go round the jobs that wait. */
#include <criterion/criterion.h>

#include "supervisor/jobs/slots.h"

static struct {			/* what was granted to a job */
	uint32_t ids[8];
	int n;
} jobs[4];

enum { A = 1, B, C };

static void
on_granted(void *arg, uint64_t job, uint32_t id)
{
	cr_assert_null(arg);
	cr_assert_lt(job, 4);
	cr_assert_lt(jobs[job].n, 8);
	jobs[job].ids[jobs[job].n++] = id;
}

Test(slots, round_robin_over_jobs)
{
	struct slots *s = slots_new(1, on_granted, NULL);
	struct error err;

	/* The first job wants three in a row; the others still get theirs. */
	for (uint32_t i = 1; i <= 3; i++)
		cr_assert_eq(slots_want(s, A, i, &err), 0);
	cr_assert_eq(slots_want(s, B, 1, &err), 0);
	cr_assert_eq(slots_want(s, C, 1, &err), 0);
	cr_assert_eq(jobs[A].n, 1);
	cr_assert_eq(slots_release(s, A, 1, &err), 0);
	cr_assert_eq(jobs[B].n, 1);
	cr_assert_eq(slots_release(s, B, 1, &err), 0);
	cr_assert_eq(jobs[C].n, 1);
	cr_assert_eq(slots_release(s, C, 1, &err), 0);
	cr_assert_eq(jobs[A].n, 2);
	cr_assert_eq(jobs[A].ids[1], 2);
	/* A job that ends gives back what it holds and waits for. */
	cr_assert_eq(slots_want(s, B, 2, &err), 0);
	slots_forget(s, A);
	cr_assert_eq(jobs[B].n, 2);
	cr_assert_eq(jobs[A].n, 2);
	slots_free(s);
}

Test(slots, who_waits_may_give_up)
{
	struct slots *s = slots_new(2, on_granted, NULL);
	struct error err;

	for (uint32_t i = 1; i <= 4; i++)
		cr_assert_eq(slots_want(s, A, i, &err), 0);
	cr_assert_eq(jobs[A].n, 2);
	cr_assert_eq(slots_release(s, A, 3, &err), 0);
	cr_assert_eq(jobs[A].n, 2);
	cr_assert_eq(slots_release(s, A, 1, &err), 0);
	cr_assert_eq(jobs[A].n, 3);
	cr_assert_eq(jobs[A].ids[2], 4);
	slots_free(s);
}

Test(slots, refused)
{
	struct slots *s = slots_new(1, on_granted, NULL);
	struct error err;
	int i;

	cr_assert_eq(slots_release(s, A, 1, &err), -1);
	cr_assert_eq(slots_want(s, A, 1, &err), 0);
	cr_assert_eq(slots_want(s, A, 1, &err), -1);
	for (i = 2; slots_want(s, A, (uint32_t)i, &err) == 0; i++)
		cr_assert_lt(i, CHANNEL_REQUESTS + 1);
	cr_assert_eq(i, CHANNEL_REQUESTS + 1);
	slots_free(s);
}
