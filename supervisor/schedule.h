/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.h - when a script of a server runs next. */
#ifndef REGBOT_SCHEDULE_H
#define REGBOT_SCHEDULE_H

#include <stdint.h>

#include "common/error.h"
#include "supervisor/config/config.h"

/* The interval of a script in ns: its interval, or "@every DURATION" as its
 * schedule, in whole seconds, at least 1 s. Fails when there is neither
 * (ERROR_NOT_FOUND) or the schedule has another form. */
int schedule_interval(const struct config_script *s, int64_t *interval,
    struct error *err);

/* Nanoseconds from wall (CLOCK_REALTIME) until the next run: one interval
 * later, on a whole second. */
int64_t schedule_delay(int64_t interval, int64_t wall);

#endif
