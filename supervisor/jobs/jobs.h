/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs.h - all running jobs, and what they share: brokers and action slots.
 * Code that starts a job needs nothing else from this folder.
 */
#ifndef REGBOT_JOBS_H
#define REGBOT_JOBS_H

#include "supervisor/jobs/job.h"

struct jobs;

struct jobs_options {
	unsigned slots;		/* actions at a time */
	bool dry_run;
	struct output *output;	/* where they print, one job at a time; NULL:
				 * to the log */
	bool modules_here;	/* scripts may require from the working
				 * directory */
};

/* env lives longer. Keeps a reference to config for the registries. */
struct jobs *jobs_new(struct child_env *env, struct config *config,
    const struct jobs_options *options);
void jobs_free(struct jobs *all);	/* kills what is left */

/* The end of a run: whether it failed, the text of it ("" on success), and
 * whether it was stopped from outside. */
typedef void jobs_done_fn(void *arg, bool failed, const char *text,
    bool stopped);

/* Runs a script of config, which is kept until then. done is called once, from
 * the loop. */
void jobs_start(struct jobs *all, struct config *config,
    const struct config_script *script, jobs_done_fn *done, void *arg);

/* How many have no script yet and wait for no input; and started is called,
 * from the loop, when there is one less of them that is not over. */
size_t jobs_starting(const struct jobs *all);
void jobs_watch_starts(struct jobs *all, void (*started)(void *arg),
    void *arg);

/* Stops all that run, as job_stop. */
void jobs_stop(struct jobs *all, enum stop_reason why, bool now);

/* Calls fn for each that runs, the oldest first. */
void jobs_each(const struct jobs *all,
    void (*fn)(void *arg, const struct job *j), void *arg);

/* Bytes that all jobs uploaded so far, those that have ended as well. */
uint64_t jobs_moved(const struct jobs *all);

/* job_exit_status of the one that was over last. */
int jobs_exit_status(const struct jobs *all);

/* All have ended: the brokers cancel what they have begun, and end. done is
 * called from the loop. */
void jobs_quit(struct jobs *all, void (*done)(void *arg), void *arg);
/* jobs_free comes next, without waiting for what jobs_quit waits for. */
void jobs_abandon(struct jobs *all);
/* A tag was or may be left with the empty image that is deleted in its place;
 * the log says which. */
bool jobs_left(const struct jobs *all);

#endif
