/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h - one run of one script: its worker, what the worker may say, its
 * end. When it has to end is in deadline.h, what it may ask for in control.h.
 */
#ifndef REGBOT_JOB_H
#define REGBOT_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/message.h"
#include "common/wire/stop.h"
#include "supervisor/children/child.h"
#include "supervisor/config/config.h"

struct job;

/* Logs what is wrong with script of c: message, with text as its error. */
void job_write_error(struct log *log, const char *message,
    const struct config *c, const struct config_script *script,
    const char *text);

struct job_ops {
	/* A request of the worker. Returning -1 kills it. */
	int (*request)(void *arg, struct job *j, const struct message *m,
	    struct error *err);
	/* Its worker has the script. Not called if it never gets that far. */
	void (*started)(void *arg);
	/* It is over: whether it failed and the text of it ("" on success),
	 * and whether it was stopped from outside. The callback frees it. */
	void (*over)(void *arg, struct job *j, bool failed, const char *text,
	    bool stopped);
};

/* Starts script of config as job id; keeps a reference to config. If a job
 * cannot start, over is called later, from the loop. */
struct job *job_start(struct child_env *env, struct config *config,
    const struct config_script *script, uint64_t id, bool dry_run,
    const struct job_ops *ops, void *arg);
void job_free(struct job *j);	/* kills its worker; over is not called */

/* STOP, and SIGKILL follows. now: SIGKILL at once. */
void job_stop(struct job *j, enum stop_reason why, bool now);

uint64_t job_id(const struct job *j);
const char *job_name(const struct job *j);	/* of its script */
const struct config *job_config(const struct job *j);
int64_t job_started(const struct job *j);	/* clock_now() */
uint64_t job_moved(const struct job *j);	/* bytes uploaded so far */
/* What it will be in the end, by the worker's word; 0 where it said nothing. */
uint64_t job_expected(const struct job *j);
/* When it is over, as a shell would show it: 0, what its script gave os.exit,
 * 128 and the signal that stopped it, or 1. */
int job_exit_status(const struct job *j);
void job_add_moved(struct job *j, uint64_t bytes);

/* What answers a job's requests. fd (or -1) is passed on and closed. A
 * message that cannot be sent kills the worker. */
void job_send(struct job *j, struct message_out *o, int fd);
void job_refuse(struct job *j, uint32_t id, const struct error *why);

#endif
