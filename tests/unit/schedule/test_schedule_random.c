/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_schedule_random.c - random schedules against a walk over all minutes of
 * a year, which knows nothing but what clocks show. SCHEDULE_SEED changes the
 * schedules.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "supervisor/schedule/schedule.h"

#define MINUTES (400 * 24 * 60)
#define EACH 25		/* schedules in a zone */

/* What a clock shows, minute by minute. */
struct shown {
	int64_t local;		/* minutes since 1970, as if it were UTC */
	struct tm tm;
};

/* Random fields, and how they are written. */
struct random_cron {
	bool minute[60], hour[24], day[32], month[13], weekday[7];
	bool any_day, any_weekday;
	char text[1024];
};

static struct shown shown[MINUTES];
static int64_t runs[MINUTES];	/* what the walk has found, in minutes */
static size_t nruns;
static uint64_t state;

static unsigned
draw(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 32) % below;
}

static void
look_at_clocks(const char *zone, int64_t from)
{
	setenv("TZ", zone, 1);
	tzset();
	for (size_t i = 0; i < MINUTES; i++) {
		time_t t = (time_t)((from + (int64_t)i) * 60);

		cr_assert_not_null(localtime_r(&t, &shown[i].tm));
		cr_assert_eq(shown[i].tm.tm_sec, 0);
		cr_assert_eq(shown[i].tm.tm_gmtoff % 60, 0);
		shown[i].local = from + (int64_t)i + shown[i].tm.tm_gmtoff / 60;
	}
	unsetenv("TZ");
	tzset();
}

/* One entry of a list, and what it stands for. */
static void
entry(bool *set, unsigned min, unsigned max, char *out, size_t size)
{
	unsigned a = min + draw(max - min + 1), b = a + draw(max - a + 1);
	unsigned step = 1 + draw(draw(2) == 0 ? 3 : max);

	switch (draw(4)) {
	case 0:
	case 1:
		snprintf(out, size, "%u", a);
		set[a] = true;
		return;
	case 2:
		snprintf(out, size, "%u-%u", a, b);
		step = 1;
		break;
	default:
		switch (draw(3)) {
		case 0:
			snprintf(out, size, "%u-%u/%u", a, b, step);
			break;
		case 1:
			snprintf(out, size, "%u/%u", a, step);
			b = max;
			break;
		default:
			if (step == 1)
				step = 2;
			snprintf(out, size, "*/%u", step);
			a = min;
			b = max;
		}
	}
	for (; a <= b; a += step)
		set[a] = true;
}

static bool
any(bool *set, unsigned min, unsigned max, unsigned chance, char *out,
    size_t size)
{
	char one[32];

	out += strlen(out);
	if (draw(100) < chance) {
		snprintf(out, size, "%s ", draw(4) == 0 ? "?" : "*");
		for (unsigned i = min; i <= max; i++)
			set[i] = true;
		return true;
	}
	for (unsigned n = 1 + draw(3); n != 0; n--) {
		entry(set, min, max, one, sizeof(one));
		strcat(out, one);
		strcat(out, n != 1 ? "," : " ");
	}
	return false;
}

static void
make(struct random_cron *c, const char *zone)
{
	memset(c, 0, sizeof(*c));
	snprintf(c->text, 200, "TZ=%s ", zone);
	any(c->minute, 0, 59, 10, c->text, 100);
	any(c->hour, 0, 23, 30, c->text, 100);
	c->any_day = any(c->day, 1, 31, 60, c->text, 100);
	any(c->month, 1, 12, 70, c->text, 100);
	c->any_weekday = any(c->weekday, 0, 6, 60, c->text, 100);
}

static bool
matches(const struct random_cron *c, const struct tm *tm)
{
	bool d = c->day[tm->tm_mday], w = c->weekday[tm->tm_wday];

	return c->minute[tm->tm_min] && c->hour[tm->tm_hour] &&
	    c->month[tm->tm_mon + 1] &&
	    (c->any_day ? w : c->any_weekday ? d : d || w);
}

static bool
names_hours(const struct random_cron *c)
{
	for (int i = 0; i < 24; i++)
		if (!c->hour[i])
			return true;
	return false;
}

/* A clock is put forward from last to now: is something left out? */
static bool
left_out(const struct random_cron *c, int64_t last, int64_t now)
{
	struct tm tm;
	time_t t;

	while (++last < now) {
		t = (time_t)(last * 60);
		gmtime_r(&t, &tm);
		if (matches(c, &tm))
			return true;
	}
	return false;
}

static void
walk(const struct random_cron *c, int64_t from)
{
	int64_t last = shown[0].local;
	bool named = names_hours(c), run;

	nruns = 0;
	for (size_t i = 1; i < MINUTES; i++) {
		run = matches(c, &shown[i].tm);
		if (named && shown[i].local <= last)
			run = false;
		else if (named && left_out(c, last, shown[i].local))
			run = true;
		if (run)
			runs[nruns++] = from + (int64_t)i;
		if (shown[i].local > last)
			last = shown[i].local;
	}
}

static void
compare(const struct random_cron *c, int64_t from)
{
	struct error err = { 0 };
	struct schedule *s = schedule_parse(c->text, &err);
	int64_t at = from * 60 * NS_PER_S, next;

	if (s == NULL) {
		cr_assert_eq(nruns, 0, "%s: %s", c->text, err.text);
		return;
	}
	for (size_t i = 0; i < nruns; i++) {
		cr_assert_eq(schedule_next(s, at, &at), 0);
		cr_assert_eq(at, runs[i] * 60 * NS_PER_S, "%s: run %zu at %lld "
		    "instead of %lld", c->text, i, (long long)(at / NS_PER_S),
		    (long long)runs[i] * 60);
	}
	cr_assert_eq(schedule_next(s, at, &at), 0);
	cr_assert_geq(at, (from + MINUTES) * 60 * NS_PER_S, "%s", c->text);
	/* And from anywhere. */
	for (int i = 0; i < 50 && nruns != 0; i++) {
		size_t n = draw((unsigned)nruns);
		int64_t before = n != 0 ? runs[n - 1] : from;
		int64_t part = draw((unsigned)(runs[n] - before) * 60);

		at = (before * 60 + part) * NS_PER_S + draw(NS_PER_S - 1);
		cr_assert_eq(schedule_next(s, at, &next), 0);
		cr_assert_eq(next, runs[n] * 60 * NS_PER_S, "%s from %lld",
		    c->text, (long long)(at / NS_PER_S));
	}
	schedule_unref(s);
}

static void
try_zone(const char *zone, int year)
{
	int64_t from = timegm(&(struct tm){ .tm_year = year - 1900,
	    .tm_mday = 1 }) / 60;
	const char *seed = getenv("SCHEDULE_SEED");
	struct random_cron c;

	state = (seed != NULL ? strtoull(seed, NULL, 10) :
	    88172645463325252u) | 1;
	look_at_clocks(zone, from);
	for (int i = 0; i < EACH; i++) {
		make(&c, zone);
		walk(&c, from);
		compare(&c, from);
	}
}

Test(schedule_random, berlin)
{
	try_zone("Europe/Berlin", 2026);
}

Test(schedule_random, new_york)
{
	try_zone("America/New_York", 2027);
}

/* Half an hour. */
Test(schedule_random, lord_howe)
{
	try_zone("Australia/Lord_Howe", 2026);
}

Test(schedule_random, kathmandu)
{
	try_zone("Asia/Kathmandu", 2026);
}

Test(schedule_random, utc)
{
	try_zone("UTC", 2028);
}

/* At midnight. */
Test(schedule_random, santiago)
{
	try_zone("America/Santiago", 2026);
}

/* Four changes a year. */
Test(schedule_random, casablanca)
{
	try_zone("Africa/Casablanca", 2026);
}

/* Two hours. */
Test(schedule_random, troll)
{
	try_zone("Antarctica/Troll", 2026);
}

/* A whole day is left out. */
Test(schedule_random, apia)
{
	try_zone("Pacific/Apia", 2011);
}

/* The rules of the far future. */
Test(schedule_random, sydney)
{
	try_zone("Australia/Sydney", 2199);
}
