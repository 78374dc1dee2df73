/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.h - when a script of a server runs: cron, or an interval. */
#ifndef REGBOT_SCHEDULE_H
#define REGBOT_SCHEDULE_H

#include <stdint.h>

#include "common/buffer.h"
#include "common/error.h"

struct schedule;

/*
 * Reads a schedule: five fields of cron, @hourly and the like, or "@every
 * DURATION", behind "TZ=ZONE " or "CRON_TZ=ZONE " if it has a time zone of its
 * own. NULL when it is malformed, its zone is not known, or it never happens.
 * The caller holds the one reference to it.
 */
struct schedule *schedule_parse(const char *text, struct error *err);
/* One that runs at intervals (ns): whole seconds, at least one. */
struct schedule *schedule_every(int64_t interval);
/* Adds a reference; returns s. NULL is fine in both. */
struct schedule *schedule_ref(struct schedule *s);
void schedule_unref(struct schedule *s);

/*
 * When it runs next, strictly after a time (both clock_wall()); an interval
 * counts from that time, and ends on a whole second. -1: not in this age, that
 * is until 2262.
 *
 * Where clocks are put forward or back, a schedule that names its hours runs
 * once for each time that it names: in the first pass of what clocks show
 * twice, and for what they leave out, once at the moment that they are put
 * forward. One for all hours runs whenever a clock shows a minute that it
 * names, as often as that is.
 */
int schedule_next(const struct schedule *s, int64_t after, int64_t *next);

/* As it was written; "@every 1h0m0s" for an interval. */
const char *schedule_text(const struct schedule *s);
/* In ns, or 0 for one of cron. */
int64_t schedule_interval(const struct schedule *s);
/* Appends wall, to the second, as local time of the schedule's zone. */
void schedule_time(const struct schedule *s, int64_t wall, struct buffer *out);

#endif
