/* SPDX-License-Identifier: Apache-2.0 */
/* repo.c - the table "repo": what repositories a registry has. */
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "worker/lua/vm.h"
#include "worker/values/binding.h"
#include "worker/modules/modules.h"

static int
repo_listed(lua_State *L, int status, lua_KContext ctx)
{
	(void)status;
	return binding_list(L, (struct listing_task *)ctx,
	    "Failed retrieving repo list");
}

static int
repo_ls(lua_State *L)
{
	const char *host;
	struct log_record r;
	struct listing_task *l;
	struct binding_list o;

	binding_context(L);
	if (lua_type(L, 1) != LUA_TSTRING)
		return vm_arg_error(L, 1, value_call_name(L),
		    "Expected registry name (host and optional port)");
	host = lua_tostring(L, 1);
	binding_list_options(L, 2, "repo.ls", &o);
	binding_push_options(L, &o);
	log_record_init(&r, LOG_DEBUG, "Listing repositories");
	log_record_string(&r, "host", host);
	log_record_string(&r, "opts", lua_tostring(L, -1));
	binding_log(L, &r);
	l = listing_repositories(L, host, o.limit, o.last);
	return task_await(L, &l->task, repo_listed);
}

const luaL_Reg repo_functions[] = {
	{ "ls", repo_ls },
	{ NULL, NULL }
};
