/* SPDX-License-Identifier: Apache-2.0 */
/* stop.c - the reasons of STOP in words. */
#include "common/wire/stop.h"

#include <signal.h>

#include "common/duration.h"

enum stop_reason
stop_of_signal(int sig)
{
	return sig == SIGINT ? STOP_SIGINT : sig == SIGTERM ? STOP_SIGTERM :
	    sig == SIGHUP ? STOP_SIGHUP : STOP_CANCELED;
}

int
stop_signal(enum stop_reason why)
{
	return why == STOP_SIGINT ? SIGINT : why == STOP_SIGTERM ? SIGTERM :
	    why == STOP_SIGHUP ? SIGHUP : 0;
}

int
stop_error(enum stop_reason why, int64_t timeout, struct error *err)
{
	static const char *const by[STOP_REASONS] = {
		[STOP_CANCELED] = "the supervisor",
		[STOP_SIGINT] = "SIGINT", [STOP_SIGTERM] = "SIGTERM",
		[STOP_SIGHUP] = "SIGHUP",
	};
	char limit[DURATION_TEXT];

	if (why == STOP_NONE)
		return 0;
	if (why != STOP_DEADLINE)
		return error_set(err, ERROR_CANCELED, "stopped by %s",
		    by[why]);
	duration_brief(timeout, limit);
	return error_set(err, ERROR_DEADLINE, "timeout of %s reached", limit);
}
