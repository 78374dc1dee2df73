/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task.h - how a Lua function waits for what it asked for. A task, which
 * a userdata owns, holds everything under way for one call of a binding, so
 * that nothing leaks or dangles when Lua raises an error: the collector
 * releases it, which cancels its requests.
 *
 * A binding starts its task and returns task_await(L, task, finish). The
 * finish function finds its arguments where they were and turns the task's
 * result into Lua values. This is the one place where a script waits: by
 * running the loop, or, in a branch of parallel(), by leaving the branch
 * (lua_yieldk) until the task is done. So whatever waits goes through here.
 */
#ifndef REGBOT_TASK_H
#define REGBOT_TASK_H

#include <stdbool.h>
#include <stddef.h>

#include <lua.h>

#include "common/error.h"
#include "worker/job/worker.h"

struct task {
	struct worker *w;
	bool done;		/* task_done was called */
	bool inside;		/* it waits for another branch, not for
				 * anything outside of this process */
	/* Set while a branch waits for it: task_done says so to the branch. */
	void (*wake)(void *branch);
	void *branch;
	lua_KFunction finish;
	struct error err;	/* kind ERROR_NONE on success */
	char *doing;		/* "failed to get manifest X", for errors */
	/* Cancels what is under way and frees what is held; the task itself
	 * is Lua's. Called once. */
	void (*release)(struct task *t);
};

/* Pushes the owner of n zeroed bytes that begin with a struct task. Raises an
 * error where it could not wait, before anything is asked for. */
void *task_new(lua_State *L, size_t n, void (*release)(struct task *t));
/* The same for what is never awaited. */
void *task_new_idle(lua_State *L, size_t n, void (*release)(struct task *t));
/* What is tried from here on; takes text (from mem_printf). */
void task_doing(struct task *t, char *text);
/* The task is over. err NULL means success; otherwise "doing: " is put in
 * front of its text. The first call counts. */
void task_done(struct task *t, const struct error *err);
/* Releases before the collector does; the task must not be used after. */
void task_release(struct task *t);

/* Runs finish when the task is done, or must be given up because the job has
 * to stop: then t->err says so. Its context is t, which stays on the stack. */
int task_await(lua_State *L, struct task *t, lua_KFunction finish);

/* How branches wait; NULL, as it is at first: by running the loop. */
struct task_pause {
	void (*check)(lua_State *L);	/* raises an error if it cannot */
	/* Yields; runs t->finish when t is done. */
	int (*pause)(lua_State *L, struct task *t);
};
/* branch is the one that runs from here on. */
void task_set_pause(lua_State *L, const struct task_pause *pause,
    void *branch);
void *task_branch(lua_State *L);	/* the branch that runs, or NULL */

#endif
