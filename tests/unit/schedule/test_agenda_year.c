/* SPDX-License-Identifier: Apache-2.0 */
/* test_agenda_year.c - a year of several schedules: each run exactly once. */
#include <criterion/criterion.h>

#include "tests/unit/schedule/agendarig.h"

#define BERLIN "TZ=Europe/Berlin "
#define NEW_YORK "TZ=America/New_York "
#define LORD_HOWE "TZ=Australia/Lord_Howe "
#define KATHMANDU "TZ=Asia/Kathmandu "

static struct one {
	const char *text;
	size_t runs;		/* in 2026, behind its first moment */
	struct schedule *schedule;
	struct agenda_log log;
} all[] = {
	{ .text = BERLIN "30 2 * * *", .runs = 365 },
	{ .text = BERLIN "@hourly", .runs = 8759 },
	/* Six in the hour that is left out are one with that of 03:00. */
	{ .text = BERLIN "*/10 1-3 * * *", .runs = 365 * 18 - 7 },
	{ .text = NEW_YORK "15 */2 * * *", .runs = 365 * 12 },
	{ .text = NEW_YORK "0 9 * * mon-fri", .runs = 261 },
	{ .text = LORD_HOWE "45 1 * * *", .runs = 365 },
	{ .text = LORD_HOWE "*/15 * * * *", .runs = 35039 },
	{ .text = KATHMANDU "0 0 1 * *", .runs = 12 },
	{ .text = KATHMANDU "0 12 13 * fri", .runs = 61 },
	{ .text = "TZ=UTC @daily", .runs = 364 },
	{ .text = "TZ=UTC */20 * 29 2 *", .runs = 0 },
	{ .text = "@every 90m", .runs = 5839 },
};
#define ALL (sizeof(all) / sizeof(all[0]))

Test(agenda_year, each_run_exactly_once)
{
	int64_t at, end;

	rig_begin("2026-01-01T00:00:00");
	for (size_t i = 0; i < ALL; i++)
		all[i].schedule = rig_add(all[i].text, 0, &all[i].log);
	at = clock_wall();
	rig_pass(365 * DAY - NS_PER_MS);
	end = clock_wall();
	for (size_t i = 0; i < ALL; i++) {
		const struct agenda_log *log = &all[i].log;

		cr_expect_eq(log->n, all[i].runs, "%s: %zu", all[i].text,
		    log->n);
		at = rig_time("2026-01-01T00:00:00");
		for (size_t n = 0; n < log->n; n++) {
			cr_assert_eq(schedule_next(all[i].schedule, at, &at),
			    0);
			cr_assert_eq(log->due[n], at, "%s", all[i].text);
			cr_assert_geq(log->wall[n], at);
			cr_assert_leq(log->wall[n], at + NS_PER_MS);
		}
		cr_assert_eq(schedule_next(all[i].schedule, at, &at), 0);
		cr_expect_gt(at, end, "%s", all[i].text);
		schedule_unref(all[i].schedule);
	}
	rig_end();
}
