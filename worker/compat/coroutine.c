/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coroutine.c - coroutine.wrap and coroutine.yield with errors that say where
 * they arose: 5.3 puts the caller's line before the coroutine's own, and no
 * line at all to a yield that is out of place. And what resumes a coroutine
 * lets it wait in a branch of parallel() (worker/branches/thread.h).
 */
#include <lauxlib.h>

#include "worker/branches/thread.h"
#include "worker/compat/compat.h"
#include "worker/compat/signature.h"

/* Why co, at its start or waiting in yield, cannot be resumed; or NULL. */
static const char *
not_suspended(lua_State *co)
{
	int status = lua_status(co);
	lua_Debug ar;

	if (thread_waits(co) || (thread_is_branch(co) &&
	    status == LUA_YIELD))
		return "cannot resume non-suspended coroutine";
	if (status == LUA_YIELD)
		return NULL;
	if (status == LUA_OK && lua_getstack(co, 0, &ar))
		return "cannot resume non-suspended coroutine";
	if (status != LUA_OK || lua_gettop(co) == 0)
		return "cannot resume dead coroutine";
	return NULL;
}

static int wrapped_resumed(lua_State *L, int status, lua_KContext ctx);

/* Resumes the coroutine of wrap with n values from the top. */
static int
wrapped_resume(lua_State *L, int n)
{
	lua_State *co = lua_tothread(L, lua_upvalueindex(1));
	int status;

	lua_xmove(L, co, n);
	status = thread_resume(co, L, n);
	if (thread_waits(co))
		return thread_pass(L, 0, wrapped_resumed);
	if (status != LUA_OK && status != LUA_YIELD) {
		lua_xmove(co, L, 1);
		return lua_error(L);
	}
	n = lua_gettop(co);
	if (!lua_checkstack(L, n + 1))
		return vm_raise(L, "too many results to resume");
	lua_xmove(co, L, n);
	return n;
}

static int
wrapped_resumed(lua_State *L, int status, lua_KContext ctx)
{
	(void)status;
	(void)ctx;
	return wrapped_resume(L, 0);
}

/* What wrap returns; the coroutine is its upvalue. */
static int
wrapped(lua_State *L)
{
	lua_State *co = lua_tothread(L, lua_upvalueindex(1));
	const char *why = not_suspended(co);
	int n = lua_gettop(L);

	if (why != NULL)
		return vm_raise(L, "%s", why);
	if (!lua_checkstack(co, n))
		return vm_raise(L, "too many arguments to resume");
	return wrapped_resume(L, n);
}

static int
coroutine_wrap(lua_State *L)
{
	lua_State *co = lua_newthread(L);

	lua_pushvalue(L, 1);
	lua_xmove(L, co, 1);
	lua_pushcclosure(L, wrapped, 1);
	return 1;
}

static int
refuse_resume(lua_State *L, const char *why)
{
	lua_pushboolean(L, 0);
	lua_pushstring(L, why);
	return 2;
}

static int resume_again(lua_State *L, int status, lua_KContext ctx);

/* Resumes the coroutine at index 1 with the n values above it. */
static int
resume_step(lua_State *L, int n)
{
	lua_State *co = lua_tothread(L, 1);
	int status;

	lua_xmove(L, co, n);
	status = thread_resume(co, L, n);
	if (thread_waits(co))
		return thread_pass(L, 0, resume_again);
	lua_pushboolean(L, status == LUA_OK || status == LUA_YIELD);
	n = lua_toboolean(L, -1) ? lua_gettop(co) : 1;
	if (!lua_checkstack(L, n + 1)) {
		lua_settop(co, 0);
		lua_pop(L, 1);
		return refuse_resume(L, "too many results to resume");
	}
	lua_xmove(co, L, n);
	return n + 1;
}

static int
resume_again(lua_State *L, int status, lua_KContext ctx)
{
	(void)status;
	(void)ctx;
	return resume_step(L, 0);
}

static int
coroutine_resume(lua_State *L)
{
	lua_State *co = lua_tothread(L, 1);
	const char *why;

	if (co == NULL)
		return vm_expected(L, 1, vm_function_name(L), "coroutine");
	if ((why = not_suspended(co)) != NULL)
		return refuse_resume(L, why);
	if (!lua_checkstack(co, lua_gettop(L) - 1))
		return refuse_resume(L, "too many arguments to resume");
	return resume_step(L, lua_gettop(L) - 1);
}

/* One that waits for a registry is busy. */
static int
coroutine_status(lua_State *L)
{
	lua_State *co = lua_tothread(L, 1);

	if (co == NULL)
		return vm_expected(L, 1, vm_function_name(L), "coroutine");
	if (co != L && lua_status(co) == LUA_YIELD &&
	    not_suspended(co) != NULL) {
		lua_pushliteral(L, "normal");
		return 1;
	}
	return lua_tocfunction(L, SIGNATURE_ORIGINAL)(L);
}

static int
coroutine_yield(lua_State *L)
{
	if (!lua_isyieldable(L) || thread_is_branch(L))
		return vm_raise(L, "attempt to yield from outside a "
		    "coroutine");
	return lua_yield(L, lua_gettop(L));
}

void
compat_coroutine(lua_State *L)
{
	static const struct signature functions[] = {
		{ "create", "f", NULL }, { "resume", "*", coroutine_resume },
		{ "status", "*", coroutine_status },
		{ "wrap", "f", coroutine_wrap },
		{ "yield", "*", coroutine_yield }, { NULL, NULL, NULL }
	};

	lua_getglobal(L, "coroutine");
	signature_set(L, "coroutine", functions);
	lua_pop(L, 1);
}
