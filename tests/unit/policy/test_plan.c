/* SPDX-License-Identifier: Apache-2.0 */
/* test_plan.c - how to confine a child: worked out, sent and received. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire/channel.h"
#include "policy/policy.h"

static struct policy_plan plan, got;
static int pair[2];

static void
set_up(void)
{
	struct error err;

	cr_assert_eq(channel_pair(pair, &err), 0);
	cr_assert_eq(policy_plan(POLICY_WORKER, &plan, &err), 0, "%s",
	    err.text);
}

TestSuite(plan, .init = set_up, .timeout = 30);

static void
send_plan(void)
{
	struct message_out o;

	policy_plan_put(&plan, &o);
	cr_assert_eq(message_finish(&o, NULL), 0);
	cr_assert_gt(send(pair[0], o.frame.data, o.frame.len, 0), 0);
	message_out_free(&o);
}

static void
refused(enum policy_role role, const char *why)
{
	struct error err;

	cr_expect_eq(policy_plan_receive(pair[1], role, &got, &err), -1);
	cr_expect_not_null(strstr(err.text, why), "%s", err.text);
}

Test(plan, arrives_as_it_was_sent)
{
	struct error err;

	send_plan();
	cr_assert_eq(policy_plan_receive(pair[1], POLICY_WORKER, &got, &err),
	    0, "%s", err.text);
	cr_expect_eq(got.len, plan.len);
	cr_expect_arr_eq(got.filter, plan.filter,
	    plan.len * sizeof(plan.filter[0]));
	cr_expect_eq(got.flags, plan.flags);
	cr_expect_eq(got.uid, plan.uid);
	cr_expect_eq(got.gid, plan.gid);
}

/* A worker would have a broker's filter, which allows more. */
Test(plan, is_for_its_role_only)
{
	send_plan();
	refused(POLICY_BROKER, "no plan for this process");
	plan.role = POLICY_BROKER;
	send_plan();
	refused(POLICY_WORKER, "no plan for this process");
}

Test(plan, must_have_a_filter)
{
	plan.len = 0;
	send_plan();
	refused(POLICY_WORKER, "no plan for this process");
}

Test(plan, must_come)
{
	cr_assert_eq(send(pair[0], "x", 1, 0), 1);
	refused(POLICY_WORKER, "out of bounds");
	close(pair[0]);
	refused(POLICY_WORKER, "cannot read from the supervisor");
}
