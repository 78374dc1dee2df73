/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agenda.h - what runs when: all schedules of a server on one timer.
 *
 * Each time of a schedule comes once. What was missed, because the machine was
 * suspended, the process stopped, or the clock put forward, comes within
 * AGENDA_LOOK_S, and only once, however much was missed. A clock that is set
 * back by up to SET_BACK_MAX_S repeats nothing: no time comes until the clock is
 * where it was. Set back further, all begins anew from the new time.
 * Intervals are of time that has passed, suspension included, whatever the
 * clock says.
 */
#ifndef REGBOT_AGENDA_H
#define REGBOT_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/loop.h"
#include "supervisor/schedule/schedule.h"

struct agenda;
struct agenda_item;

/* It is time: due (clock_wall()) is when it was, which may be long ago. */
typedef void agenda_fn(void *arg, int64_t due);

/* The seed decides by how much runs are put off. */
struct agenda *agenda_new(struct loop *l, uint64_t seed);
void agenda_free(struct agenda *a);	/* with its items; NULL is fine */

/* Calls fn from the loop at each time of s, put off by a random part of jitter
 * (ns, 0: none). s is borrowed. An item lives as long as the agenda. */
struct agenda_item *agenda_add(struct agenda *a, const struct schedule *s,
    int64_t jitter, agenda_fn *fn, void *arg);
/* When it is due next (clock_wall()), or INT64_MAX. */
int64_t agenda_due(const struct agenda_item *i);

/* Nothing comes any more. */
void agenda_stop(struct agenda *a);

#endif
