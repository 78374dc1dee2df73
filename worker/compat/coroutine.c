/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coroutine.c - coroutine.wrap and coroutine.yield with errors that say where
 * they arose: 5.3 puts the caller's line before the coroutine's own, and no
 * line at all to a yield that is out of place.
 */
#include <lauxlib.h>

#include "worker/compat/compat.h"

/* Raises an error if co (at its start, or waiting in yield) cannot go on. */
static void
check_suspended(lua_State *L, lua_State *co)
{
	int status = lua_status(co);
	lua_Debug ar;

	if (status == LUA_YIELD)
		return;
	if (status == LUA_OK && lua_getstack(co, 0, &ar))
		vm_raise(L, "cannot resume non-suspended coroutine");
	if (status != LUA_OK || lua_gettop(co) == 0)
		vm_raise(L, "cannot resume dead coroutine");
}

/* What wrap returns; the coroutine is its upvalue. */
static int
wrapped(lua_State *L)
{
	lua_State *co = lua_tothread(L, lua_upvalueindex(1));
	int n = lua_gettop(L), status;

	check_suspended(L, co);
	if (!lua_checkstack(co, n))
		return vm_raise(L, "too many arguments to resume");
	lua_xmove(L, co, n);
	status = lua_resume(co, L, n);
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

/* Upvalue 1 is coroutine.create's function. */
static int
coroutine_wrap(lua_State *L)
{
	lua_tocfunction(L, lua_upvalueindex(1))(L);
	lua_pushcclosure(L, wrapped, 1);
	return 1;
}

static int
coroutine_yield(lua_State *L)
{
	if (!lua_isyieldable(L))
		return vm_raise(L, "attempt to yield from outside a "
		    "coroutine");
	return lua_yield(L, lua_gettop(L));
}

void
compat_coroutine(lua_State *L)
{
	lua_getglobal(L, "coroutine");
	lua_getfield(L, -1, "create");
	lua_pushcclosure(L, coroutine_wrap, 1);
	lua_setfield(L, -2, "wrap");
	lua_pushcfunction(L, coroutine_yield);
	lua_setfield(L, -2, "yield");
	lua_pop(L, 1);
}
