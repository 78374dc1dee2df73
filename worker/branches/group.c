/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.c - one parallel() under way. What it has of Lua's is in a table that
 * the state's registry holds by the group's address: the function, the list,
 * the results, and the coroutine of each branch.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>

#include "common/mem.h"
#include "common/text.h"
#include "worker/branches/branches.h"
#include "worker/branches/thread.h"
#include "worker/lua/vm.h"

#define NAME_SHOWN 128		/* bytes of an item's name in an error */
#define ERROR_SHOWN 1024	/* and of its error */

enum { HELD_FUNCTION = 1, HELD_LIST, HELD_RESULTS };

static void
group_release(struct task *t)
{
	struct group *g = (struct group *)t;
	struct branch *b;

	while ((b = LIST_FIRST(&g->branches)) != NULL) {
		LIST_REMOVE(b, entry);
		free(b);
	}
	failures_free(&g->failures);
	if (g->all != NULL)
		TAILQ_REMOVE(&g->all->groups, g, entry);
	g->all = NULL;
}

bool
group_is(const struct task *t)
{
	return t->release == group_release;
}

/* Copies the list: branches may change it. */
static lua_Integer
copy_list(lua_State *L, int list)
{
	lua_Integer n = luaL_len(L, list);
	char text[80];

	lua_createtable(L, n > 0 && n < 1024 ? (int)n : 0, 0);
	for (lua_Integer i = 1; i <= n; i++) {
		if (lua_geti(L, list, i) == LUA_TNIL) {
			snprintf(text, sizeof(text), "its item %lld is nil",
			    (long long)i);
			vm_arg_error(L, list, "parallel", text);
		}
		lua_rawseti(L, -2, i);
	}
	return n > 0 ? n : 0;
}

struct group *
branches_group(lua_State *L, int fn, int list, unsigned n, bool stop)
{
	struct branches *all = vm_worker(L)->branches;
	struct group *g = task_new(L, sizeof(*g), group_release);

	g->n = n;
	g->stop = stop;
	g->next = 1;
	g->depth = all->running != NULL ? all->running->group->depth + 1 : 0;
	LIST_INIT(&g->branches);
	lua_createtable(L, 3, 0);
	lua_pushvalue(L, fn);
	lua_rawseti(L, -2, HELD_FUNCTION);
	g->count = copy_list(L, list);
	lua_rawseti(L, -2, HELD_LIST);
	lua_createtable(L, g->count < INT_MAX / 64 ? (int)g->count : 0, 1);
	lua_pushinteger(L, g->count);
	lua_setfield(L, -2, "n");
	lua_rawseti(L, -2, HELD_RESULTS);
	lua_rawsetp(L, LUA_REGISTRYINDEX, g);
	g->all = all;
	TAILQ_INSERT_TAIL(&all->groups, g, entry);
	return g;
}

void
branches_results(lua_State *L, struct group *g)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, g);
	lua_rawgeti(L, -1, HELD_RESULTS);
	lua_replace(L, -2);
}

void
branches_close(lua_State *L, struct group *g)
{
	lua_pushnil(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, g);
	task_release(&g->task);
}

/* The others need no such place: each group can always go on, so that none
 * waits for one that waits for it. */
bool
group_can_start(const struct group *g)
{
	return g->next <= g->count && g->running < g->n &&
	    (g->running == 0 || g->all->alive < PARALLEL_MAX);
}

struct branch *
group_start(lua_State *L, struct group *g)
{
	struct branch *b = mem_alloc(sizeof(*b));

	b->group = g;
	b->index = g->next++;
	LIST_INSERT_HEAD(&g->branches, b, entry);
	g->running++;
	g->all->alive++;
	lua_rawgetp(L, LUA_REGISTRYINDEX, g);
	b->co = lua_newthread(L);
	thread_make_branch(b->co);
	lua_rawsetp(L, -2, b);
	lua_rawgeti(L, -1, HELD_FUNCTION);
	lua_rawgeti(L, -2, HELD_LIST);
	lua_rawgeti(L, -1, b->index);
	lua_replace(L, -2);
	lua_pushinteger(L, b->index);
	lua_xmove(L, b->co, 3);
	lua_pop(L, 1);
	return b;
}

static void
drop(lua_State *L, struct branch *b)
{
	struct group *g = b->group;

	lua_rawgetp(L, LUA_REGISTRYINDEX, g);
	if (lua_istable(L, -1)) {
		lua_pushnil(L);
		lua_rawsetp(L, -2, b);
	}
	lua_pop(L, 1);
	if (b->ready)
		TAILQ_REMOVE(&g->all->ready, b, turn);
	LIST_REMOVE(b, entry);
	g->running--;
	g->all->alive--;
	free(b);
}

static void
ended(lua_State *L, struct branch *b)
{
	struct group *g = b->group;

	drop(L, b);
	if (g->running == 0 && g->next > g->count)
		task_done(&g->task, NULL);
}

void
group_returned(lua_State *L, struct branch *b)
{
	if (lua_gettop(b->co) > 0) {
		lua_rawgetp(L, LUA_REGISTRYINDEX, b->group);
		lua_rawgeti(L, -1, HELD_RESULTS);
		lua_settop(b->co, 1);
		lua_xmove(b->co, L, 1);
		lua_rawseti(L, -2, b->index);
		lua_pop(L, 2);
	}
	ended(L, b);
}

/* What an item is called: by its text, if it has one. A table says nothing by
 * its address. Pushes a text. */
static void
push_name(lua_State *L, const struct branch *b)
{
	const char *s;
	size_t n;
	int at;

	lua_rawgetp(L, LUA_REGISTRYINDEX, b->group);
	lua_rawgeti(L, -1, HELD_LIST);
	lua_rawgeti(L, -1, b->index);
	at = lua_gettop(L);
	if (lua_type(L, at) != LUA_TSTRING && lua_type(L, at) !=
	    LUA_TNUMBER && luaL_getmetafield(L, at, "__tostring") == LUA_TNIL) {
		lua_pushfstring(L, "item %I", (LUAI_UACINT)b->index);
		return;
	}
	s = luaL_tolstring(L, at, &n);
	lua_pushlstring(L, s, text_cut(s, n, NAME_SHOWN));
	lua_pushfstring(L, "item %I (\"%s\")", (LUAI_UACINT)b->index,
	    lua_tostring(L, -1));
}

/* Arguments: a branch, and its error unless it is only to be named. */
static int
describe(lua_State *L)
{
	const struct branch *b = lua_touserdata(L, 1);
	bool failed = lua_gettop(L) > 1;
	const char *s;
	size_t n;

	push_name(L, b);
	if (!failed)
		return 1;
	lua_replace(L, 1);
	lua_settop(L, 2);
	if (lua_istable(L, 2) && luaL_getmetafield(L, 2, "__tostring") ==
	    LUA_TNIL)
		lua_pushliteral(L, "the error is a table");
	else
		luaL_tolstring(L, 2, NULL);
	s = lua_tolstring(L, -1, &n);
	lua_pushlstring(L, s, text_cut(s, n, ERROR_SHOWN));
	lua_pushfstring(L, "%s: %s", lua_tostring(L, 1),
	    lua_tostring(L, -1));
	return 1;
}

/* With nargs - 1 values at the top as what describe gets beyond b; pops them.
 * A __tostring of the script runs here, as a part of the branch that cannot
 * wait. */
static char *
described(lua_State *L, struct branch *b, int nargs)
{
	struct branches *all = b->group->all;
	char *text;

	lua_pushlightuserdata(L, b);
	lua_insert(L, -nargs);
	lua_pushcfunction(L, describe);
	lua_insert(L, -nargs - 1);
	all->running = b;
	all->stuck = true;
	if (lua_pcall(L, nargs, 1, 0) == LUA_OK)
		text = mem_strdup(lua_tostring(L, -1));
	else
		text = mem_printf("item %lld: an error that cannot be shown",
		    (long long)b->index);
	all->running = NULL;
	lua_pop(L, 1);
	return text;
}

char *
group_name(lua_State *L, struct branch *b)
{
	return described(L, b, 1);
}

/* Whatever b waited for is cancelled, and so is a group inside of it. */
static void
abandon(lua_State *L, struct branch *b)
{
	struct task *t = b->task;

	if (t != NULL && group_is(t)) {
		group_abandon(L, (struct group *)t);
		branches_close(L, (struct group *)t);
	} else if (t != NULL)
		task_release(t);
	require_abandon(L, b);
	drop(L, b);
}

void
group_abandon(lua_State *L, struct group *g)
{
	struct branch *b;

	while ((b = LIST_FIRST(&g->branches)) != NULL)
		abandon(L, b);
}

void
group_failed(lua_State *L, struct branch *b)
{
	struct group *g = b->group;

	lua_xmove(b->co, L, 1);
	failures_add(&g->failures, b->index, described(L, b, 2));
	if (g->stop) {
		g->next = g->count + 1;
		LIST_REMOVE(b, entry);
		group_abandon(L, g);
		LIST_INSERT_HEAD(&g->branches, b, entry);
	}
	ended(L, b);
}
