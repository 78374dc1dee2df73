/* SPDX-License-Identifier: Apache-2.0 */
/* test_deaths.c - a registry whose broker keeps dying is closed a while. */
#include <criterion/criterion.h>

#include "common/clock.h"
#include "supervisor/children/deaths.h"

#define S NS_PER_S

static struct deaths
died_at(int64_t a, int64_t b, int64_t c)
{
	struct deaths d = { 0 };

	deaths_note(&d, a * S);
	deaths_note(&d, b * S);
	deaths_note(&d, c * S);
	return d;
}

Test(deaths, three_within_a_minute_close)
{
	struct deaths d = { 0 };

	cr_assert_not(deaths_closed(&d, 0));
	deaths_note(&d, 0);
	deaths_note(&d, 1 * S);
	cr_assert_not(deaths_closed(&d, 1 * S));
	deaths_note(&d, 2 * S);
	cr_assert(deaths_closed(&d, 2 * S));
	d = died_at(100, 130, 159);
	cr_assert(deaths_closed(&d, 159 * S));
	d = died_at(100, 130, 160);
	cr_assert_not(deaths_closed(&d, 160 * S));
}

Test(deaths, the_minute_counts_from_the_latest)
{
	struct deaths d = died_at(100, 120, 155);

	cr_assert(deaths_closed(&d, 156 * S));
	cr_assert(deaths_closed(&d, 161 * S));
	cr_assert(deaths_closed(&d, 215 * S - 1));
	cr_assert_not(deaths_closed(&d, 215 * S));
}

/* One more death after it was open again does not close it at once. */
Test(deaths, a_closed_one_begins_anew)
{
	struct deaths d = died_at(100, 120, 155);

	deaths_note(&d, 220 * S);
	cr_assert_not(deaths_closed(&d, 220 * S));
	deaths_note(&d, 221 * S);
	cr_assert_not(deaths_closed(&d, 221 * S));
	deaths_note(&d, 222 * S);
	cr_assert(deaths_closed(&d, 281 * S));
}

Test(deaths, over_a_minute_after_the_latest)
{
	struct deaths d = { 0 };

	cr_assert(deaths_over(&d, 0));
	deaths_note(&d, 100 * S);
	deaths_note(&d, 150 * S);
	cr_assert_not(deaths_over(&d, 210 * S - 1));
	cr_assert(deaths_over(&d, 210 * S));
}
