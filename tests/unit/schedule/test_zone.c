/* SPDX-License-Identifier: Apache-2.0 */
/* test_zone.c - zones of the system, and names that are none. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/error.h"
#include "supervisor/schedule/zone.h"

#define HOUR 3600

static struct zone *
zone(const char *name)
{
	struct error err = { 0 };
	struct zone *z = zone_open(name, &err);

	cr_assert_not_null(z, "%s", err.text);
	return z;
}

static void
refused(const char *name, const char *want)
{
	struct error err = { 0 };

	cr_assert_null(zone_open(name, &err), "%s", name);
	cr_expect_eq(err.kind, ERROR_INPUT);
	cr_expect_str_eq(err.text, want);
}

/* In 2026, Berlin puts clocks forward on 29 March and back on 25 October, both
 * at 01:00 UTC. */
#define FORWARD 1774746000
#define BACK 1792890000

Test(zone, offsets)
{
	struct zone *z = zone("Europe/Berlin");
	int64_t end;

	cr_expect_eq(zone_offset(z, FORWARD - 1, &end), HOUR);
	cr_expect_eq(end, FORWARD);
	cr_expect_eq(zone_offset(z, FORWARD, &end), 2 * HOUR);
	cr_expect_eq(end, BACK);
	cr_expect_eq(zone_offset(z, BACK - 1, &end), 2 * HOUR);
	cr_expect_eq(zone_offset(z, BACK, &end), HOUR);
	cr_expect_gt(end, BACK);
	/* Long before and after, and back. */
	cr_expect_eq(zone_offset(z, 4102444800, &end), HOUR);
	cr_expect_eq(zone_offset(z, -1, &end), HOUR);
	cr_expect_eq(zone_offset(z, FORWARD, &end), 2 * HOUR);
	zone_close(z);
	z = zone("Asia/Kathmandu");
	cr_expect_eq(zone_offset(z, 0, &end), 5 * HOUR + 1800);
	cr_expect_eq(zone_offset(z, FORWARD, &end), 5 * HOUR + 2700);
	zone_close(z);
}

Test(zone, instants)
{
	struct zone *z = zone("Europe/Berlin");
	int64_t three = FORWARD + 2 * HOUR;

	cr_expect_eq(zone_instant(z, three), FORWARD);
	cr_expect_eq(zone_instant(z, three + 1), FORWARD + 1);
	/* 02:00 to 03:00 does not exist. */
	cr_expect_eq(zone_instant(z, three - 1), FORWARD);
	cr_expect_eq(zone_instant(z, three - HOUR), FORWARD);
	cr_expect_eq(zone_instant(z, three - HOUR - 1), FORWARD - 1);
	/* 02:00 to 03:00 is there twice. */
	cr_expect_eq(zone_instant(z, BACK + HOUR), BACK - HOUR);
	cr_expect_eq(zone_instant(z, BACK + 2 * HOUR - 1), BACK - 1);
	cr_expect_eq(zone_instant(z, BACK + 2 * HOUR), BACK + HOUR);
	zone_close(z);
	/* All of 2011-12-30. */
	z = zone("Pacific/Apia");
	cr_expect_eq(zone_instant(z, 1325203200 + 5 * HOUR), 1325239200);
	zone_close(z);
}

Test(zone, names)
{
	struct zone *a = zone("UTC"), *b = zone("UTC"), *c = zone("");
	int64_t end;

	cr_expect_eq(a, b);
	cr_expect_neq(a, c);
	zone_close(a);
	cr_expect_eq(zone_offset(b, FORWARD, &end), 0);
	zone_close(b);
	zone_close(c);
	zone_close(NULL);
	zone_close(zone("Etc/GMT+5"));
	zone_close(zone("America/Argentina/Buenos_Aires"));
}

Test(zone, no_names)
{
	static const char *const names[] = {
		"/etc/passwd", "../zoneinfo/UTC", "Europe/../UTC", "Europe//Berlin",
		"Europe/", ".", "a b", "UTC0,M3.2.0", ":UTC", "Eur\nope",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	struct error err;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_expect_null(zone_open(names[i], &err));
		cr_expect_not_null(strstr(err.text, "\" is not the name of a "
		    "time zone, expected one such as Europe/Berlin"), "%s",
		    err.text);
	}
	refused("Europe/Berln", "time zone \"Europe/Berln\" is not known here: "
	    "open /usr/share/zoneinfo/Europe/Berln: no such file or directory "
	    "(the package tzdata has all zones)");
	cr_expect_null(zone_open("Europe", &err));
	cr_expect_not_null(strstr(err.text, "is not known here"));
}

Test(zone, the_process_keeps_its_own)
{
	time_t t = FORWARD;
	struct zone *z, *here;
	int64_t end;
	struct tm tm;

	setenv("TZ", "XXX-4", 1);
	tzset();
	here = zone("");
	z = zone("America/New_York");
	cr_expect_eq(zone_offset(z, FORWARD, &end), -4 * HOUR);
	cr_expect_str_eq(getenv("TZ"), "XXX-4");
	localtime_r(&t, &tm);
	cr_expect_eq(tm.tm_gmtoff, 4 * HOUR);
	cr_expect_eq(zone_offset(here, FORWARD, &end), 4 * HOUR);
	zone_close(here);
	unsetenv("TZ");
	tzset();
	cr_expect_eq(zone_offset(z, 0, &end), -5 * HOUR);
	cr_expect_null(getenv("TZ"));
	zone_close(z);
}

static int
own(const char *tz)
{
	struct error err = { 0 };

	setenv("TZ", tz, 1);
	return zone_check_own(&err);
}

Test(zone, own_one_is_there)
{
	struct error err = { 0 };

	unsetenv("TZ");
	cr_expect_eq(zone_check_own(&err), 0);
	cr_expect_eq(own(""), 0);
	cr_expect_eq(own("UTC"), 0);
	cr_expect_eq(own("Europe/Berlin"), 0);
	cr_expect_eq(own(":Europe/Berlin"), 0);
	cr_expect_eq(own("/etc/localtime"), 0);
	cr_expect_eq(own("EST5EDT,M3.2.0,M11.1.0"), 0);
	cr_expect_eq(own("<+0330>-3:30"), 0);
	cr_expect_eq(own("Europe/Berln"), -1);
	cr_expect_eq(own(":UTC+1"), -1);
}
