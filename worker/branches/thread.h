/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread.h - coroutines in branches of parallel(). A branch that waits for a
 * task yields to the scheduler. Between the two there may be coroutines that
 * the script made: each passes the wait on to whoever resumed it, and is
 * resumed in turn when it is over. Scripts see none of this; to them, such a
 * coroutine is busy.
 */
#ifndef REGBOT_THREAD_H
#define REGBOT_THREAD_H

#include <stdbool.h>

#include <lua.h>

/* The scheduler's own coroutines: only it resumes them. */
void thread_make_branch(lua_State *co);
bool thread_is_branch(lua_State *co);

/* lua_resume for the scheduler. */
int thread_run(lua_State *branch, lua_State *from, int nargs);

/* L is about to yield for a task. */
void thread_wait(lua_State *L);
/* Whether it did, and was not resumed since. */
bool thread_waits(lua_State *co);

/* lua_resume for a library. When thread_waits(co) afterwards, the caller
 * returns thread_pass, and k resumes co once more, with no values. */
int thread_resume(lua_State *co, lua_State *from, int nargs);
int thread_pass(lua_State *L, lua_KContext ctx, lua_KFunction k);

/* Whether a wait could pass from L up to its branch's scheduler. */
bool thread_can_wait(lua_State *L);

#endif
