/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deaths.h - when a broker died unexpectedly, and whether that was too often:
 * its registry is then closed for a while, not started again and again.
 * Times are clock_now(), given by the caller.
 */
#ifndef REGBOT_DEATHS_H
#define REGBOT_DEATHS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bounds.h"

struct deaths {			/* zeroed: none */
	unsigned count;		/* at most BROKER_DEATHS are remembered */
	int64_t at[BROKER_DEATHS];	/* the latest first */
};

void deaths_note(struct deaths *d, int64_t now);

/* BROKER_DEATHS of them lie within BROKER_CLOSED_MS of each other, and the
 * latest is not that long ago. */
bool deaths_closed(const struct deaths *d, int64_t now);

/* The latest is that long ago, or there was none: no need to remember. */
bool deaths_over(const struct deaths *d, int64_t now);

#endif
