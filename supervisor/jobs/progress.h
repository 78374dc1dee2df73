/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - shows that something long is under way: by a status line on a
 * terminal, by a line now and then in a log.
 */
#ifndef REGBOT_PROGRESS_H
#define REGBOT_PROGRESS_H

#include "common/wire/loop.h"
#include "supervisor/jobs/jobs.h"
#include "supervisor/log/log.h"

struct progress;

/* What a status line tells. */
struct progress_state {
	size_t scripts;		/* that run */
	const char *name;	/* of the oldest */
	int64_t elapsed;	/* of the oldest, ns */
	uint64_t moved;		/* bytes uploaded */
	uint64_t total;		/* bytes to upload, 0: not known */
	uint64_t rate;		/* bytes per second, 0: not known */
};
#define PROGRESS_LINE 256

/* The line for a terminal of so many columns: what does not fit is left out,
 * the less important first. */
void progress_line(const struct progress_state *s, unsigned columns,
    char out[PROGRESS_LINE]);

/* Starts to show what is running. It has to end before the jobs and the log
 * do. */
struct progress *progress_new(struct loop *l, struct log *log,
    const struct jobs *jobs);
void progress_free(struct progress *p);	/* NULL is fine */

#endif
