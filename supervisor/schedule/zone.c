/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.c - time zones; see zone.h.
 *
 * libc reads the database, and knows its rules and those of TZ. It has one
 * zone at a time, that of the environment, so that is set while libc is asked,
 * and then put back: the log and the children have the zone that regbot was
 * started with. There is one thread. What libc says is kept for a year or so,
 * since it reads the file again each time.
 */
#include "supervisor/schedule/zone.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "common/file.h"
#include "common/mem.h"

#define FOLDER "/usr/share/zoneinfo/"
#define MAGIC "TZif"
#define DAY ((int64_t)86400)
#define BEFORE (8 * DAY)	/* so much is looked at, before and after the */
#define AFTER (400 * DAY)	/* time that was asked for */
#define CHANGES 64		/* of the offset within that time; or less of
				 * it is kept */
#define OFFSET_MAX (2 * DAY)	/* no zone is so far from UTC */

struct zone {
	SLIST_ENTRY(zone) link;
	unsigned users;
	char *name;
	int64_t from, to;	/* what is known */
	size_t n;
	struct {
		int64_t end;	/* exclusive, ascending */
		int64_t offset;
	} parts[CHANGES];
};

static SLIST_HEAD(, zone) zones = SLIST_HEAD_INITIALIZER(zones);

/* Sets the zone of libc; *old is the one before, for leave(). */
static void
enter(const struct zone *z, char **old)
{
	char *path;

	*old = mem_strdup(getenv("TZ"));
	if (z->name[0] == '\0')
		return;
	if (strcmp(z->name, "UTC") == 0)
		path = mem_strdup("UTC0");
	else
		path = mem_printf(":%s%s", FOLDER, z->name);
	setenv("TZ", path, 1);
	free(path);
	tzset();
}

static void
leave(const struct zone *z, char *old)
{
	if (z->name[0] != '\0') {
		if (old != NULL)
			setenv("TZ", old, 1);
		else
			unsetenv("TZ");
		tzset();
	}
	free(old);
}

static int64_t
ask(int64_t t)
{
	time_t seconds = (time_t)t;
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL)
		return 0;
	return tm.tm_gmtoff;
}

/* The first second in (from, to] whose offset is not that of from, where that
 * of to is another. */
static int64_t
find_change(int64_t from, int64_t to, int64_t offset)
{
	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;

		if (ask(middle) == offset)
			from = middle;
		else
			to = middle;
	}
	return to;
}

static void
add_part(struct zone *z, int64_t end, int64_t offset)
{
	z->parts[z->n].end = end;
	z->parts[z->n++].offset = offset;
	z->to = end;
}

/* Finds what is around t. A change that is taken back on the same day is not
 * seen; there is none. */
static void
look(struct zone *z, int64_t t)
{
	int64_t at = t - BEFORE, offset, next, last = t + AFTER;
	char *old;

	enter(z, &old);
	z->from = at;
	z->n = 0;
	offset = ask(at);
	while (at < last && z->n < CHANGES - 1) {
		next = at + DAY;
		if (ask(next) != offset) {
			next = find_change(at, next, offset);
			add_part(z, next, offset);
			offset = ask(next);
		}
		at = next;
	}
	add_part(z, at, offset);
	leave(z, old);
}

int64_t
zone_offset(struct zone *z, int64_t t, int64_t *end)
{
	size_t i = 0;

	if (z->n == 0 || t < z->from || t >= z->to)
		look(z, t);
	while (i + 1 < z->n && t >= z->parts[i].end)
		i++;
	*end = z->parts[i].end;
	return z->parts[i].offset;
}

int64_t
zone_instant(struct zone *z, int64_t local)
{
	int64_t t = local - OFFSET_MAX, end, offset;

	for (;; t = end) {
		offset = zone_offset(z, t, &end);
		if (local - offset < end)
			return local - offset < t ? t : local - offset;
	}
}

/* Nothing but what the database has: the name becomes a path. */
static bool
is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
	size_t n = strlen(name);

	return n != 0 && n <= ZONE_NAME_MAX && strspn(name, allowed) == n &&
	    name[0] != '/' && name[n - 1] != '/' && strstr(name, "//") == NULL;
}

/* libc takes UTC for what it cannot read. */
static int
check_file(const char *name, struct error *err)
{
	struct buffer file;
	struct error why;
	char *path;
	int r = -1;

	if (!is_name(name))
		return error_set(err, ERROR_INPUT, "\"%.64s\" is not the name "
		    "of a time zone, expected one such as Europe/Berlin",
		    name);
	path = mem_printf("%s%s", FOLDER, name);
	buffer_init(&file, ZONE_FILE_MAX);
	if (file_read(path, FILE_REGULAR, &file, &why) == -1)
		error_set(err, ERROR_INPUT, "time zone \"%s\" is not known "
		    "here: %s (the package tzdata has all zones)", name,
		    why.text);
	else if (file.len < strlen(MAGIC) ||
	    memcmp(file.data, MAGIC, strlen(MAGIC)) != 0)
		error_set(err, ERROR_INPUT, "\"%s\" is not a time zone: %s is "
		    "another file", name, path);
	else
		r = 0;
	buffer_free(&file);
	free(path);
	return r;
}

/* A path is libc's business, as are rules such as "EST5EDT", which have digits;
 * the name of a file has none, or the file is there. */
int
zone_check_own(struct error *err)
{
	const char *name = getenv("TZ");
	bool file = name != NULL && *name == ':';

	if (name == NULL || getenv("TZDIR") != NULL)
		return 0;
	name += file ? 1 : 0;
	if (*name == '\0' || *name == '/' || check_file(name, err) == 0)
		return 0;
	return !file && strpbrk(name, "0123456789") != NULL ? 0 : -1;
}

struct zone *
zone_open(const char *name, struct error *err)
{
	struct zone *z;

	SLIST_FOREACH(z, &zones, link)
		if (strcmp(z->name, name) == 0) {
			z->users++;
			return z;
		}
	if (name[0] != '\0' && strcmp(name, "UTC") != 0 &&
	    check_file(name, err) == -1)
		return NULL;
	z = mem_alloc(sizeof(*z));
	z->users = 1;
	z->name = mem_strdup(name);
	SLIST_INSERT_HEAD(&zones, z, link);
	return z;
}

void
zone_close(struct zone *z)
{
	if (z == NULL || --z->users != 0)
		return;
	SLIST_REMOVE(&zones, z, zone, link);
	free(z->name);
	free(z);
}
