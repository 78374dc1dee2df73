/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "supervisor/jobs/job.h"
#include "supervisor/jobs/slots.h"

/* A job is a number here, and remembers what was granted to it. */
struct job {
	uint64_t id;
	uint32_t granted[8];
	int n;
};

uint64_t
job_id(const struct job *j)
{
	return j->id;
}

void
job_send(struct job *j, struct message_out *o, int fd)
{
	struct message m;
	struct error err;

	cr_assert_eq(fd, -1);
	cr_assert_eq(message_finish(o, &err), 0);
	cr_assert_eq(message_decode(&m, o->frame.data, o->frame.len, S2W,
	    &err), 0);
	cr_assert_eq(m.type, MSG_GRANTED);
	cr_assert_lt(j->n, 8);
	j->granted[j->n++] = m.id;
	message_out_free(o);
}

Test(slots, round_robin_over_jobs)
{
	struct slots *s = slots_new(1);
	struct job a = { .id = 1 }, b = { .id = 2 }, c = { .id = 3 };
	struct error err;

	/* The first job wants three in a row; the others still get theirs. */
	for (uint32_t i = 1; i <= 3; i++)
		cr_assert_eq(slots_want(s, &a, i, &err), 0);
	cr_assert_eq(slots_want(s, &b, 1, &err), 0);
	cr_assert_eq(slots_want(s, &c, 1, &err), 0);
	cr_assert_eq(a.n, 1);
	cr_assert_eq(slots_release(s, &a, 1, &err), 0);
	cr_assert_eq(b.n, 1);
	cr_assert_eq(slots_release(s, &b, 1, &err), 0);
	cr_assert_eq(c.n, 1);
	cr_assert_eq(slots_release(s, &c, 1, &err), 0);
	cr_assert_eq(a.n, 2);
	cr_assert_eq(a.granted[1], 2);
	/* A job that ends gives back what it holds and wants. */
	cr_assert_eq(slots_want(s, &b, 2, &err), 0);
	slots_forget(s, &a);
	cr_assert_eq(b.n, 2);
	cr_assert_eq(a.n, 2);
	slots_free(s);
}

Test(slots, a_wish_can_be_taken_back)
{
	struct slots *s = slots_new(2);
	struct job a = { .id = 1 };
	struct error err;

	for (uint32_t i = 1; i <= 4; i++)
		cr_assert_eq(slots_want(s, &a, i, &err), 0);
	cr_assert_eq(a.n, 2);
	cr_assert_eq(slots_release(s, &a, 3, &err), 0);
	cr_assert_eq(a.n, 2);
	cr_assert_eq(slots_release(s, &a, 1, &err), 0);
	cr_assert_eq(a.n, 3);
	cr_assert_eq(a.granted[2], 4);
	slots_free(s);
}

Test(slots, refused)
{
	struct slots *s = slots_new(1);
	struct job a = { .id = 1 };
	struct error err;
	int i;

	cr_assert_eq(slots_release(s, &a, 1, &err), -1);
	cr_assert_eq(slots_want(s, &a, 1, &err), 0);
	cr_assert_eq(slots_want(s, &a, 1, &err), -1);
	for (i = 2; slots_want(s, &a, (uint32_t)i, &err) == 0; i++)
		cr_assert_lt(i, CHANNEL_REQUESTS + 1);
	cr_assert_eq(i, CHANNEL_REQUESTS + 1);
	slots_free(s);
}
