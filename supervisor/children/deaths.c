/* SPDX-License-Identifier: Apache-2.0 */
/* deaths.c - the latest deaths of a broker. */
#include "supervisor/children/deaths.h"

#include <string.h>

#include "common/clock.h"

#define CLOSED_NS (BROKER_CLOSED_MS * NS_PER_MS)

void
deaths_note(struct deaths *d, int64_t now)
{
	memmove(d->at + 1, d->at, (BROKER_DEATHS - 1) * sizeof(d->at[0]));
	d->at[0] = now;
	if (d->count < BROKER_DEATHS)
		d->count++;
}

bool
deaths_closed(const struct deaths *d, int64_t now)
{
	return d->count == BROKER_DEATHS && now - d->at[0] < CLOSED_NS &&
	    d->at[0] - d->at[BROKER_DEATHS - 1] < CLOSED_NS;
}

bool
deaths_over(const struct deaths *d, int64_t now)
{
	return d->count == 0 || now - d->at[0] >= CLOSED_NS;
}
