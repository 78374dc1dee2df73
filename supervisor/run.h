/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - what the commands once and server do, from the loaded
 * configuration to the exit status.
 */
#ifndef REGBOT_RUN_H
#define REGBOT_RUN_H

#include "common/wire/loop.h"
#include "supervisor/config/config.h"
#include "supervisor/jobs/jobs.h"
#include "supervisor/log/log.h"
#include "supervisor/log/output.h"

struct run_env {		/* all of it is borrowed */
	struct loop *loop;
	struct log *log;
	struct child_env *children;
	struct config *config;
	struct jobs *jobs;
	struct output *output;	/* where scripts print; NULL: to the log */
};

/* Runs every script once: in order, or all at once where defaults.parallel
 * is set. Where there are several, all are looked at for syntax errors first,
 * and those that have one are not run. 0 when all succeeded, else 1. */
int run_once(const struct run_env *env);

/* Runs scripts on their intervals until SIGINT or SIGTERM. 0, or 1 when a
 * run failed (one that was only stopped does not count), or RUN_NOTHING when no
 * script could be scheduled. */
#define RUN_NOTHING 2	/* as if the configuration were wrong */
int run_server(const struct run_env *env);

#endif
