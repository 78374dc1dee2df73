/* SPDX-License-Identifier: Apache-2.0 */
/* cron.c - the five fields of cron; see cron.h. */
#include "supervisor/schedule/cron.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/mem.h"

#define DAY ((int64_t)86400)
#define BLANK " \t"
#define DAYS_MAX (9 * 366)	/* from one 29 February to the next at most */
#define ALL_HOURS ((1ull << 24) - 1)

static const char *const month_names[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct",
	"nov", "dec", NULL
};
static const char *const weekday_names[] = {
	"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL
};

static const struct field {
	const char *name;
	unsigned min, max;
	const char *const *names;	/* of min and what follows */
	const char *expected;
} fields[] = {
	{ "minute", 0, 59, NULL, "0-59" },
	{ "hour", 0, 23, NULL, "0-23" },
	{ "day of the month", 1, 31, NULL, "1-31" },
	{ "month", 1, 12, month_names, "1-12 or jan-dec" },
	{ "day of the week", 0, 6, weekday_names, "0-7 or sun-sat" },
};
#define NFIELDS (sizeof(fields) / sizeof(fields[0]))
#define WEEKDAY (&fields[4])

static int
refuse(const struct field *f, const char *item, struct error *err)
{
	return error_set(err, ERROR_INPUT, "%s \"%.40s\" is not valid, "
	    "expected %s, ranges such as %u-%u, steps such as */2, or *",
	    f->name, item, f->expected, f->min, f->min + 4);
}

/* A number or a name; Sunday is 0, and 7 as well. */
static bool
read_value(const struct field *f, const char *s, unsigned *out)
{
	size_t n = strspn(s, "0123456789");

	if (n != 0 && n <= 4 && s[n] == '\0') {
		*out = (unsigned)strtoul(s, NULL, 10);
		return *out >= f->min &&
		    *out <= (f == WEEKDAY ? 7 : f->max);
	}
	for (unsigned i = 0; f->names != NULL && f->names[i] != NULL; i++)
		if (strcasecmp(f->names[i], s) == 0) {
			*out = f->min + i;
			return true;
		}
	return false;
}

/* "N" or "N-M" as first and last. */
static int
read_range(const struct field *f, const char *item, char *s, bool step,
    unsigned *first, unsigned *last, struct error *err)
{
	char *end = strchr(s, '-');

	if (end != NULL)
		*end++ = '\0';
	if (!read_value(f, s, first) ||
	    (end != NULL && !read_value(f, end, last)))
		return refuse(f, item, err);
	if (end == NULL) {
		if (f == WEEKDAY && *first == 7)
			*first = 0;
		*last = step ? f->max : *first;
	} else if (f == WEEKDAY && *last == 0 && *first != 0)
		*last = 7;	/* sat-sun */
	if (*first > *last)
		return error_set(err, ERROR_INPUT, "the range \"%.40s\" of the "
		    "%s ends before it begins", item, f->name);
	return 0;
}

/* One entry of a list. *any: it stands for all, and has no step. */
static int
read_item(const struct field *f, const char *item, uint64_t *bits, bool *any,
    struct error *err)
{
	unsigned first = f->min, last = f->max, step = 1;
	char *s = mem_strdup(item), *slash = strchr(s, '/');
	bool all;
	int r = 0;

	if (slash != NULL) {
		*slash++ = '\0';
		step = 0;
		if (strspn(slash, "0123456789") == strlen(slash) &&
		    strlen(slash) <= 4)
			step = (unsigned)strtoul(slash, NULL, 10);
	}
	all = strcmp(s, "*") == 0 || strcmp(s, "?") == 0;
	if (step == 0)
		r = error_set(err, ERROR_INPUT, "the step in \"%.40s\" of the "
		    "%s is not a number from 1 on", item, f->name);
	else if (!all)
		r = read_range(f, item, s, slash != NULL, &first, &last, err);
	free(s);
	if (r == -1)
		return -1;
	*any = *any || (all && step == 1);
	for (; first <= last; first += step)
		*bits |= 1ull << (f == WEEKDAY ? first % 7 : first);
	return 0;
}

static int
read_field(const struct field *f, char *text, uint64_t *bits, bool *any,
    struct error *err)
{
	unsigned n = 0;
	char *item;

	*bits = 0;
	*any = false;
	while ((item = strsep(&text, ",")) != NULL) {
		if (++n > CRON_ITEMS_MAX)
			return error_set(err, ERROR_LIMIT, "the %s has more "
			    "than %u entries, which is the limit", f->name,
			    CRON_ITEMS_MAX);
		if (read_item(f, item, bits, any, err) == -1)
			return -1;
	}
	return 0;
}

/* Are there months that have such a day? */
static bool
happens(const struct cron *c)
{
	static const unsigned lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30,
	    31, 30, 31 };

	if (!c->any_weekday)
		return true;
	for (unsigned m = 0; m < 12; m++)
		if ((c->months >> (m + 1) & 1) != 0 &&
		    (c->days & ((2ull << lengths[m]) - 1)) != 0)
			return true;
	return false;
}

/* The blanks between fields become ends of strings. -1: there are not five. */
static int
split(char *text, char *out[NFIELDS], struct error *err)
{
	size_t n = 0;
	char *at;

	while ((at = strsep(&text, BLANK)) != NULL) {
		if (*at == '\0')
			continue;
		if (n < NFIELDS)
			out[n] = at;
		n++;
	}
	if (n == NFIELDS)
		return 0;
	return error_set(err, ERROR_INPUT, "%zu field%s, expected five: "
	    "minute, hour, day of the month, month, day of the week%s", n,
	    n == 1 ? "" : "s", n > NFIELDS ? " (there are no seconds and no "
	    "years)" : "");
}

int
cron_parse(const char *text, struct cron *c, struct error *err)
{
	uint64_t *bits[NFIELDS] = { &c->minutes, &c->hours, &c->days,
	    &c->months, &c->weekdays };
	bool any[NFIELDS];
	char *copy = mem_strdup(text), *part[NFIELDS];
	int r = split(copy, part, err);

	for (size_t i = 0; i < NFIELDS && r == 0; i++)
		r = read_field(&fields[i], part[i], bits[i], &any[i], err);
	free(copy);
	if (r == -1)
		return -1;
	c->any_day = any[2];
	c->any_weekday = any[4];
	if (!happens(c))
		return error_set(err, ERROR_INPUT, "it never happens: none of "
		    "these months has such a day");
	return 0;
}

bool
cron_all_hours(const struct cron *c)
{
	return c->hours == ALL_HOURS;
}

static bool
matches_day(const struct cron *c, int64_t day)
{
	time_t t = (time_t)(day * DAY);
	struct tm tm;
	bool d, w;

	gmtime_r(&t, &tm);
	if ((c->months >> (tm.tm_mon + 1) & 1) == 0)
		return false;
	d = (c->days >> tm.tm_mday & 1) != 0;
	w = (c->weekdays >> tm.tm_wday & 1) != 0;
	return c->any_day || c->any_weekday ? d && w : d || w;
}

/* The first minute of a day from start on, or -1. */
static int
minute_from(const struct cron *c, int start)
{
	for (int hour = start / 60; hour < 24; hour++, start = 0) {
		uint64_t minutes = c->minutes >> start % 60 << start % 60;

		if ((c->hours >> hour & 1) != 0 && minutes != 0)
			return hour * 60 + __builtin_ctzll(minutes);
	}
	return -1;
}

int64_t
cron_from(const struct cron *c, int64_t local)
{
	int64_t day = local / DAY - (local % DAY < 0 ? 1 : 0);
	int start = (int)((local - day * DAY + 59) / 60), minute;

	for (int i = 0; i < DAYS_MAX; i++, day++, start = 0)
		if (matches_day(c, day) &&
		    (minute = minute_from(c, start)) != -1)
			return day * DAY + minute * 60;
	abort();		/* cron_parse lets in what happens only */
}
