/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agendarig.h - an agenda over clocks that the test moves: a loop that would
 * wait moves them on instead.
 */
#ifndef REGBOT_AGENDARIG_H
#define REGBOT_AGENDARIG_H

#include "common/clock.h"
#include "supervisor/schedule/agenda.h"

#define MINUTE (60 * NS_PER_S)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

extern struct agenda_rig {
	struct loop *loop;
	struct agenda *agenda;
	int64_t now, suspended;	/* clock_now(), clock_boot() - that */
	int64_t ahead;		/* clock_wall() - clock_now() */
} rig;

/* What came: when by the clock on the wall, and when that was due. */
struct agenda_log {
	size_t n;
	int64_t wall[40000], due[40000], boot[40000];
};
agenda_fn agenda_note;		/* arg is a struct agenda_log */

/* At a time such as "2026-03-29T00:59:00" in UTC. */
int64_t rig_time(const char *utc);
void rig_begin(const char *utc);
struct schedule *rig_add(const char *text, int64_t jitter,
    struct agenda_log *log);
/* Lets time pass until clock_now() is so much further. */
void rig_pass(int64_t ns);
void rig_suspend(int64_t ns);	/* for so long */
void rig_end(void);

#endif
