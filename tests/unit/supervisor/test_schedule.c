/* SPDX-License-Identifier: Apache-2.0 */
/* test_schedule.c - intervals and the seconds that runs start on. */
#include <criterion/criterion.h>
#include <string.h>

#include "common/clock.h"
#include "supervisor/schedule.h"

static int
interval_of(int64_t interval, const char *schedule, int64_t *out,
    struct error *err)
{
	struct config_script s = { .interval = interval,
	    .schedule = (char *)schedule };

	return schedule_interval(&s, out, err);
}

Test(schedule, intervals)
{
	struct error err;
	int64_t ns = 0;

	cr_assert_eq(interval_of(90 * NS_PER_S, "", &ns, &err), 0);
	cr_assert_eq(ns, 90 * NS_PER_S);
	cr_assert_eq(interval_of(1, "", &ns, &err), 0);
	cr_assert_eq(ns, NS_PER_S);
	cr_assert_eq(interval_of(2600 * NS_PER_MS, "", &ns, &err), 0);
	cr_assert_eq(ns, 2 * NS_PER_S);
	/* The schedule beats the interval. */
	cr_assert_eq(interval_of(NS_PER_S, "@every 1m", &ns, &err), 0);
	cr_assert_eq(ns, 60 * NS_PER_S);
	cr_assert_eq(interval_of(0, "", &ns, &err), -1);
	cr_assert_eq(err.kind, ERROR_NOT_FOUND);
	cr_assert_eq(interval_of(NS_PER_S, "0 3 * * *", &ns, &err), -1);
	cr_assert_eq(err.kind, ERROR_INPUT);
	cr_assert_eq(interval_of(0, "@every soon", &ns, &err), -1);
	cr_assert_eq(err.kind, ERROR_INPUT);
}

Test(schedule, runs_start_on_a_whole_second)
{
	int64_t two = 2 * NS_PER_S, wall = 1000 * NS_PER_S + 670 * NS_PER_MS;

	cr_assert_eq(schedule_delay(two, wall), two - 670 * NS_PER_MS);
	cr_assert_eq(schedule_delay(two, 1000 * NS_PER_S), two);
	/* A run seen 5 ms early is the run of the next second. */
	cr_assert_eq(schedule_delay(two, 1000 * NS_PER_S - 5 * NS_PER_MS),
	    two + 5 * NS_PER_MS);
}
