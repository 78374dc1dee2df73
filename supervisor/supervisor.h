/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.h - what the privileged parent holds together. One loop, one
 * thread; the parts know each other only through this and their headers.
 */
#ifndef REGBOT_SUPERVISOR_H
#define REGBOT_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "supervisor/config/config.h"
#include "supervisor/log/log.h"
#include "common/loop.h"

struct job;
struct brokers;
struct slots;

struct supervisor {
	struct loop *loop;
	struct log *log;
	int log_level;
	struct config *config;
	bool dry_run;
	bool once;		/* else server: modules of the cwd are not read */
	struct brokers *brokers;
	struct slots *slots;
	struct job *jobs;	/* running, a list */
	uint64_t last_job;	/* ids rise and are never used twice */
	bool missing_said;	/* of a layer that is not offered here */
	int stopping;		/* signals to stop that came so far */
};

/* The running job of that number, or NULL. */
struct job *supervisor_job(const struct supervisor *sv, uint64_t id);

/* A child says which layer of its confinement this system does not offer ("":
 * none): one warning a start. */
void supervisor_missing(struct supervisor *sv, const char *layer);

#endif
