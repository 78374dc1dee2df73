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

struct run_env {		/* all of it is borrowed */
	struct loop *loop;
	struct log *log;
	struct config *config;
	struct jobs *jobs;
};

/* Runs every script once: in order, or all at once where defaults.parallel
 * is set. 0 when all succeeded, else 1. The first error is printed last. */
int run_once(const struct run_env *env);

/* Runs scripts on their intervals until SIGINT or SIGTERM. 0, or 1 when a
 * run failed (one that was only stopped does not count). */
int run_server(const struct run_env *env);

#endif
