/* SPDX-License-Identifier: Apache-2.0 */
/* parallel.c - parallel(n, list, fn [, options]); see worker/branches. */
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/bounds.h"
#include "worker/branches/branches.h"
#include "worker/lua/vm.h"
#include "worker/modules/modules.h"
#include "worker/values/binding.h"
#include "worker/values/options.h"

static int
parallel_done(lua_State *L, int status, lua_KContext ctx)
{
	struct group *g = (struct group *)ctx;
	char *text = failures_text(&g->failures, g->count);

	(void)status;
	if (text == NULL) {
		branches_results(L, g);
		branches_close(L, g);
		return 1;
	}
	branches_close(L, g);
	vm_where(L);
	lua_pushstring(L, text);
	free(text);
	lua_concat(L, 2);
	return lua_error(L);
}

static unsigned
width_arg(lua_State *L)
{
	char text[80];
	int isnum;
	lua_Number n = lua_tonumberx(L, 1, &isnum);

	if (isnum && n >= 1 && n < PARALLEL_MAX + 1)
		return (unsigned)n;
	if (!isnum)
		return (unsigned)vm_expected(L, 1, "parallel", "number");
	snprintf(text, sizeof(text), "a number from 1 to %d expected, got "
	    "%.14g", PARALLEL_MAX, n);
	return (unsigned)vm_arg_error(L, 1, "parallel", text);
}

static bool
stop_option(lua_State *L)
{
	static const struct option table[] = {
		{ "stop", OPTION_BOOL, 0 }, { NULL, 0, 0 }
	};
	bool stop = false;

	if (lua_isnoneornil(L, 4))
		return false;
	vm_check_table(L, 4, "parallel");
	options_read(L, 4, "parallel", table, &stop);
	return stop;
}

static void
check_depth(lua_State *L)
{
	const struct branch *b = vm_worker(L)->branches->running;

	if (b != NULL && b->group->depth + 1 >= PARALLEL_DEPTH_MAX)
		vm_raise(L, "parallel is called within itself more than %d "
		    "deep", PARALLEL_DEPTH_MAX);
}

int
modules_parallel(lua_State *L)
{
	unsigned n = width_arg(L);
	struct group *g;
	bool stop;

	vm_check_table(L, 2, "parallel");
	if (!lua_isfunction(L, 3))
		return vm_expected(L, 3, "parallel", "function");
	stop = stop_option(L);
	binding_context(L);
	check_depth(L);
	g = branches_group(L, 3, 2, n, stop);
	return branches_await(L, g, parallel_done);
}
