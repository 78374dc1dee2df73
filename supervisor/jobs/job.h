/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h - one run of one script: its worker, its deadline, what it may ask
 * the supervisor, its end.
 */
#ifndef REGBOT_JOB_H
#define REGBOT_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/message.h"
#include "supervisor/supervisor.h"

/* done gets the end of the run: failed, the text ("" on success), and
 * whether it only failed because it was stopped. The job is freed after. */
typedef void job_done_fn(void *arg, bool failed, const char *text,
    bool stopped);

/* Starts a run of a script of config, which it keeps a reference to. A job
 * that cannot start calls done later, from the loop. */
void job_start(struct supervisor *sv, struct config *config,
    const struct config_script *script, job_done_fn *done, void *arg);

/* STOP: cancelled; SIGKILL follows. now: SIGKILL at once. */
void job_stop(struct job *j, bool now);

struct job *job_next(const struct job *j);	/* in supervisor.jobs */
uint64_t job_id(const struct job *j);
const char *job_name(const struct job *j);
int64_t job_started(const struct job *j);	/* clock_now() */
uint64_t job_moved(const struct job *j);	/* bytes uploaded so far */
void job_add_moved(struct job *j, uint64_t bytes);

/* What the parts answer to a job's requests. fd is passed on, or -1. */
void job_send(struct job *j, struct message_out *o, int fd);
void job_refuse(struct job *j, uint32_t id, const struct error *why);

#endif
