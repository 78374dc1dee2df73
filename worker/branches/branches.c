/* SPDX-License-Identifier: Apache-2.0 */
/*
 * branches.c - the scheduler; see branches.h. It runs in the outermost
 * parallel() and resumes the branches of all, which therefore never stand on
 * each other's C stack.
 */
#include "worker/branches/branches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/mem.h"
#include "worker/branches/thread.h"
#include "worker/client/client.h"
#include "worker/lua/owned.h"
#include "worker/lua/vm.h"

#define TURNS 32		/* between looks at the loop */
#define NAMED 3			/* items under way that an error names */

static void
branches_release(void *branches)
{
	struct branches *s = branches;

	timer_free(s->deadline);
	s->w->branches = NULL;
}

static void
wake_up(void *arg)
{
	(void)arg;	/* that the loop turned is enough */
}

void
branches_open(lua_State *L)
{
	struct worker *w = vm_worker(L);
	struct branches *s = owned_push(L, sizeof(*s), OWNED_PLAIN,
	    branches_release);

	s->w = w;
	TAILQ_INIT(&s->ready);
	TAILQ_INIT(&s->groups);
	lua_rawsetp(L, LUA_REGISTRYINDEX, s);
	w->branches = s;
	if (w->loop != NULL)
		s->deadline = loop_timer(w->loop, wake_up, NULL);
}

void
branches_end(struct branches *s)
{
	struct branch *b;
	struct group *g;

	if (s == NULL)
		return;
	/* A group's own task is left: it holds the branches. */
	TAILQ_FOREACH(g, &s->groups, entry)
		LIST_FOREACH(b, &g->branches, entry)
			if (b->task != NULL && !group_is(b->task)) {
				task_release(b->task);
				b->task = NULL;
			}
}

/* How a branch waits. */

static void
pause_check(lua_State *L)
{
	if (!thread_can_wait(L))
		vm_raise(L, "a branch of parallel cannot wait for a registry "
		    "here, in a function that table.sort, string.gsub or "
		    "another function of Lua itself calls: ask before, and "
		    "keep the answers in a table");
}

static void
pause_over(void *branch)
{
	struct branch *b = branch;

	if (b->ready)
		return;
	b->ready = true;
	TAILQ_INSERT_TAIL(&b->group->all->ready, b, turn);
}

static int
pause_resumed(lua_State *L, int status, lua_KContext ctx)
{
	struct task *t = (struct task *)ctx;

	return t->finish(L, status, ctx);
}

static int
pause_yield(lua_State *L, struct task *t)
{
	struct branch *b = vm_worker(L)->branches->running;

	pause_check(L);
	b->task = t;
	t->wake = pause_over;
	t->branch = b;
	thread_wait(L);
	return lua_yieldk(L, 0, (lua_KContext)t, pause_resumed);
}

static const struct task_pause branch_pause = { pause_check, pause_yield };

/* Raises that a branch found no memory: there is none for the others. */
static void
starve(lua_State *L, struct branch *b)
{
	char text[ERROR_TEXT_MAX + 1], *name;

	lua_settop(b->co, 0);
	name = group_name(L, b);
	snprintf(text, sizeof(text), "%s", name);
	free(name);
	vm_raise(L, "parallel: %s: not enough memory", text);
}

/* Runs a branch until it waits or ends. */
static void
resume(lua_State *L, struct branch *b, int nargs)
{
	struct branches *s = b->group->all;
	int status;

	b->task = NULL;
	s->running = b;
	task_set_pause(L, &branch_pause, b);
	status = thread_run(b->co, L, nargs);
	s->running = NULL;
	if (status == LUA_YIELD && thread_waits(b->co))
		return;
	if (status == LUA_ERRMEM)
		starve(L, b);
	else if (status == LUA_OK)
		group_returned(L, b);
	else
		group_failed(L, b);
}

/* One branch runs for a while: false, if none can. */
static bool
turn(lua_State *L, struct branches *s)
{
	struct branch *b = TAILQ_FIRST(&s->ready);
	struct group *g;

	if (b != NULL) {
		TAILQ_REMOVE(&s->ready, b, turn);
		b->ready = false;
		resume(L, b, 0);
		return true;
	}
	/* Inner ones first, so that fewer wait at the same time. */
	TAILQ_FOREACH_REVERSE(g, &s->groups, group_list, entry)
		if (group_can_start(g)) {
			resume(L, group_start(L, g), 2);
			return true;
		}
	return false;
}

/* No branch can run. Where all of them wait for each other, one is told. */
static void
wait_outside(struct branches *s)
{
	struct error err = { .kind = ERROR_NONE };
	struct branch *b, *inside = NULL;
	struct group *g;

	TAILQ_FOREACH(g, &s->groups, entry)
		LIST_FOREACH(b, &g->branches, entry)
			if (b->task != NULL && b->task->inside)
				inside = b;
			else if (b->task != NULL && !group_is(b->task)) {
				loop_step(s->w->loop, -1);
				return;
			}
	error_set(&err, ERROR_INPUT, "the branches of parallel wait for each "
	    "other");
	if (inside != NULL)
		task_done(inside->task, &err);
}

/* Raises why the job must stop, with what was under way. */
static void
stop(lua_State *L, struct group *g, const struct error *why)
{
	char text[ERROR_TEXT_MAX + 1], *name;
	struct buffer names;
	struct branch *b;
	unsigned n = 0;

	buffer_init(&names, ERROR_TEXT_MAX / 2);
	LIST_FOREACH(b, &g->branches, entry) {
		if (n++ >= NAMED)
			continue;
		name = group_name(L, b);
		buffer_printf(&names, "%s%s", n > 1 ? ", " : "", name);
		free(name);
	}
	if (n > NAMED)
		buffer_printf(&names, " and %u more", n - NAMED);
	snprintf(text, sizeof(text), "%s", buffer_str(&names));
	buffer_free(&names);
	vm_raise(L, "parallel: %s%s%s", why->text, n > 0 ?
	    "; under way: " : "", text);
}

static int
schedule(lua_State *L)
{
	struct group *g = lua_touserdata(L, 1);
	struct branches *s = g->all;
	struct error err;

	for (unsigned turns = 1; !g->task.done; turns++) {
		if (worker_check(s->w, &err) == -1)
			stop(L, g, &err);
		if (turns % TURNS == 0 && s->w->loop != NULL)
			loop_step(s->w->loop, 0);
		if (!turn(L, s))
			wait_outside(s);
	}
	return 0;
}

/* How many branches there can be. */
static unsigned
width(const struct branches *s)
{
	const struct group *g;
	unsigned n = 0;

	TAILQ_FOREACH(g, &s->groups, entry)
		n += g->n;
	return n < PARALLEL_MAX ? n : PARALLEL_MAX;
}

/* Only what must end all branches raises an error in the scheduler. */
static int
run(lua_State *L, struct group *g)
{
	struct branches *s = g->all;
	int status;

	if (s->w->deadline != 0 && s->deadline != NULL)
		timer_arm(s->deadline, s->w->deadline - clock_now());
	lua_pushcfunction(L, schedule);
	lua_pushlightuserdata(L, g);
	status = lua_pcall(L, 1, 0, 0);
	s->running = NULL;
	task_set_pause(L, NULL, NULL);
	if (s->deadline != NULL)
		timer_disarm(s->deadline);
	client_width(s->w->client, 1);
	if (status != LUA_OK)
		group_abandon(L, g);
	return status;
}

int
branches_await(lua_State *L, struct group *g, lua_KFunction finish)
{
	struct branches *s = g->all;

	if (g->count == 0)
		task_done(&g->task, NULL);
	else
		client_width(s->w->client, width(s));
	if (s->running != NULL)
		return task_await(L, &g->task, finish);
	if (!g->task.done && run(L, g) != LUA_OK) {
		branches_close(L, g);
		return lua_error(L);
	}
	return finish(L, LUA_OK, (lua_KContext)&g->task);
}
