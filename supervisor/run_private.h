/* SPDX-License-Identifier: Apache-2.0 */
/* run_private.h - what the commands once and server have in common. */
#ifndef REGBOT_RUN_PRIVATE_H
#define REGBOT_RUN_PRIVATE_H

#include <sys/queue.h>

#include "supervisor/jobs/compile.h"
#include "supervisor/outcome.h"
#include "supervisor/run.h"
#include "supervisor/schedule/agenda.h"

struct run_task {		/* a script */
	struct run_state *run;
	struct config *config;	/* a reference: script is a part of it */
	const struct config_script *script;
	/* Of a server: */
	struct agenda_item *item;	/* NULL: it has no schedule */
	bool running, waiting;	/* for others to end */
	bool told;		/* that it was skipped during this run */
	int64_t since;		/* clock_wall() at its start */
	TAILQ_ENTRY(run_task) link;
};

struct run_state {
	const struct run_env *env;
	int stopping;		/* stop signals received so far */
	int64_t stopped;	/* when the last one that counts came */
	struct signals *signals;
	struct progress *progress;
	struct compile *compile;	/* while scripts are looked at */
	void (*go)(struct run_state *r);	/* after that */
	void (*more)(struct run_state *r);	/* another may start */
	size_t next;		/* once, in order: the script to run next */
	size_t running;
	bool server;
	struct agenda *agenda;	/* of a server */
	TAILQ_HEAD(, run_task) waiting;
	struct outcome *outcome;
	struct run_task *tasks;
	size_t ntasks;
	bool ending;
};

/* A task for each script; -1 after a line in the log. more is called when a
 * job has started. */
int run_begin(struct run_state *r, const struct run_env *env, bool server,
    void (*more)(struct run_state *r));
/* Frees all; the exit status. */
int run_finish(struct run_state *r);

/* Looks for syntax errors in all scripts, and goes on, unless stopped. */
void run_compile(struct run_state *r, void (*go)(struct run_state *r));
/* All have ended. */
void run_end(struct run_state *r);

#endif
