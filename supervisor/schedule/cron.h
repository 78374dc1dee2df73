/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cron.h - the five fields of cron, "MINUTE HOUR DAY MONTH WEEKDAY", and what
 * matches them on a calendar. Time zones are not its business: seconds here
 * are local, since 1970 as if they were UTC.
 */
#ifndef REGBOT_CRON_H
#define REGBOT_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct cron {			/* a bit each */
	uint64_t minutes, hours, days, months, weekdays;
	bool any_day, any_weekday;	/* written as * or ? */
};

/* Reads five fields. Fails where one is malformed, naming it, and where no day
 * matches. */
int cron_parse(const char *text, struct cron *c, struct error *err);

/* True when it runs in all hours of a day. */
bool cron_all_hours(const struct cron *c);

/* The first minute from local on that matches; never fails. */
int64_t cron_from(const struct cron *c, int64_t local);

#endif
