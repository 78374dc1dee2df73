/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.c - when a script of a server runs; see schedule.h. */
#include "supervisor/schedule/schedule.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/duration.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/words/nearest.h"
#include "supervisor/schedule/cron.h"
#include "supervisor/schedule/zone.h"

#define BLANK " \t"
#define EVERY "@every"
#define LAST (INT64_MAX / NS_PER_S)

struct schedule {
	unsigned refs;
	char *text;
	struct zone *zone;
	int64_t interval;	/* 0: cron */
	struct cron cron;
};

static const struct shorthand {
	const char *name, *fields;
} shorthands[] = {
	{ "@yearly", "0 0 1 1 *" }, { "@annually", "0 0 1 1 *" },
	{ "@monthly", "0 0 1 * *" }, { "@weekly", "0 0 * * 0" },
	{ "@daily", "0 0 * * *" }, { "@midnight", "0 0 * * *" },
	{ "@hourly", "0 * * * *" }, { EVERY, NULL }, { NULL, NULL }
};

/* Whole seconds, at least one. */
static int64_t
round_interval(int64_t ns)
{
	return ns < NS_PER_S ? NS_PER_S : ns - ns % NS_PER_S;
}

static int
parse_every(const char *text, int64_t *interval, struct error *err)
{
	text += strspn(text, BLANK);
	if (duration_parse(text, interval, err) == -1)
		return -1;
	if (*interval < 0)
		return error_set(err, ERROR_INPUT, "expected a duration that "
		    "is not negative");
	*interval = round_interval(*interval);
	return 0;
}

static int
parse_at(struct schedule *s, const char *text, struct error *err)
{
	size_t n = strlen(EVERY);
	const char *hint;

	if (strncasecmp(text, EVERY, n) == 0 && text[n] != '\0' &&
	    strchr(BLANK, text[n]) != NULL)
		return parse_every(text + n, &s->interval, err);
	for (const struct shorthand *h = shorthands; h->fields != NULL; h++)
		if (strcasecmp(text, h->name) == 0)
			return cron_parse(h->fields, &s->cron, err);
	if (strcasecmp(text, "@reboot") == 0)
		return error_set(err, ERROR_INPUT, "there is no @reboot, use "
		    "the key \"runAtStart\"");
	if (strcasecmp(text, EVERY) == 0)
		return error_set(err, ERROR_INPUT, "@every has no duration, "
		    "expected one such as \"@every 90m\"");
	hint = nearest_word(text, shorthands, sizeof(shorthands[0]));
	return error_set(err, ERROR_INPUT, "\"%.40s\" is not known%s%s%s", text,
	    hint != NULL ? ", did you mean \"" : ", expected @hourly, @daily, "
	    "@weekly, @monthly, @yearly or @every with a duration",
	    hint != NULL ? hint : "", hint != NULL ? "\"?" : "");
}

/* "TZ=ZONE " at the beginning of *text, which is moved on. */
static struct zone *
parse_zone(char **text, struct error *err)
{
	static const char *const prefixes[] = { "TZ=", "CRON_TZ=" };
	const char *name = "";

	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(prefixes[i]);

		if (strncmp(*text, prefixes[i], n) != 0)
			continue;
		name = *text + n;
		*text += n + strcspn(name, BLANK);
		if (**text != '\0')
			*(*text)++ = '\0';
		*text += strspn(*text, BLANK);
		if (*name == '\0')
			return error_set(err, ERROR_INPUT, "%s names no time "
			    "zone, expected one such as Europe/Berlin",
			    prefixes[i]), NULL;
		break;
	}
	return zone_open(strcmp(name, "Local") == 0 ? "" : name, err);
}

static int
parse(struct schedule *s, char *text, struct error *err)
{
	size_t n;

	text += strspn(text, BLANK);
	for (n = strlen(text); n != 0 && strchr(BLANK, text[n - 1]); n--)
		text[n - 1] = '\0';
	s->zone = parse_zone(&text, err);
	if (s->zone == NULL)
		return -1;
	if (*text == '@')
		return parse_at(s, text, err);
	if (*text == '\0')
		return error_set(err, ERROR_INPUT, "it says no time, expected "
		    "five fields such as \"0 3 * * *\", or \"@daily\"");
	return cron_parse(text, &s->cron, err);
}

struct schedule *
schedule_parse(const char *text, struct error *err)
{
	struct schedule *s;
	char *copy;
	int r;

	if (strlen(text) > SCHEDULE_MAX) {
		error_set(err, ERROR_LIMIT, "it is longer than %u bytes, which "
		    "is the limit", SCHEDULE_MAX);
		return NULL;
	}
	s = mem_alloc(sizeof(*s));
	s->refs = 1;
	s->text = mem_strdup(text);
	copy = mem_strdup(text);
	r = parse(s, copy, err);
	free(copy);
	if (r == 0)
		return s;
	schedule_unref(s);
	return NULL;
}

struct schedule *
schedule_every(int64_t interval)
{
	struct schedule *s = mem_alloc(sizeof(*s));
	char text[DURATION_TEXT];

	s->refs = 1;
	s->interval = round_interval(interval);
	duration_format(s->interval, text);
	s->text = mem_printf("%s %s", EVERY, text);
	s->zone = zone_open("", NULL);
	return s;
}

struct schedule *
schedule_ref(struct schedule *s)
{
	if (s != NULL)
		s->refs++;
	return s;
}

void
schedule_unref(struct schedule *s)
{
	if (s == NULL || --s->refs != 0)
		return;
	zone_close(s->zone);
	free(s->text);
	free(s);
}

/* Each time that the fields name, once. */
static int64_t
next_named(const struct schedule *s, int64_t after)
{
	int64_t end, local = after + zone_offset(s->zone, after, &end), t;

	do {
		local = cron_from(&s->cron, local + 1);
		t = zone_instant(s->zone, local);
	} while (t <= after);
	return t;
}

/* Each minute that a clock shows and the fields name. */
static int64_t
next_shown(const struct schedule *s, int64_t after)
{
	int64_t t = after + 1, end, offset, local;

	for (;; t = end) {
		offset = zone_offset(s->zone, t, &end);
		local = cron_from(&s->cron, t + offset);
		if (local - offset < end)
			return local - offset;
	}
}

int
schedule_next(const struct schedule *s, int64_t after, int64_t *next)
{
	int64_t t = after / NS_PER_S - (after % NS_PER_S < 0 ? 1 : 0);

	if (s->interval != 0)
		t += s->interval / NS_PER_S;
	else if (cron_all_hours(&s->cron))
		t = next_shown(s, t);
	else
		t = next_named(s, t);
	if (t > LAST)
		return -1;
	*next = t * NS_PER_S;
	return 0;
}

const char *
schedule_text(const struct schedule *s)
{
	return s->text;
}

int64_t
schedule_interval(const struct schedule *s)
{
	return s->interval;
}

void
schedule_time(const struct schedule *s, int64_t wall, struct buffer *out)
{
	int64_t end;

	text_time_at(out, wall, (long)zone_offset(s->zone, wall / NS_PER_S,
	    &end), 0, false);
}
