/* SPDX-License-Identifier: Apache-2.0 */
/* task.c - how a Lua function waits; see task.h. */
#include <stdlib.h>

#include <lua.h>

#include "common/mem.h"
#include "worker/lua/owned.h"
#include "worker/lua/task.h"
#include "worker/lua/vm_private.h"

void
task_release(struct task *t)
{
	void (*release)(struct task *) = t->release;

	t->release = NULL;
	t->wake = NULL;
	if (release != NULL)
		release(t);
	free(t->doing);
	t->doing = NULL;
}

static void
release_task(void *t)
{
	task_release(t);
}

void *
task_new(lua_State *L, size_t n, void (*release)(struct task *t))
{
	const struct task_pause *pause = vm_of(L)->pause;

	if (pause != NULL)
		pause->check(L);
	return task_new_idle(L, n, release);
}

void *
task_new_idle(lua_State *L, size_t n, void (*release)(struct task *t))
{
	struct task *t;

	/* What has a finalizer outlives a cycle, and the collector takes its
	 * pace from what is alive: it must be driven. */
	lua_gc(L, LUA_GCSTEP, 0);
	t = owned_push(L, n, OWNED_PLAIN, release_task);
	t->w = vm_worker(L);
	t->release = release;
	return t;
}

void
task_doing(struct task *t, char *text)
{
	free(t->doing);
	t->doing = text;
}

void
task_done(struct task *t, const struct error *err)
{
	if (t->done)
		return;
	t->done = true;
	if (err != NULL) {
		t->err = *err;
		if (t->doing != NULL)
			error_prefix(&t->err, "%s", t->doing);
	}
	if (t->wake != NULL)
		t->wake(t->branch);
}

void
task_set_pause(lua_State *L, const struct task_pause *pause, void *branch)
{
	vm_of(L)->pause = pause;
	vm_of(L)->branch = branch;
}

void *
task_branch(lua_State *L)
{
	return vm_of(L)->branch;
}

int
task_await(lua_State *L, struct task *t, lua_KFunction finish)
{
	const struct task_pause *pause = vm_of(L)->pause;
	struct error err = { .kind = ERROR_NONE };

	t->finish = finish;
	if (!t->done && pause != NULL)
		return pause->pause(L, t);
	if (!t->done && worker_wait(t->w, &t->done, &err) == -1)
		task_done(t, &err);
	return finish(L, LUA_OK, (lua_KContext)t);
}
