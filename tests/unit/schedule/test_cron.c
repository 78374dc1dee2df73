/* SPDX-License-Identifier: Apache-2.0 */
/* test_cron.c - the five fields, and what is wrong with others. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/bounds.h"
#include "supervisor/schedule/cron.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY ((int64_t)24 * HOUR)

static struct cron
parse(const char *text)
{
	struct error err = { 0 };
	struct cron c;

	cr_assert_eq(cron_parse(text, &c, &err), 0, "%s: %s", text, err.text);
	return c;
}

static void
refused(const char *text, const char *want)
{
	struct error err = { 0 };
	struct cron c;

	cr_assert_eq(cron_parse(text, &c, &err), -1, "%s", text);
	cr_expect_str_eq(err.text, want);
}

static uint64_t
bits(unsigned first, unsigned last, unsigned step)
{
	uint64_t b = 0;

	for (; first <= last; first += step)
		b |= 1ull << first;
	return b;
}

/* The one field of that number as text; all others are "*". */
static uint64_t
field(int n, const char *text)
{
	const char *part[5] = { "*", "*", "*", "*", "*" };
	char all[256];
	struct cron c;

	part[n] = text;
	snprintf(all, sizeof(all), "%s %s %s %s %s", part[0], part[1], part[2],
	    part[3], part[4]);
	c = parse(all);
	return n == 0 ? c.minutes : n == 1 ? c.hours : n == 2 ? c.days :
	    n == 3 ? c.months : c.weekdays;
}

Test(cron, fields)
{
	cr_expect_eq(field(0, "*"), bits(0, 59, 1));
	cr_expect_eq(field(0, "?"), bits(0, 59, 1));
	cr_expect_eq(field(0, "0"), 1);
	cr_expect_eq(field(0, "59"), 1ull << 59);
	cr_expect_eq(field(0, "007"), 1 << 7);
	cr_expect_eq(field(0, "5-10"), bits(5, 10, 1));
	cr_expect_eq(field(0, "5-5"), 1 << 5);
	cr_expect_eq(field(0, "5-10/2"), bits(5, 10, 2));
	cr_expect_eq(field(0, "7/20"), bits(7, 59, 20));
	cr_expect_eq(field(0, "*/15"), bits(0, 59, 15));
	cr_expect_eq(field(0, "?/15"), bits(0, 59, 15));
	cr_expect_eq(field(0, "*/99"), 1);
	cr_expect_eq(field(0, "1,2,40-50/5,*/30"), 6 | bits(40, 50, 5) |
	    bits(0, 59, 30));
	cr_expect_eq(field(1, "*"), bits(0, 23, 1));
	cr_expect_eq(field(2, "*"), bits(1, 31, 1));
	cr_expect_eq(field(2, "*/10"), bits(1, 31, 10));
	cr_expect_eq(field(3, "*"), bits(1, 12, 1));
	cr_expect_eq(field(3, "jan,Mar-MAY,12"), 2 | bits(3, 5, 1) | 1 << 12);
	cr_expect_eq(field(3, "oct/1"), bits(10, 12, 1));
}

Test(cron, sunday_is_0_and_7)
{
	cr_expect_eq(field(4, "*"), bits(0, 6, 1));
	cr_expect_eq(field(4, "0"), 1);
	cr_expect_eq(field(4, "7"), 1);
	cr_expect_eq(field(4, "Sun"), 1);
	cr_expect_eq(field(4, "5-7"), 1 | bits(5, 6, 1));
	cr_expect_eq(field(4, "0-7"), bits(0, 6, 1));
	cr_expect_eq(field(4, "7-7"), 1);
	cr_expect_eq(field(4, "sat-sun"), 1 | 1 << 6);
	cr_expect_eq(field(4, "sun-tue"), bits(0, 2, 1));
	cr_expect_eq(field(4, "mon-fri"), bits(1, 5, 1));
	cr_expect_eq(field(4, "2/2"), bits(2, 6, 2));
	cr_expect_eq(field(4, "*/2"), bits(0, 6, 2));
	cr_expect_eq(field(4, "7/3"), bits(0, 6, 3));
}

Test(cron, days_that_count_alone)
{
	cr_expect(parse("0 0 * * 1").any_day);
	cr_expect(parse("0 0 ? * 1").any_day);
	cr_expect(parse("0 0 */1 * 1").any_day);
	cr_expect(parse("0 0 1,* * 1").any_day);
	cr_expect_not(parse("0 0 */2 * 1").any_day);
	cr_expect_not(parse("0 0 1-31 * 1").any_day);
	cr_expect(parse("0 0 1 * *").any_weekday);
	cr_expect_not(parse("0 0 1 * 0-6").any_weekday);
	cr_expect(cron_all_hours((struct cron[]){ parse("5 * * * *") }));
	cr_expect(cron_all_hours((struct cron[]){ parse("5 0-23 * * *") }));
	cr_expect_not(cron_all_hours((struct cron[]){ parse("5 */2 * * *") }));
}

#define EXPECTED(values, example) \
	" is not valid, expected " values ", ranges such as " example \
	", steps such as */2, or *"
#define MINUTES EXPECTED("0-59", "0-4")

Test(cron, wrong_fields)
{
	refused("60 * * * *", "minute \"60\"" MINUTES);
	refused("-1 * * * *", "minute \"-1\"" MINUTES);
	refused("5- * * * *", "minute \"5-\"" MINUTES);
	refused("1-2-3 * * * *", "minute \"1-2-3\"" MINUTES);
	refused("1,,2 * * * *", "minute \"\"" MINUTES);
	refused(", * * * *", "minute \"\"" MINUTES);
	refused("** * * * *", "minute \"**\"" MINUTES);
	refused("*-5 * * * *", "minute \"*-5\"" MINUTES);
	refused("+5 * * * *", "minute \"+5\"" MINUTES);
	refused("4294967296 * * * *", "minute \"4294967296\"" MINUTES);
	refused("jan * * * *", "minute \"jan\"" MINUTES);
	refused("0 24 * * *", "hour \"24\"" EXPECTED("0-23", "0-4"));
	refused("0 0 0 * *", "day of the month \"0\"" EXPECTED("1-31", "1-5"));
	refused("0 0 32 * *", "day of the month \"32\""
	    EXPECTED("1-31", "1-5"));
	refused("0 0 L * *", "day of the month \"L\"" EXPECTED("1-31", "1-5"));
	refused("0 0 * 13 *", "month \"13\""
	    EXPECTED("1-12 or jan-dec", "1-5"));
	refused("0 0 * janu *", "month \"janu\""
	    EXPECTED("1-12 or jan-dec", "1-5"));
	refused("0 0 * * 8", "day of the week \"8\""
	    EXPECTED("0-7 or sun-sat", "0-4"));
	refused("0 0 * * mo", "day of the week \"mo\""
	    EXPECTED("0-7 or sun-sat", "0-4"));
	refused("10-5 * * * *", "the range \"10-5\" of the minute ends before "
	    "it begins");
	refused("0 0 * * fri-mon", "the range \"fri-mon\" of the day of the "
	    "week ends before it begins");
}

Test(cron, wrong_steps)
{
#define STEP(item) "the step in \"" item "\" of the minute is not a number " \
	"from 1 on"
	refused("*/0 * * * *", STEP("*/0"));
	refused("*/ * * * *", STEP("*/"));
	refused("*/-1 * * * *", STEP("*/-1"));
	refused("*/x * * * *", STEP("*/x"));
	refused("*/5/5 * * * *", STEP("*/5/5"));
	refused("*/99999999999 * * * *", STEP("*/99999999999"));
	refused("/5 * * * *", "minute \"/5\"" MINUTES);
}

Test(cron, five_fields)
{
#define FIVE "expected five: minute, hour, day of the month, month, day of " \
	"the week"
	refused("* * * *", "4 fields, " FIVE);
	refused("*", "1 field, " FIVE);
	refused("", "0 fields, " FIVE);
	refused("0 * * * * *", "6 fields, " FIVE " (there are no seconds and "
	    "no years)");
	cr_expect_eq(parse(" 1\t2   3 4 *\t ").minutes, 2);
}

Test(cron, limits)
{
	char text[CRON_ITEMS_MAX * 2 + 32] = "0";
	struct error err;
	struct cron c;

	for (unsigned i = 1; i < CRON_ITEMS_MAX; i++)
		strcat(text, ",0");
	strcat(text, " * * * *");
	cr_expect_eq(parse(text).minutes, 1);
	memmove(text + 2, text, strlen(text) + 1);
	cr_assert_eq(cron_parse(text, &c, &err), -1);
	cr_expect_eq(err.kind, ERROR_LIMIT);
	cr_expect_str_eq(err.text, "the minute has more than 64 entries, which "
	    "is the limit");
}

Test(cron, days_that_do_not_exist)
{
	static const char never[] = "it never happens: none of these months "
	    "has such a day";

	refused("0 0 30 2 *", never);
	refused("0 0 31 feb,4,6,9,11 *", never);
	refused("0 0 30-31 2 ?", never);
	parse("0 0 29 2 *");
	parse("0 0 30 2,3 *");
	parse("0 0 31 2 mon");	/* Mondays of February */
}

/* 1970-01-01 was a Thursday. */
Test(cron, calendar)
{
	struct cron c = parse("30 6 * * *");

	cr_expect_eq(cron_from(&c, 0), 6 * HOUR + 30 * MINUTE);
	cr_expect_eq(cron_from(&c, 6 * HOUR + 30 * MINUTE),
	    6 * HOUR + 30 * MINUTE);
	cr_expect_eq(cron_from(&c, 6 * HOUR + 30 * MINUTE + 1),
	    DAY + 6 * HOUR + 30 * MINUTE);
	cr_expect_eq(cron_from(&c, -1), 6 * HOUR + 30 * MINUTE);
	cr_expect_eq(cron_from(&c, -DAY - 1), -DAY + 6 * HOUR + 30 * MINUTE);
	c = parse("* * * * *");
	cr_expect_eq(cron_from(&c, DAY - 1), DAY);
	c = parse("0 0 1 1 *");
	cr_expect_eq(cron_from(&c, 1), 365 * DAY);
	c = parse("0 0 * * mon");
	cr_expect_eq(cron_from(&c, 0), 4 * DAY);
	c = parse("0 0 3 * mon");	/* either */
	cr_expect_eq(cron_from(&c, 0), 2 * DAY);
	cr_expect_eq(cron_from(&c, 3 * DAY), 4 * DAY);
	c = parse("0 0 */2 * mon");	/* either: 1, 3, 5 and Mondays */
	cr_expect_eq(cron_from(&c, 1), 2 * DAY);
	/* From 2096-02-29 to 2104-02-29, as 2100 is no leap year. */
	c = parse("0 0 29 2 *");
	cr_expect_eq(cron_from(&c, 3981312000 + 1), 4233686400);
}
