/* SPDX-License-Identifier: Apache-2.0 */
/* timetext.c - reads times and durations; see timetext.h. */
#include "worker/library/timetext.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/duration.h"

#define TIME_TEXT_MAX 80	/* Go's longest, with a monotonic clock */
#define STAMP 19		/* "2021-01-01T00:00:00" */
#define DAY_NS (86400 * (int64_t)1000000000)

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What Go adds: the zone's name, and the reading of another clock. */
static bool
is_remark(const char *s)
{
	size_t n;

	if (*s == '\0')
		return true;
	if (*s++ != ' ')
		return false;
	n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ+-0123456789");
	s += n;
	if (strncmp(s, " m=", 3) == 0)
		s += 3 + strspn(s + 3, "+-.0123456789");
	return n > 0 && *s == '\0';
}

/* "Z", "+01:00", " +0100 CET", " UTC" or nothing becomes "Z" or "+01:00". */
static int
zone(const char *s, char out[8])
{
	const char *m;

	if (*s == '\0' || strcmp(s, "Z") == 0 || strcmp(s, "z") == 0 ||
	    strcmp(s, " UTC") == 0 || strcmp(s, " Z") == 0) {
		memcpy(out, "Z", 2);
		return 0;
	}
	if (*s == ' ')
		s++;
	if ((*s != '+' && *s != '-') || !is_digit(s[1]) || !is_digit(s[2]))
		return -1;
	m = s + 3 + (s[3] == ':');
	if (!is_digit(m[0]) || !is_digit(m[1]) || !is_remark(m + 2))
		return -1;
	snprintf(out, 8, "%.3s:%.2s", s, m);
	return 0;
}

int
timetext_parse(const char *s, size_t n, struct text_time *t)
{
	char text[TIME_TEXT_MAX + 1], full[TIME_TEXT_MAX + 8], z[8];
	size_t i = STAMP;

	if (n > TIME_TEXT_MAX || strnlen(s, n) != n)
		return -1;
	memcpy(text, s, n);
	text[n] = '\0';
	if (n == 10) {
		snprintf(full, sizeof(full), "%.10sT00:00:00Z", text);
		return text_time_parse(full, t);
	}
	if (n < STAMP || strchr("Tt ", text[10]) == NULL)
		return -1;
	text[10] = 'T';
	if (text[i] == '.')
		for (i++; is_digit(text[i]); i++)
			;
	if (zone(text + i, z) == -1)
		return -1;
	snprintf(full, sizeof(full), "%.*s%s", (int)i, text, z);
	return text_time_parse(full, t);
}

/* The weeks and days in front of the rest, at *s, which moves. -1 when there
 * are too many. */
static int
days(const char **s, const char *end, int64_t *out)
{
	static const char units[] = "wd";
	const char *unit = units;

	*out = 0;
	while (*unit != '\0') {
		const char *p = *s;
		int64_t v = 0;

		for (; p < end && is_digit(*p) && v < 1000000; p++)
			v = v * 10 + (*p - '0');
		if (p == *s || p == end || (*p != 'w' && *p != 'd'))
			return 0;
		unit = strchr(unit, *p);
		if (v >= 1000000 || unit == NULL)
			return -1;
		*out += v * (*unit++ == 'w' ? 7 : 1);
		*s = p + 1;
	}
	return 0;
}

int
timetext_duration(const char *s, size_t n, int64_t *out)
{
	const char *end = s + n;
	char rest[TIME_TEXT_MAX + 1];
	int64_t d, ns = 0;
	int sign = 1;

	if (n == 0 || n > TIME_TEXT_MAX || strnlen(s, n) != n)
		return -1;
	if (*s == '-' || *s == '+')
		sign = *s++ == '-' ? -1 : 1;
	if (days(&s, end, &d) == -1 || d > INT64_MAX / DAY_NS / 2)
		return -1;
	memcpy(rest, s, (size_t)(end - s));
	rest[end - s] = '\0';
	if (*rest == '-' || *rest == '+' || (s == end && d == 0 &&
	    end[-1] != 'd' && end[-1] != 'w'))
		return -1;
	if (*rest != '\0' && duration_parse(rest, &ns, NULL) == -1)
		return -1;
	if (ns > INT64_MAX / 2)
		return -1;
	*out = sign * (d * DAY_NS + ns);
	return 0;
}
