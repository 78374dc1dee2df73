/* SPDX-License-Identifier: Apache-2.0 */
/* duration.c - durations as Go reads and writes them. */
#include "common/duration.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int64_t ns;
} units[] = {	/* a unit comes before its own prefixes */
	{ "ns", 1 }, { "us", 1000 }, { "\xc2\xb5s", 1000 },
	{ "\xce\xbcs", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
	{ "m", 60000000000 }, { "h", 3600000000000 },
};

static int64_t
unit_of(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == n &&
		    memcmp(s, units[i].name, n) == 0)
			return units[i].ns;
	return 0;
}

/* One "12.5s": moves *p past it and adds it to *sum. */
static bool
term(const char **p, uint64_t *sum)
{
	uint64_t whole = 0, part, frac = 0, scale = 1, limit = 1ULL << 63;
	bool digits = false;
	const char *s = *p;
	int64_t unit;
	size_t n;

	for (; *s >= '0' && *s <= '9'; s++, digits = true)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(*s - '0'), &whole))
			return false;
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++, digits = true)
			if (scale < 1000000000000000) {
				scale *= 10;
				frac = frac * 10 + (uint64_t)(*s - '0');
			}
	n = strcspn(s, "+-.0123456789");
	unit = unit_of(s, n);
	if (!digits || unit == 0)
		return false;
	if (__builtin_mul_overflow(whole, (uint64_t)unit, &whole))
		return false;
	part = (uint64_t)((long double)frac * (long double)unit /
	    (long double)scale);
	if (__builtin_add_overflow(whole, part, &whole) ||
	    __builtin_add_overflow(*sum, whole, sum) || *sum > limit)
		return false;
	*p = s + n;
	return true;
}

int
duration_parse(const char *s, int64_t *out, struct error *err)
{
	const char *p = s;
	uint64_t sum = 0;
	bool neg = false;

	if (*p == '-' || *p == '+')
		neg = *p++ == '-';
	if (strcmp(p, "0") == 0) {
		*out = 0;
		return 0;
	}
	if (*p == '\0')
		goto bad;
	while (*p != '\0')
		if (!term(&p, &sum))
			goto bad;
	if (sum > INT64_MAX && !(neg && sum == 1ULL << 63))
		goto bad;
	*out = neg ? (int64_t)(0 - sum) : (int64_t)sum;
	return 0;
bad:
	return error_set(err, ERROR_INPUT, "invalid duration \"%.64s\", "
	    "expected a number with a unit such as \"90s\", \"5m\" or "
	    "\"1h30m\"", s);
}

/* value/scale with its fraction, trailing zeros dropped. */
static void
fraction(char *out, size_t size, uint64_t value, uint64_t scale,
    const char *unit)
{
	char digits[24] = "";
	uint64_t whole = value / scale, rest = value % scale;
	size_t n = 0;

	if (rest != 0) {
		digits[n++] = '.';
		while (rest != 0) {
			scale /= 10;
			digits[n++] = (char)('0' + rest / scale);
			rest %= scale;
		}
		digits[n] = '\0';
	}
	snprintf(out, size, "%" PRIu64 "%s%s", whole, digits, unit);
}

void
duration_format(int64_t ns, char out[DURATION_TEXT])
{
	uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	char seconds[32];
	const char *sign = ns < 0 ? "-" : "";
	char small[32];

	if (u == 0) {
		snprintf(out, DURATION_TEXT, "0s");
	} else if (u < 1000000000) {
		if (u < 1000)
			fraction(small, sizeof(small), u, 1, "ns");
		else if (u < 1000000)
			fraction(small, sizeof(small), u, 1000, "\xc2\xb5s");
		else
			fraction(small, sizeof(small), u, 1000000, "ms");
		snprintf(out, DURATION_TEXT, "%s%s", sign, small);
	} else {
		uint64_t m = u / 60000000000 % 60, h = u / 3600000000000;

		fraction(seconds, sizeof(seconds), u % 60000000000,
		    1000000000, "s");
		if (h != 0)
			snprintf(out, DURATION_TEXT, "%s%" PRIu64 "h%" PRIu64
			    "m%s", sign, h, m, seconds);
		else if (m != 0)
			snprintf(out, DURATION_TEXT, "%s%" PRIu64 "m%s", sign,
			    m, seconds);
		else
			snprintf(out, DURATION_TEXT, "%s%s", sign, seconds);
	}
}

/* Cuts off a last part that is 0: the one of that unit, after another one. */
static void
drop_zero(char *s, char unit, char before)
{
	size_t n = strlen(s);

	if (n > 3 && s[n - 1] == unit && s[n - 2] == '0' &&
	    s[n - 3] == before)
		s[n - 2] = '\0';
}

void
duration_brief(int64_t ns, char out[DURATION_TEXT])
{
	duration_format(ns, out);
	drop_zero(out, 's', 'm');
	drop_zero(out, 'm', 'h');
}
