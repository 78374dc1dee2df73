/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - what a worker process is made of: one job, one control channel,
 * one loop, one Lua state. Single-threaded; nothing here is shared.
 */
#ifndef REGBOT_WORKER_H
#define REGBOT_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <lua.h>

#include "common/error.h"
#include "common/wire/log_record.h"
#include "common/wire/loop.h"
#include "common/wire/stop.h"
#include "worker/job/tally.h"

struct branches;	/* branches.h: of parallel() */
struct catalog;		/* catalog.h: repositories that were listed */
struct client;		/* client.h */
struct overlay;		/* overlay.h: what a dry run pretends */
struct exchange;	/* globals.h: what the script is given and gives */
struct referrers;	/* referrers.h: lists of referrers, known and written */
struct known;		/* known.h: where the job's blobs are */

struct worker {
	struct loop *loop;
	struct client *client;
	struct overlay *overlay;	/* NULL unless dry_run */
	struct known *known;	/* NULL until the first copy makes it */
	struct catalog *catalog;	/* NULL until the first list makes it */
	struct exchange *exchange;	/* NULL until the job is there */
	struct referrers *referrers;	/* NULL until the first is listed */
	struct tally tally;	/* what it did */
	lua_State *L;
	struct branches *branches;	/* of L, or NULL */
	char *name;		/* the script's name */
	char *script;		/* its text */
	size_t script_len;
	char **args;		/* of "regbot lua": the chunk's name, arg[0],
				 * ...; NULL: none */
	size_t nargs;
	bool print;		/* it prints to standard output, not the log */
	bool dry_run;
	int log_level;		/* records below it need not be sent */
	int64_t timeout_ns;	/* the script's, for messages; 0: none */
	int64_t deadline;	/* clock_now() time, 0: none */
	enum stop_reason stopped;	/* the supervisor said STOP */
};

/* 0 while the job may go on; -1 with stop_error's words once it may not. */
int worker_check(const struct worker *w, struct error *err);

/* Runs the loop until *done, or until the job must stop: then -1 with err as
 * worker_check gives it. The operation behind done is not cancelled here. */
int worker_wait(struct worker *w, const bool *done, struct error *err);

/* Sends a record, unless its level is not wanted. "script" is put in front
 * where it is not there yet. Takes what r holds (frees it). */
void worker_log(struct worker *w, struct log_record *r);
/* The same at any level. */
void worker_tell(struct worker *w, struct log_record *r);
/* As worker_log for the lines in which regbot names no script. */
void worker_log_bare(struct worker *w, struct log_record *r);

#endif
