/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script's deadline and STOP, while it computes: a hook that Lua calls every
 * so many instructions. While it waits, worker_wait() sees to them.
 */
#include <stdio.h>

#include <lauxlib.h>

#include "common/clock.h"
#include "worker/client/client.h"
#include "worker/lua/vm_private.h"

#define HOOK_COUNT 1000			/* instructions between looks */
#define POLL_NS (50 * NS_PER_MS)	/* between turns of the loop */

/* Raises an error once the job must stop. From then on it runs at every
 * instruction: a script that catches the error gets the next one right after
 * its pcall. */
static void
hook(lua_State *L, lua_Debug *ar)
{
	struct vm *vm = vm_of(L);
	struct error err;
	int64_t now = clock_now();

	if (vm->starved)
		vm_end(L, 0);
	if (vm->w->loop != NULL && now >= vm->poll_at) {
		vm->poll_at = now + POLL_NS;
		loop_step(vm->w->loop, 0);
	}
	if (worker_check(vm->w, &err) == 0)
		return;
	lua_sethook(L, hook, LUA_MASKCOUNT, 1);
	if (!vm->late && vm->w->client != NULL) {
		char where[LUA_IDSIZE + 16];

		lua_getinfo(L, "Sl", ar);
		snprintf(where, sizeof(where), "%s:%d", ar->short_src,
		    ar->currentline);
		client_late(vm->w->client, where);
	}
	vm->late = true;
	luaL_where(L, 0);
	lua_pushstring(L, err.text);
	lua_concat(L, 2);
	lua_error(L);
}

void
deadline_watch(lua_State *L)
{
	lua_sethook(L, hook, LUA_MASKCOUNT, HOOK_COUNT);
}
