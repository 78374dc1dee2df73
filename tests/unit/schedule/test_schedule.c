/* SPDX-License-Identifier: Apache-2.0 */
/* test_schedule.c - schedules as they are written, and when they run. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "supervisor/schedule/schedule.h"

static struct schedule *
parse(const char *text)
{
	struct error err = { 0 };
	struct schedule *s = schedule_parse(text, &err);

	cr_assert_not_null(s, "%s: %s", text, err.text);
	return s;
}

static void
refused(const char *text, const char *want)
{
	struct error err = { 0 };

	cr_assert_null(schedule_parse(text, &err), "%s", text);
	cr_expect_str_eq(err.text, want);
}

/* Seconds of a time in UTC such as "2026-03-29T00:59:00". */
static int64_t
seconds(const char *text)
{
	struct tm tm = { 0 };

	cr_assert_not_null(strptime(text, "%Y-%m-%dT%H:%M:%S", &tm));
	return timegm(&tm);
}

/* From a time in UTC on, the next runs in the schedule's zone, without the
 * date of the first and seconds: "03-29T03:00+02:00" each. */
static void
runs(const char *text, const char *from, const char *want)
{
	struct schedule *s = parse(text);
	int64_t at = seconds(from) * NS_PER_S;
	char out[1024] = "";
	struct buffer b;

	for (size_t n = strlen(want); n > strlen(out);) {
		cr_assert_eq(schedule_next(s, at, &at), 0);
		buffer_init(&b, 0);
		schedule_time(s, at, &b);
		strncat(out, buffer_str(&b) + 5, 11);
		strcat(out, buffer_str(&b) + 19);
		strcat(out, strlen(out) < n ? " " : "");
		buffer_free(&b);
	}
	cr_expect_str_eq(out, want, "%s: %s", text, out);
	schedule_unref(s);
}

#define BERLIN "TZ=Europe/Berlin "

Test(schedule, fixed_hours_while_clocks_are_put_forward)
{
	runs(BERLIN "30 2 * * *", "2026-03-28T00:00:00", "03-28T02:30+01:00 "
	    "03-29T03:00+02:00 03-30T02:30+02:00");
	/* Several that do not exist are one. */
	runs(BERLIN "*/20 2 * * *", "2026-03-28T01:30:00", "03-28T02:40+01:00 "
	    "03-29T03:00+02:00 03-30T02:00+02:00");
	/* And the one at that moment is the same. */
	runs(BERLIN "0 2,3 * * *", "2026-03-29T00:00:00", "03-29T03:00+02:00 "
	    "03-30T02:00+02:00");
	runs(BERLIN "0 */2 * * *", "2026-03-28T23:00:00", "03-29T03:00+02:00 "
	    "03-29T04:00+02:00");
	/* All of a day is left out. */
	runs("TZ=Pacific/Apia 0 5 * * *", "2011-12-29T00:00:00",
	    "12-29T05:00-10:00 12-31T00:00+14:00 12-31T05:00+14:00");
	/* At midnight. */
	runs("TZ=America/Santiago @daily", "2026-09-05T00:00:00",
	    "09-05T00:00-04:00 09-06T01:00-03:00 09-07T00:00-03:00");
}

Test(schedule, fixed_hours_while_clocks_are_put_back)
{
	runs(BERLIN "30 2 * * *", "2026-10-24T00:00:00", "10-24T02:30+02:00 "
	    "10-25T02:30+02:00 10-26T02:30+01:00");
	runs(BERLIN "*/30 2,3 * * *", "2026-10-24T23:00:00",
	    "10-25T02:00+02:00 10-25T02:30+02:00 10-25T03:00+01:00 "
	    "10-25T03:30+01:00 10-26T02:00+01:00");
	/* From within the second pass. */
	runs(BERLIN "45 2 * * *", "2026-10-25T01:15:00", "10-26T02:45+01:00");
	runs("TZ=Australia/Lord_Howe 45 1 * * *", "2026-04-03T16:00:00",
	    "04-05T01:45+11:00 04-06T01:45+10:30");
}

Test(schedule, all_hours_go_on_as_time_does)
{
	runs(BERLIN "@hourly", "2026-03-28T23:30:00", "03-29T01:00+01:00 "
	    "03-29T03:00+02:00 03-29T04:00+02:00");
	runs(BERLIN "30 * * * *", "2026-03-29T00:00:00", "03-29T01:30+01:00 "
	    "03-29T03:30+02:00");
	runs(BERLIN "*/30 * * * *", "2026-10-24T23:45:00", "10-25T02:00+02:00 "
	    "10-25T02:30+02:00 10-25T02:00+01:00 10-25T02:30+01:00 "
	    "10-25T03:00+01:00");
	runs("TZ=Australia/Lord_Howe */30 * * * *", "2026-04-04T14:15:00",
	    "04-05T01:30+11:00 04-05T01:30+10:30 04-05T02:00+10:30");
	runs("TZ=Australia/Lord_Howe */15 * * * *", "2026-10-03T15:14:00",
	    "10-04T01:45+10:30 10-04T02:30+11:00 10-04T02:45+11:00");
}

Test(schedule, zones)
{
	runs("TZ=UTC 0 3 * * *", "2026-03-29T00:00:00", "03-29T03:00Z");
	runs("CRON_TZ=Asia/Kathmandu 0 3 * * *", "2026-03-29T00:00:00",
	    "03-30T03:00+05:45");
	runs(" TZ=America/New_York\t  @daily ", "2026-03-29T00:00:00",
	    "03-29T00:00-04:00");
	setenv("TZ", "XXX3", 1);
	tzset();
	runs("0 3 * * *", "2026-03-29T00:00:00", "03-29T03:00-03:00");
	runs("TZ=Local 0 3 * * *", "2026-03-29T00:00:00", "03-29T03:00-03:00");
}

Test(schedule, shorthands)
{
	runs("TZ=UTC @yearly", "2026-03-29T00:00:00", "01-01T00:00Z");
	runs("TZ=UTC @annually", "2026-03-29T00:00:00", "01-01T00:00Z");
	runs("TZ=UTC @monthly", "2026-03-29T00:00:00",
	    "04-01T00:00Z 05-01T00:00Z");
	runs("TZ=UTC @weekly", "2026-03-29T00:00:00",
	    "04-05T00:00Z 04-12T00:00Z");
	runs("TZ=UTC @Daily", "2026-03-29T00:00:00",
	    "03-30T00:00Z 03-31T00:00Z");
	runs("TZ=UTC @midnight", "2026-03-29T00:00:00", "03-30T00:00Z");
	runs("TZ=UTC @hourly", "2026-03-29T00:00:00",
	    "03-29T01:00Z 03-29T02:00Z");
}

Test(schedule, next_is_later)
{
	struct schedule *s = parse("TZ=UTC * * * * *");
	int64_t next;

	cr_assert_eq(schedule_next(s, 60 * NS_PER_S - 1, &next), 0);
	cr_expect_eq(next, 60 * NS_PER_S);
	cr_assert_eq(schedule_next(s, 60 * NS_PER_S, &next), 0);
	cr_expect_eq(next, 120 * NS_PER_S);
	cr_assert_eq(schedule_next(s, -1, &next), 0);
	cr_expect_eq(next, 0);
	cr_assert_eq(schedule_next(s, -60 * NS_PER_S - 1, &next), 0);
	cr_expect_eq(next, -60 * NS_PER_S);
	schedule_unref(s);
	s = parse("@yearly");
	cr_expect_eq(schedule_next(s, INT64_MAX, &next), -1);
	cr_expect_eq(schedule_next(s, INT64_MIN, &next), 0);
	schedule_unref(s);
	s = schedule_every(INT64_MAX);
	cr_expect_eq(schedule_next(s, INT64_MAX, &next), -1);
	schedule_unref(s);
}

static void
every(struct schedule *s, int64_t want, const char *text)
{
	int64_t next;

	cr_expect_eq(schedule_interval(s), want, "%s", text);
	cr_expect_str_eq(schedule_text(s), text);
	cr_assert_eq(schedule_next(s, 1000 * NS_PER_S + 670 * NS_PER_MS, &next),
	    0);
	cr_expect_eq(next, 1000 * NS_PER_S + want);
	schedule_unref(s);
}

Test(schedule, intervals)
{
	struct schedule *s = parse("TZ=UTC @hourly");

	every(parse("@every 90s"), 90 * NS_PER_S, "@every 90s");
	every(parse("@EVERY  1h1s "), 3601 * NS_PER_S, "@EVERY  1h1s ");
	every(parse("TZ=UTC @every 2600ms"), 2 * NS_PER_S,
	    "TZ=UTC @every 2600ms");
	every(parse("@every 0"), NS_PER_S, "@every 0");
	every(schedule_every(90 * NS_PER_S), 90 * NS_PER_S, "@every 1m30s");
	every(schedule_every(1), NS_PER_S, "@every 1s");
	cr_expect_eq(schedule_interval(s), 0);
	schedule_unref(schedule_ref(s));
	cr_expect_str_eq(schedule_text(s), "TZ=UTC @hourly");
	schedule_unref(s);
	cr_expect_null(schedule_ref(NULL));
	schedule_unref(NULL);
}

Test(schedule, refused)
{
	char text[SCHEDULE_MAX + 2];

	refused("TZ=UTC", "it says no time, expected five fields such as "
	    "\"0 3 * * *\", or \"@daily\"");
	refused("TZ=UTC ", "it says no time, expected five fields such as "
	    "\"0 3 * * *\", or \"@daily\"");
	refused(" ", "it says no time, expected five fields such as "
	    "\"0 3 * * *\", or \"@daily\"");
	refused("TZ= 0 3 * * *", "TZ= names no time zone, expected one such as "
	    "Europe/Berlin");
	refused("CRON_TZ=", "CRON_TZ= names no time zone, expected one such as "
	    "Europe/Berlin");
	refused("TZ=../etc @daily", "\"../etc\" is not the name of a time "
	    "zone, expected one such as Europe/Berlin");
	refused("@every", "@every has no duration, expected one such as "
	    "\"@every 90m\"");
	refused("@every soon", "invalid duration \"soon\", expected a number "
	    "with a unit such as \"90s\", \"5m\" or \"1h30m\"");
	refused("@every -1h", "expected a duration that is not negative");
	refused("@reboot", "there is no @reboot, use the key \"runAtStart\"");
	refused("@dayly", "\"@dayly\" is not known, did you mean \"@daily\"?");
	refused("@lunch", "\"@lunch\" is not known, expected @hourly, "
	    "@daily, @weekly, @monthly, @yearly or @every with a duration");
	refused("0 3 * *", "4 fields, expected five: minute, hour, day of the "
	    "month, month, day of the week");
	memset(text, ' ', sizeof(text));
	memcpy(text, "@daily", 6);
	text[SCHEDULE_MAX] = '\0';
	schedule_unref(parse(text));
	text[SCHEDULE_MAX] = ' ';
	text[SCHEDULE_MAX + 1] = '\0';
	refused(text, "it is longer than 1024 bytes, which is the limit");
}
