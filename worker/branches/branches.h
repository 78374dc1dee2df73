/* SPDX-License-Identifier: Apache-2.0 */
/*
 * branches.h - the branches of a script, and the one scheduler that runs them.
 * It is single-threaded: a branch runs until it waits or ends. What a branch
 * waits for goes on meanwhile, in the loop.
 */
#ifndef REGBOT_BRANCHES_H
#define REGBOT_BRANCHES_H

#include <stdbool.h>
#include <sys/queue.h>

#include <lua.h>

#include "worker/branches/failures.h"
#include "worker/job/worker.h"
#include "worker/lua/task.h"

struct group;

struct branch {			/* fn, called for one item */
	LIST_ENTRY(branch) entry;	/* of its group */
	TAILQ_ENTRY(branch) turn;	/* of branches.ready */
	struct group *group;
	lua_State *co;		/* anchored by the group */
	lua_Integer index;	/* of its item */
	struct task *task;	/* what it waits for, or NULL */
	bool ready;		/* that is done */
};

/* One parallel() under way. */
struct group {
	struct task task;	/* done when nothing of it runs any more */
	TAILQ_ENTRY(group) entry;	/* of branches.groups, outer first */
	struct branches *all;	/* NULL: it is over */
	unsigned n;		/* branches that it may have at once */
	unsigned running;	/* that it has */
	unsigned depth;		/* parallel()s around it */
	lua_Integer next, count;	/* items: the next one, from 1; all */
	bool stop;		/* ends at the first failure */
	LIST_HEAD(, branch) branches;
	struct failures failures;
};

struct branches {
	struct worker *w;
	struct branch *running;	/* the branch that runs, or NULL */
	bool stuck;		/* below a C function that no wait can cross */
	unsigned alive;		/* branches of all groups */
	struct timer *deadline;	/* turns the loop then */
	TAILQ_HEAD(, branch) ready;
	TAILQ_HEAD(group_list, group) groups;
};

/* Makes the state's branches (worker.branches); before any of the rest. */
void branches_open(lua_State *L);

/* Pushes a group for the function at index fn over the list at index list,
 * which it copies. Raises an error if that fails. */
struct group *branches_group(lua_State *L, int fn, int list, unsigned n,
    bool stop);
/* Starts the group at the top and waits until it is done; then finish has it
 * as its context, the group still on the stack. Only a job that must stop, or
 * lack of memory, is an error here. */
int branches_await(lua_State *L, struct group *g, lua_KFunction finish);
/* Pushes the results: a list by item, with its length as n. */
void branches_results(lua_State *L, struct group *g);
/* Forgets it all, g too. */
void branches_close(lua_State *L, struct group *g);

/* The script has ended, perhaps in a branch: what branches wait for is
 * cancelled. No branch runs again. NULL is fine. */
void branches_end(struct branches *s);

/* group.c, for the scheduler. */

bool group_is(const struct task *t);	/* whether it is a group's */
/* Whether it may start a branch now. */
bool group_can_start(const struct group *g);
/* The branch of the next item, ready to be resumed with two values. */
struct branch *group_start(lua_State *L, struct group *g);
/* "item 3 (\"3.19\")"; the caller frees it. */
char *group_name(lua_State *L, struct branch *b);
/* b returned, or failed with the value at the top of its stack. The group may
 * be done by that. b is freed. */
void group_returned(lua_State *L, struct branch *b);
void group_failed(lua_State *L, struct branch *b);
/* Ends its branches, those of groups inside of them too; their requests are
 * cancelled. */
void group_abandon(lua_State *L, struct group *g);

#endif
