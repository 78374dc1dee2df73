/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokers.h - the brokers: one per registry name, started when a job first
 * names the registry, ended when no job needs it, replaced when it dies. A job
 * is only an id here.
 */
#ifndef REGBOT_BROKERS_H
#define REGBOT_BROKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "supervisor/children/brokerchild.h"

struct brokers;

/* What jobs get from brokers. Also called from inside brokers_open. */
struct brokers_ops {
	/* Answers OPEN id: the job's end of a channel, the callee's, to the
	 * broker's process of that generation. */
	void (*opened)(void *arg, uint64_t job, uint32_t id,
	    uint64_t generation, int fd);
	/* Answers OPEN id: there is none. */
	void (*refused)(void *arg, uint64_t job, uint32_t id,
	    const struct error *why);
	/* This many more bytes were uploaded for the job. */
	void (*moved)(void *arg, uint64_t job, uint64_t bytes);
};

/* Keeps a reference to config, which tells about the registries. Channels of a
 * dry run cannot write. */
struct brokers *brokers_new(struct child_env *env, struct config *config,
    bool dry_run, const struct brokers_ops *ops, void *arg);
void brokers_free(struct brokers *b);	/* kills what is left; NULL is fine */

/* A job asks for a channel to a registry: it gets opened or refused with id,
 * now or when the broker is ready. script: the name of the script that it
 * runs. */
void brokers_open(struct brokers *b, uint64_t job, const char *script,
    uint32_t id, const char *registry);

/* The process of a registry that the job has opened, or NULL when none is
 * alive. Borrowed, until the loop goes on. */
struct brokerchild *brokers_used(const struct brokers *b, uint64_t job,
    const char *registry);

/* The job is over: its claims end, nothing more is called for it. */
void brokers_forget(struct brokers *b, uint64_t job);

/* QUIT to all. done is called from the loop once they are gone. Tag deletions
 * that have begun to write are waited for. */
void brokers_quit(struct brokers *b, void (*done)(void *arg), void *arg);
/* brokers_free comes next, without waiting: logs what tag deletions leave. */
void brokers_abandon(struct brokers *b);
/* A tag may be left with an empty image. */
bool brokers_left(const struct brokers *b);

#endif
