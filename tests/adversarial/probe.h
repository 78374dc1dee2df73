/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - what a confined process tries. An act returns 0 when it was done
 * and -1 when it was refused; a filter that kills ends it with SIGSYS.
 */
#ifndef REGBOT_PROBE_H
#define REGBOT_PROBE_H

#include "policy/policy.h"

enum outcome {
	SKIP,		/* not tried in this role */
	DONE,
	REFUSED,
	KILLED,		/* by SIGSYS */
	KILLED_ANYHOW,	/* by SIGSYS or SIGSEGV: the kernel may lack it */
	ABORTED		/* by SIGABRT */
};

struct act {
	const char *name;
	int (*run)(void);
	enum outcome worker, broker;
};

extern const struct act forbidden_acts[];	/* a NULL name at the end */
extern const struct act allowed_acts[];

/* Loads what the role's libraries need, before the process is confined. */
void warm_up(enum policy_role role);

/* Starts the loopback HTTP server that brokers talk to; before all else. */
void start_server(void);

#endif
