/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c - the status line and the heartbeat. */
#include "supervisor/jobs/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/duration.h"
#include "common/mem.h"

#define STATUS_NS NS_PER_S		/* a terminal's line, each second */
#define QUIET_NS (2 * NS_PER_S)		/* no line for jobs that end soon */
#define HEARTBEAT_NS (60 * NS_PER_S)	/* a log line for each running job */

struct progress {
	struct log *log;
	const struct jobs *jobs;
	struct timer *status, *heartbeat;
};

static void
elapsed(const struct job *j, char out[DURATION_TEXT])
{
	int64_t ns = clock_now() - job_started(j);

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

struct sum {			/* over all running jobs */
	size_t running;
	const struct job *oldest;
	uint64_t moved;
};

static void
add(void *arg, const struct job *j)
{
	struct sum *sum = arg;

	if (sum->running++ == 0)
		sum->oldest = j;
	sum->moved += job_moved(j);
}

static void
on_status(void *arg)
{
	struct progress *p = arg;
	char line[160] = "", time[DURATION_TEXT], moved[32];
	struct sum sum = { 0 };

	jobs_each(p->jobs, add, &sum);
	if (sum.running != 0 &&
	    clock_now() - job_started(sum.oldest) > QUIET_NS) {
		elapsed(sum.oldest, time);
		amount(sum.moved, moved);
		if (sum.running == 1)
			snprintf(line, sizeof(line), "%.40s: %s, %s copied",
			    job_name(sum.oldest), time, moved);
		else
			snprintf(line, sizeof(line), "%zu scripts: %s, %s "
			    "copied", sum.running, time, moved);
		for (char *c = line; *c != '\0'; c++)
			if ((unsigned char)*c < ' ' || *c == 0x7f)
				*c = '?';
	}
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
	elapsed(j, time);
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
	if (log_is_terminal(log))
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
