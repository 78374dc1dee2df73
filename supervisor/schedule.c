/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.c - intervals, and whole seconds to start on. */
#include "supervisor/schedule.h"

#include <string.h>

#include "common/clock.h"
#include "common/duration.h"

#define EVERY "@every "
#define SLACK_NS (20 * NS_PER_MS)

int
schedule_interval(const struct config_script *s, int64_t *interval,
    struct error *err)
{
	int64_t ns = s->interval;

	if (*s->schedule != '\0') {
		if (strncmp(s->schedule, EVERY, strlen(EVERY)) != 0)
			return error_set(err, ERROR_INPUT, "cron expressions "
			    "are not supported by this version, use "
			    "\"@every DURATION\" or interval");
		if (duration_parse(s->schedule + strlen(EVERY), &ns,
		    err) == -1)
			return -1;
	} else if (ns <= 0)
		return error_set(err, ERROR_NOT_FOUND, "the script has no "
		    "interval and no schedule");
	ns = ns / NS_PER_S * NS_PER_S;
	*interval = ns < NS_PER_S ? NS_PER_S : ns;
	return 0;
}

int64_t
schedule_delay(int64_t interval, int64_t wall)
{
	int64_t part = wall % NS_PER_S;

	/* A clock that is being adjusted may show a run a little early. */
	if (part > NS_PER_S - SLACK_NS)
		part -= NS_PER_S;
	return interval - part;
}
