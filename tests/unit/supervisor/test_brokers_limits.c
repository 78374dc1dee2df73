/* SPDX-License-Identifier: Apache-2.0 */
/* test_brokers_limits.c - what a job gets of brokers, and how much. */
#include "tests/unit/supervisor/brokersrig.h"

TestSuite(brokers_limits, .init = set_up, .fini = tear_down);

Test(brokers_limits, a_channel_may_write)
{
	brokers_open(brokers, 1, "a", 1, "h");
	child->ops->ready(child->arg);
	cr_expect_eq(child->flags, CHANNEL_EVERYTHING);
}

Test(brokers_limits, a_channel_of_a_dry_run_may_not)
{
	set_dry();
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

Test(brokers_limits, registries_of_a_run_are_limited)
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

Test(brokers_limits, are_limited)
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

Test(brokers_limits, a_job_waits_once)
{
	brokers_open(brokers, 1, "a", 1, "h");
	brokers_open(brokers, 1, "a", 2, "h");
	cr_expect_eq(refusals, 1);
	cr_expect_not_null(strstr(refusal.text, "already waiting"));
	brokers_open(brokers, 2, "a", 1, "not a name/");
	cr_expect_eq(refusals, 2);
	cr_expect_eq(refusal.kind, ERROR_INPUT);
}

Test(brokers_limits, attached_names_a_channel_that_was_sent)
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

Test(brokers_limits, one_that_keeps_dying_is_left_alone)
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
Test(brokers_limits, one_that_dies_is_replaced)
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
