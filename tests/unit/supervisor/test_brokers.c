/* SPDX-License-Identifier: Apache-2.0 */
/* test_brokers.c - when a broker starts and ends. */
#include "tests/unit/supervisor/brokersrig.h"

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

Test(brokers, a_job_that_goes_on_keeps_none_from_finishing)
{
	with_a_deletion();
	for (int i = 0; i < BROKER_DEATHS; i++)
		die(child);
	cr_expect_eq(starts, BROKER_DEATHS);
	pass(BROKER_IDLE_MS);
	cr_assert_eq(starts, BROKER_DEATHS + 1);
	/* Nor does it lose its broker then. */
	child->ops->ready(child->arg);
	deletions_free(child->deletions);
	pass(BROKER_IDLE_MS);
	cr_expect_eq(quits, 0);
	brokers_forget(brokers, 1);
	pass(BROKER_IDLE_MS);
	cr_expect_eq(quits, 1);
}

Test(brokers, what_is_abandoned_is_left)
{
	with_a_deletion();
	brokers_quit(brokers, on_quit_done, NULL);
	cr_expect_not(brokers_left(brokers));
	brokers_abandon(brokers);
	cr_expect(brokers_left(brokers));
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
