/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - nanoseconds of clocks; none but clock_wall() ever goes back. */
#ifndef REGBOT_CLOCK_H
#define REGBOT_CLOCK_H

#include <stdint.h>

#define NS_PER_MS ((int64_t)1000000)
#define NS_PER_S ((int64_t)1000000000)

int64_t clock_now(void);	/* CLOCK_MONOTONIC */
int64_t clock_wall(void);	/* CLOCK_REALTIME, since 1970 */
int64_t clock_boot(void);	/* CLOCK_BOOTTIME: also goes on in suspension */

#endif
