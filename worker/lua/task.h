/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task.h - how a Lua function waits for what it asked for. A task, which
 * a userdata owns, holds everything under way for one call of a binding, so
 * that nothing leaks or dangles when Lua raises an error: the collector
 * releases it, which cancels its requests.
 *
 * A binding starts its task and returns task_await(L, task, finish). The
 * finish function finds its arguments where they were and turns the task's
 * result into Lua values. This is the one place where a script waits.
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
	struct error err;	/* kind ERROR_NONE on success */
	char *doing;		/* "failed to get manifest X", for errors */
	/* Cancels what is under way and frees what is held; the task itself
	 * is Lua's. Called once. */
	void (*release)(struct task *t);
};

/* Pushes the owner of n zeroed bytes that begin with a struct task. */
void *task_new(lua_State *L, size_t n, void (*release)(struct task *t));
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

#endif
