/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slots.h - action slots (defaults.parallel): how many copies and the like
 * run at once, given round-robin over the jobs that wait.
 */
#ifndef REGBOT_SLOTS_H
#define REGBOT_SLOTS_H

#include <stdint.h>

#include "supervisor/supervisor.h"

struct slots *slots_new(unsigned count);
void slots_free(struct slots *s);

/* Wants a slot: GRANTED is sent with id, at once or later. -1 when the id is
 * in use or the job waits for too many. */
int slots_want(struct slots *s, struct job *j, uint32_t id,
    struct error *err);
/* Gives it back, or takes the wish back. -1 when there is none. */
int slots_release(struct slots *s, struct job *j, uint32_t id,
    struct error *err);
void slots_forget(struct slots *s, const struct job *j);

#endif
