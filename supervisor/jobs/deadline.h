/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadline.h - when a job has to end: its script's timeout passes, or
 * somebody stops it. The worker is told once and has KILL_AFTER_MS to end;
 * then it is killed.
 */
#ifndef REGBOT_DEADLINE_H
#define REGBOT_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/loop.h"
#include "common/wire/stop.h"

struct deadline;

struct deadline_ops {
	/* The worker has to end now. Called once at most. */
	void (*stop)(void *arg, enum stop_reason why);
	/* It did not end in time. */
	void (*kill)(void *arg);
};

/* The time runs from now; timeout in ns, 0 for none. */
struct deadline *deadline_new(struct loop *l, int64_t timeout,
    const struct deadline_ops *ops, void *arg);
void deadline_free(struct deadline *d);	/* NULL is fine */

/* Stops the job, unless its timeout has passed already. NULL is fine. */
void deadline_cancel(struct deadline *d, enum stop_reason why);

/* The script is over: its worker must be gone soon, whatever it still does. */
void deadline_done(struct deadline *d);

/* Why the job was stopped, if it was. NULL counts as one that was not. */
enum stop_reason deadline_reason(const struct deadline *d);

/* The sentence for a job that was stopped whose worker did not say how its
 * script ended; NULL if it was not stopped. at: where the worker was, or NULL;
 * begun: it had its script. The caller frees it. */
char *deadline_text(const struct deadline *d, const char *at, bool begun);

#endif
