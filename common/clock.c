/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - the clocks of the system. */
#include "common/clock.h"

#include <time.h>

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t
clock_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
clock_boot(void)
{
	return read_clock(CLOCK_BOOTTIME);
}
