/* SPDX-License-Identifier: Apache-2.0 */
/* stop.h - why a job has to end, for both sides of STOP. */
#ifndef REGBOT_STOP_H
#define REGBOT_STOP_H

#include <stdint.h>

#include "common/error.h"

enum stop_reason {		/* as PROTOCOL.md numbers them */
	STOP_NONE = 0, STOP_CANCELED = 1, STOP_DEADLINE = 2, STOP_SIGINT = 3,
	STOP_SIGTERM = 4, STOP_SIGHUP = 5,
	STOP_REASONS		/* how many there are */
};

enum stop_reason stop_of_signal(int sig);
int stop_signal(enum stop_reason why);	/* 0: not by a signal */

/* Sets "timeout of 10m reached", "stopped by SIGINT" and the like; timeout in
 * ns is the script's. Returns -1, or 0 for STOP_NONE. */
int stop_error(enum stop_reason why, int64_t timeout, struct error *err);

#endif
