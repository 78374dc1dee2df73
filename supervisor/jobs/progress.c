/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c - the status line and the heartbeat. */
#include "supervisor/jobs/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/clock.h"
#include "common/duration.h"
#include "common/mem.h"
#include "common/text.h"

#define STATUS_NS NS_PER_S		/* a terminal's line, each second */
#define QUIET_NS (2 * NS_PER_S)		/* no line for jobs that end soon */
#define HEARTBEAT_NS (60 * NS_PER_S)	/* a log line for each running job */

#define SAMPLES 6	/* the rate is that of so many ticks */
#define NAME_MOST 40	/* columns of a script's name */
#define NAME_LEAST 8	/* details are left out for so many */

struct progress_sample {
	int64_t at;
	uint64_t moved;
};

struct progress {
	struct log *log;
	const struct jobs *jobs;
	struct timer *status, *heartbeat;
	struct progress_sample samples[SAMPLES];
	size_t nsamples;	/* taken so far */
};

static void
elapsed(int64_t ns, char out[DURATION_TEXT])
{
	duration_format(ns / NS_PER_S * NS_PER_S, out);
}

/* "12.3 MiB" */
static void
amount(uint64_t bytes, char out[32])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)bytes;
	int i = 0;

	for (; v >= 1024 && i < 4; i++)
		v /= 1024;
	snprintf(out, 32, i == 0 ? "%.0f %s" : "%.1f %s", v, units[i]);
}

/* All there is to tell but the name; the higher the level, the less. */
static void
details(const struct progress_state *s, int level, char out[PROGRESS_LINE])
{
	char time[DURATION_TEXT] = "", moved[32], total[40] = "", rate[40] = "";
	char text[32];

	amount(s->moved, moved);
	if (level < 4)
		elapsed(s->elapsed, time);
	if (s->total > s->moved && level < 3) {
		amount(s->total, text);
		snprintf(total, sizeof(total), " of %s", text);
	}
	if (s->rate != 0 && level < 2) {
		amount(s->rate, text);
		snprintf(rate, sizeof(rate), ", %s/s", text);
	}
	snprintf(out, PROGRESS_LINE, "%s%s%s%s%s%s", time,
	    *time != '\0' ? ", " : "", moved, total,
	    level < 1 ? " copied" : "", rate);
}

/* The length in bytes of the first so many characters of a name. */
static size_t
prefix(const char *name, size_t characters)
{
	size_t n = strlen(name), at = 0, len;

	for (; at < n && characters != 0; characters--) {
		len = text_utf8(name + at, n - at, NULL);
		at += len != 0 ? len : 1;
	}
	return at;
}

void
progress_line(const struct progress_state *s, unsigned columns,
    char out[PROGRESS_LINE])
{
	char text[PROGRESS_LINE], name[NAME_MAX_LEN + 1];
	size_t want, room = columns > 0 ? columns - 1 : 0, used;

	if (s->scripts > 1)
		snprintf(name, sizeof(name), "%zu scripts", s->scripts);
	else
		snprintf(name, sizeof(name), "%s", s->name);
	want = strlen(name) < NAME_LEAST ? strlen(name) : NAME_LEAST;
	for (int level = 0; level <= 4; level++) {
		details(s, level, text);
		used = strlen(text) + 2;
		if (used + want <= room)
			break;
	}
	room = used < room ? room - used : 0;
	room = room < NAME_MOST ? room : NAME_MOST;
	snprintf(out, PROGRESS_LINE, "%.*s%s%s", (int)prefix(name, room), name,
	    room != 0 ? ": " : "", text);
}

/* Bytes per second over the last ticks. */
static uint64_t
take_sample(struct progress *p)
{
	struct progress_sample now = { clock_now(), jobs_moved(p->jobs) };
	struct progress_sample then = p->nsamples < SAMPLES ? p->samples[0] :
	    p->samples[p->nsamples % SAMPLES];
	bool first = p->nsamples == 0;

	p->samples[p->nsamples++ % SAMPLES] = now;
	if (first || now.at - then.at < NS_PER_S / 2 || now.moved < then.moved)
		return 0;
	return (uint64_t)((double)(now.moved - then.moved) * NS_PER_S /
	    (double)(now.at - then.at));
}

static void
add(void *arg, const struct job *j)
{
	struct progress_state *s = arg;

	if (s->scripts++ == 0) {
		s->name = job_name(j);
		s->elapsed = clock_now() - job_started(j);
	}
	s->moved += job_moved(j);
	s->total += job_expected(j);
}

static void
on_status(void *arg)
{
	struct progress *p = arg;
	struct progress_state s = { .rate = take_sample(p) };
	char line[PROGRESS_LINE] = "";
	unsigned columns = log_columns(p->log);

	jobs_each(p->jobs, add, &s);
	if (s.scripts != 0 && s.elapsed > QUIET_NS)
		progress_line(&s, columns, line);
	log_status(p->log, line);
	timer_arm(p->status, STATUS_NS);
}

static void
write_heartbeat(void *arg, const struct job *j)
{
	struct progress *p = arg;
	struct log_record r;
	char time[DURATION_TEXT];

	if (clock_now() - job_started(j) < HEARTBEAT_NS / 2)
		return;
	elapsed(clock_now() - job_started(j), time);
	log_record_init(&r, LOG_INFO, "Script is running");
	log_record_string(&r, "script", job_name(j));
	log_record_string(&r, "elapsed", time);
	log_record_int(&r, "copied-bytes", (int64_t)job_moved(j));
	log_write(p->log, &r);
}

static void
on_heartbeat(void *arg)
{
	struct progress *p = arg;

	jobs_each(p->jobs, write_heartbeat, p);
	timer_arm(p->heartbeat, HEARTBEAT_NS);
}

struct progress *
progress_new(struct loop *l, struct log *log, const struct jobs *jobs)
{
	struct progress *p = mem_alloc(sizeof(*p));

	p->log = log;
	p->jobs = jobs;
	p->status = loop_timer(l, on_status, p);
	p->heartbeat = loop_timer(l, on_heartbeat, p);
	if (log_columns(log) != 0)
		timer_arm(p->status, STATUS_NS);
	else
		timer_arm(p->heartbeat, HEARTBEAT_NS);
	return p;
}

void
progress_free(struct progress *p)
{
	if (p == NULL)
		return;
	timer_free(p->status);
	timer_free(p->heartbeat);
	free(p);
}
