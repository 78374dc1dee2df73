/* SPDX-License-Identifier: Apache-2.0 */
/* gotime.c - times as Go's time.Time prints them; see shape.h. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "worker/lua/shape.h"

/* n digits at s as a number within lo..hi, or -1. */
static int
digits(const char *s, int n, int lo, int hi)
{
	int v = 0, i;

	for (i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v >= lo && v <= hi ? v : -1;
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

/* "Z" or "+01:00" to the end of the string. */
static int
zone(const char *s, char out[16])
{
	int h, m;

	if (strcmp(s, "Z") == 0) {
		snprintf(out, 16, "+0000 UTC");
		return 0;
	}
	if ((*s != '+' && *s != '-') || strlen(s) != 6 || s[3] != ':' ||
	    (h = digits(s + 1, 2, 0, 23)) == -1 ||
	    (m = digits(s + 4, 2, 0, 59)) == -1)
		return -1;
	if (h == 0 && m == 0)
		snprintf(out, 16, "+0000 UTC");
	else
		snprintf(out, 16, "%c%02d%02d %c%02d%02d", *s, h, m, *s, h, m);
	return 0;
}

int
gotime(const char *s, char out[GOTIME_MAX])
{
	int year, month, frac = 0, keep = 0;
	char name[16];

	if (strlen(s) < 20 || (year = digits(s, 4, 0, 9999)) == -1 ||
	    s[4] != '-' || (month = digits(s + 5, 2, 1, 12)) == -1 ||
	    s[7] != '-' ||
	    digits(s + 8, 2, 1, month_days(year, month)) == -1 ||
	    s[10] != 'T' || digits(s + 11, 2, 0, 23) == -1 || s[13] != ':' ||
	    digits(s + 14, 2, 0, 59) == -1 || s[16] != ':' ||
	    digits(s + 17, 2, 0, 59) == -1)
		return -1;
	if (s[19] == '.') {
		while (isdigit((unsigned char)s[20 + frac])) {
			if (frac < 9 && s[20 + frac] != '0')
				keep = frac + 1;
			frac++;
		}
		if (frac == 0)
			return -1;
		frac++;		/* and the point */
	}
	if (zone(s + 19 + frac, name) == -1)
		return -1;
	snprintf(out, GOTIME_MAX, "%.10s %.8s%s%.*s %s", s, s + 11,
	    keep > 0 ? "." : "", keep, keep > 0 ? s + 20 : "", name);
	return 0;
}
