/* SPDX-License-Identifier: Apache-2.0 */
/* test_agenda.c - suspension, clocks that are set, and runs put off. */
#include <criterion/criterion.h>

#include "tests/unit/schedule/agendarig.h"

static struct agenda_log seen, other;

/* So many came, the last one due then, and not later than that. */
static void
came(const struct agenda_log *l, size_t n, const char *due, int64_t late)
{
	cr_assert_eq(l->n, n, "%zu", l->n);
	cr_expect_eq(l->due[n - 1], rig_time(due));
	cr_expect_geq(l->wall[n - 1], l->due[n - 1]);
	cr_expect_leq(l->wall[n - 1], l->due[n - 1] + late);
}

Test(agenda, runs_at_its_times)
{
	struct schedule *s, *t;

	rig_begin("2026-11-24T10:59:59");
	s = rig_add("TZ=UTC @hourly", 0, &seen);
	t = rig_add("TZ=UTC 30 11,12 * * *", 0, &other);
	rig_pass(NS_PER_S - NS_PER_MS);
	cr_expect_eq(seen.n, 0);
	rig_pass(2 * NS_PER_MS);
	came(&seen, 1, "2026-11-24T11:00:00", NS_PER_MS);
	rig_pass(2 * HOUR);
	came(&seen, 3, "2026-11-24T13:00:00", NS_PER_MS);
	came(&other, 2, "2026-11-24T12:30:00", NS_PER_MS);
	agenda_stop(rig.agenda);
	rig_pass(DAY);
	cr_expect_eq(seen.n, 3);
	rig_end();
	schedule_unref(s);
	schedule_unref(t);
}

Test(agenda, what_was_missed_in_suspension_runs_once)
{
	struct schedule *s, *t, *u;
	static struct agenda_log last;
	int64_t end;

	rig_begin("2026-11-24T10:30:00");
	s = rig_add("TZ=UTC @hourly", 0, &seen);
	t = rig_add("@every 3h", 0, &other);
	u = rig_add("@every 30h", 0, &last);
	rig_pass(MINUTE);
	rig_suspend(DAY);
	end = clock_wall();
	rig_pass(2 * MINUTE);
	came(&seen, 1, "2026-11-24T11:00:00", DAY);
	cr_expect_leq(seen.wall[0], end + AGENDA_LOOK_S * NS_PER_S);
	came(&other, 1, "2026-11-24T13:30:00", DAY);
	rig_pass(HOUR);
	came(&seen, 2, "2026-11-25T11:00:00", NS_PER_MS);
	rig_pass(2 * HOUR);
	cr_assert_eq(other.n, 2);
	cr_expect_eq(other.boot[1], other.boot[0] + 3 * HOUR);
	rig_pass(3 * HOUR);
	came(&last, 1, "2026-11-25T16:30:00", NS_PER_MS);
	rig_end();
	schedule_unref(s);
	schedule_unref(t);
	schedule_unref(u);
}

Test(agenda, a_clock_that_is_put_forward)
{
	struct schedule *s, *t;

	rig_begin("2026-11-24T10:30:00");
	s = rig_add("TZ=UTC @hourly", 0, &seen);
	t = rig_add("@every 3h", 0, &other);
	rig_pass(HOUR);
	came(&seen, 1, "2026-11-24T11:00:00", NS_PER_MS);
	rig.ahead += 400 * DAY;
	rig_pass(2 * MINUTE);
	came(&seen, 2, "2026-11-24T12:00:00", 400 * DAY);
	rig_pass(30 * MINUTE);
	came(&seen, 3, "2027-12-29T12:00:00", NS_PER_MS);
	/* Three hours are three hours. */
	cr_expect_eq(other.n, 0);
	rig_pass(2 * HOUR);
	cr_assert_eq(other.n, 1);
	cr_expect_eq(other.boot[0], 3 * HOUR);
	rig_pass(3 * HOUR);
	cr_assert_eq(other.n, 2);
	cr_expect_eq(other.boot[1], 6 * HOUR);
	rig_end();
	schedule_unref(s);
	schedule_unref(t);
}

Test(agenda, a_clock_that_is_set_back_repeats_nothing)
{
	struct schedule *s, *t;

	rig_begin("2026-11-24T10:30:00");
	s = rig_add("TZ=UTC @hourly", 0, &seen);
	t = rig_add("@every 1h", 0, &other);
	rig_pass(90 * MINUTE + NS_PER_S);
	came(&seen, 2, "2026-11-24T12:00:00", NS_PER_MS);
	cr_expect_eq(other.n, 1);
	rig.ahead -= 2 * HOUR;
	rig_pass(2 * HOUR + 30 * MINUTE);
	cr_expect_eq(seen.n, 2);
	cr_assert_eq(other.n, 4);
	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(other.boot[i], (int64_t)(i + 1) * HOUR);
	rig_pass(30 * MINUTE);
	came(&seen, 3, "2026-11-24T13:00:00", NS_PER_MS);
	rig_end();
	schedule_unref(s);
	schedule_unref(t);
}

Test(agenda, a_clock_that_was_wrong_by_far)
{
	struct schedule *s;

	rig_begin("2036-11-24T10:30:00");
	s = rig_add("TZ=UTC @hourly", 0, &seen);
	rig_pass(HOUR);
	came(&seen, 1, "2036-11-24T11:00:00", NS_PER_MS);
	rig.ahead = rig_time("2026-11-24T10:30:00") - rig.now;
	rig_pass(HOUR);
	came(&seen, 2, "2026-11-24T11:00:00", NS_PER_MS);
	/* Within the limit, and beyond it. */
	rig.ahead -= SET_BACK_MAX_S * NS_PER_S;
	rig_pass(HOUR);
	cr_expect_eq(seen.n, 2);
	rig.ahead -= HOUR + 2 * MINUTE;
	rig_pass(HOUR);
	came(&seen, 3, "2026-11-24T09:00:00", NS_PER_MS);
	rig_end();
	schedule_unref(s);
}

/* A clock that is slowed down or sped up while it is adjusted. */
Test(agenda, a_clock_that_drifts)
{
	struct schedule *s, *t;

	rig_begin("2026-11-24T10:30:00");
	s = rig_add("TZ=UTC * * * * *", 0, &seen);
	t = rig_add("@every 1s", 0, &other);
	for (int i = 0; i < 3600; i++) {
		rig.ahead += i < 1800 ? -4 * NS_PER_MS : 7 * NS_PER_MS;
		rig_pass(NS_PER_S);
	}
	cr_expect_eq(seen.n, 60);
	for (size_t i = 1; i < seen.n; i++)
		cr_expect_eq(seen.due[i], seen.due[i - 1] + MINUTE);
	cr_expect_geq(other.n, 3595);
	cr_expect_leq(other.n, 3605);
	for (size_t i = 1; i < other.n; i++)
		cr_expect_geq(other.boot[i], other.boot[i - 1] + 900 *
		    NS_PER_MS);
	rig_end();
	schedule_unref(s);
	schedule_unref(t);
}

Test(agenda, jitter)
{
	int64_t first = 0, least = HOUR, most = 0, off;
	struct schedule *s, *t;

	rig_begin("2026-11-24T10:30:00");
	s = rig_add("TZ=UTC @hourly", 10 * MINUTE, &seen);
	t = rig_add("@every 1h", 10 * MINUTE, &other);
	rig_pass(200 * HOUR);
	cr_assert_eq(seen.n, 200);
	for (size_t i = 0; i < seen.n; i++) {
		off = seen.due[i] % HOUR;
		first = i == 0 ? off : first;
		least = off < least ? off : least;
		most = off > most ? off : most;
	}
	cr_expect_geq(least, 0);
	cr_expect_lt(least, MINUTE);
	cr_expect_gt(most, 9 * MINUTE);
	cr_expect_lt(most, 10 * MINUTE);
	/* It does not add up. */
	cr_assert_geq(other.n, 199);
	cr_expect_lt(other.boot[198] - 199 * HOUR, 10 * MINUTE);
	rig_end();
	schedule_unref(s);
	schedule_unref(t);
}

/* What comes while a run is put off is left out. */
Test(agenda, jitter_beyond_the_next_time)
{
	struct schedule *s;

	rig_begin("2026-11-24T10:30:00");
	s = rig_add("TZ=UTC */5 * * * *", HOUR, &seen);
	rig_pass(100 * HOUR);
	cr_expect_gt(seen.n, 100);
	cr_expect_lt(seen.n, 300);
	rig_end();
	schedule_unref(s);
	/* Never comes, and nothing overflows. */
	seen.n = 0;
	rig_begin("2026-11-24T10:30:00");
	s = schedule_every(INT64_MAX);
	agenda_add(rig.agenda, s, INT64_MAX, agenda_note, &seen);
	rig_pass(100 * HOUR);
	cr_expect_eq(seen.n, 0);
	rig_end();
	schedule_unref(s);
}
