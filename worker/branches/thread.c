/* SPDX-License-Identifier: Apache-2.0 */
/* thread.c - how a wait passes through coroutines; see thread.h. */
#include "worker/branches/thread.h"

#include <stdint.h>

#include "worker/branches/branches.h"
#include "worker/lua/task.h"
#include "worker/lua/vm.h"

/* What Lua keeps for us beside each thread; a new one has what the main thread
 * has, nothing. */
#define IS_BRANCH 1u
#define IS_WAITING 2u

static uintptr_t *
flags_of(lua_State *L)
{
	return lua_getextraspace(L);
}

void
thread_make_branch(lua_State *co)
{
	*flags_of(co) |= IS_BRANCH;
}

bool
thread_is_branch(lua_State *co)
{
	return (*flags_of(co) & IS_BRANCH) != 0;
}

void
thread_wait(lua_State *L)
{
	*flags_of(L) |= IS_WAITING;
}

bool
thread_waits(lua_State *co)
{
	return (*flags_of(co) & IS_WAITING) != 0;
}

int
thread_run(lua_State *branch, lua_State *from, int nargs)
{
	vm_worker(from)->branches->stuck = false;
	*flags_of(branch) &= ~(uintptr_t)IS_WAITING;
	return lua_resume(branch, from, nargs);
}

int
thread_resume(lua_State *co, lua_State *from, int nargs)
{
	struct branches *b = vm_worker(from)->branches;
	bool was = b != NULL && b->stuck;
	int status;

	/* co can yield to here, but from here it goes no further. */
	if (b != NULL)
		b->stuck = was || !lua_isyieldable(from);
	*flags_of(co) &= ~(uintptr_t)IS_WAITING;
	status = lua_resume(co, from, nargs);
	if (b != NULL)
		b->stuck = was;
	return status;
}

int
thread_pass(lua_State *L, lua_KContext ctx, lua_KFunction k)
{
	thread_wait(L);
	return lua_yieldk(L, 0, ctx, k);
}

bool
thread_can_wait(lua_State *L)
{
	const struct branches *b = vm_worker(L)->branches;

	return b != NULL && !b->stuck && lua_isyieldable(L);
}
