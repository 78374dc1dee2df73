/* SPDX-License-Identifier: Apache-2.0 */
/* text_time.c - times as RFC 3339 writes them; see text.h. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/text.h"

/* n digits at *s as a number within lo..hi, and what follows them (sep, or
 * '\0' for anything). Moves on; -1 when it is something else. */
static int
number(const char **s, int n, char sep, int lo, int hi)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*s)++) {
		if (!isdigit((unsigned char)**s))
			return -1;
		v = v * 10 + (**s - '0');
	}
	if (v < lo || v > hi || (sep != '\0' && *(*s)++ != sep))
		return -1;
	return v;
}

static int
month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };

	if (month == 2 && year % 4 == 0 &&
	    (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* ".5": 0 and the nanoseconds, also where there is no fraction; -1 when no
 * digit follows the point. */
static int
fraction(const char **s, long *ns)
{
	long unit = 100000000;

	*ns = 0;
	if (**s != '.')
		return 0;
	if (!isdigit((unsigned char)*++*s))
		return -1;
	for (; isdigit((unsigned char)**s); (*s)++, unit /= 10)
		*ns += unit * (**s - '0');
	return 0;
}

/* "Z" or "+01:00", up to the end of the text. */
static int
zone(const char *s, int *offset)
{
	int sign = *s == '-' ? -1 : 1, h, m;

	*offset = 0;
	if (strcmp(s, "Z") == 0)
		return 0;
	if (*s != '+' && *s != '-')
		return -1;
	s++;
	if ((h = number(&s, 2, ':', 0, 23)) == -1 ||
	    (m = number(&s, 2, '\0', 0, 59)) == -1 || *s != '\0')
		return -1;
	*offset = sign * (h * 60 + m);
	return 0;
}

int
text_time_parse(const char *s, struct text_time *t)
{
	if ((t->year = number(&s, 4, '-', 0, 9999)) == -1 ||
	    (t->month = number(&s, 2, '-', 1, 12)) == -1 ||
	    (t->day = number(&s, 2, 'T', 1, month_days(t->year, t->month))) ==
	    -1 || (t->hour = number(&s, 2, ':', 0, 23)) == -1 ||
	    (t->minute = number(&s, 2, ':', 0, 59)) == -1 ||
	    (t->second = number(&s, 2, '\0', 0, 59)) == -1 ||
	    fraction(&s, &t->nanoseconds) == -1 ||
	    zone(s, &t->offset) == -1)
		return -1;
	return 0;
}

int64_t
text_time_seconds(const struct text_time *t)
{
	struct tm tm = {
		.tm_year = t->year - 1900, .tm_mon = t->month - 1,
		.tm_mday = t->day, .tm_hour = t->hour, .tm_min = t->minute,
		.tm_sec = t->second,
	};

	return (int64_t)timegm(&tm) - 60 * t->offset;
}

void
text_time_at(struct buffer *out, int64_t wall, long offset, int digits,
    bool trim)
{
	time_t t = (time_t)(wall / NS_PER_S + offset);
	char stamp[32], frac[16];
	struct tm tm;
	size_t n;

	gmtime_r(&t, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	buffer_puts(out, stamp);
	snprintf(frac, sizeof(frac), ".%09" PRId64, wall % NS_PER_S);
	n = digits > 0 ? (size_t)digits + 1 : 0;
	while (trim && n > 1 && frac[n - 1] == '0')
		n--;
	buffer_put(out, frac, n > 1 ? n : 0);
	offset /= 60;
	if (offset == 0)
		buffer_putc(out, 'Z');
	else
		buffer_printf(out, "%c%02ld:%02ld", offset < 0 ? '-' : '+',
		    labs(offset) / 60, labs(offset) % 60);
}

void
text_time(struct buffer *out, int64_t wall, int digits, bool trim, bool utc)
{
	time_t t = (time_t)(wall / NS_PER_S);
	struct tm tm = { 0 };

	if (!utc)
		localtime_r(&t, &tm);
	text_time_at(out, wall, tm.tm_gmtoff, digits, trim);
}
