/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots.h - action slots (defaults.parallel): how many copies and similar
 * actions run at a time, given round-robin over the jobs that wait. A job is
 * only an id here; it waits for a slot, then holds it.
 */
#ifndef REGBOT_SLOTS_H
#define REGBOT_SLOTS_H

#include <stdint.h>

#include "common/error.h"

struct slots;

/* Job has the slot that it asked for as id. Called from inside slots_want,
 * slots_release and slots_forget. */
typedef void slots_granted_fn(void *arg, uint64_t job, uint32_t id);

struct slots *slots_new(unsigned count, slots_granted_fn *granted, void *arg);
void slots_free(struct slots *s);	/* NULL is fine */

/* Waits for a slot as id. -1 when the id is in use or the job waits for too
 * many. */
int slots_want(struct slots *s, uint64_t job, uint32_t id, struct error *err);
/* Gives it back, or stops waiting. -1 when there is none. */
int slots_release(struct slots *s, uint64_t job, uint32_t id,
    struct error *err);
/* The job is over: releases all. */
void slots_forget(struct slots *s, uint64_t job);

#endif
