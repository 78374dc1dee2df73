/* SPDX-License-Identifier: Apache-2.0 */
/* zone.h - time zones: how far local time is from UTC, and until when. */
#ifndef REGBOT_ZONE_H
#define REGBOT_ZONE_H

#include <stdint.h>

#include "common/error.h"

struct zone;

/* The zone of that name in the system's database, such as "Europe/Berlin";
 * "UTC" needs no database, and "" is the process's own zone. Those that are
 * open are shared. NULL when there is none. */
struct zone *zone_open(const char *name, struct error *err);
/* Whether the process's own zone, as TZ names it, is there; -1: it is UTC. */
int zone_check_own(struct error *err);
void zone_close(struct zone *z);	/* NULL is fine */

/* The offset of local time from UTC in seconds at t (seconds since 1970), and
 * *end, before which it does not change; it may not change there either. */
int64_t zone_offset(struct zone *z, int64_t t, int64_t *end);

/* When a clock on the wall shows local (seconds since 1970 as if it were UTC):
 * the first time where it does twice, and where it never does, the moment that
 * it is put forward. */
int64_t zone_instant(struct zone *z, int64_t local);

#endif
