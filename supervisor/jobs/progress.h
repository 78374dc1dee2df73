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

/* Starts to show what is running. It has to end before the jobs and the log
 * do. */
struct progress *progress_new(struct loop *l, struct log *log,
    const struct jobs *jobs);
void progress_free(struct progress *p);	/* NULL is fine */

#endif
