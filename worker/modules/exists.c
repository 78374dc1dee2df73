/* SPDX-License-Identifier: Apache-2.0 */
/* exists.c - tag.exists() and manifest.digest(): one HEAD answers them. */
#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>

#include "worker/lua/vm.h"
#include "worker/modules/modules.h"
#include "worker/values/binding.h"

/* Only "not found" is false: who cannot ask does not know. */
static int
exists_known(lua_State *L, int status, lua_KContext ctx)
{
	struct fetch *f = (struct fetch *)ctx;
	bool found = f->task.err.kind == ERROR_NONE;
	char *name, text[REFERENCE_MAX + 64];

	(void)status;
	if (!found && f->task.err.kind != ERROR_NOT_FOUND) {
		name = reference_string(&f->value.ref);
		snprintf(text, sizeof(text), "Failed looking up \"%s\"", name);
		free(name);
		return binding_fail(L, &f->task, "%s", text);
	}
	task_release(&f->task);
	lua_pushboolean(L, found);
	return 1;
}

int
modules_tag_exists(lua_State *L)
{
	struct reference *ref;
	struct log_record r;
	struct fetch *f;

	binding_context(L);
	ref = value_check_reference(L, 1);
	binding_log_start(&r, LOG_DEBUG, "Looking up tag", "image", ref);
	binding_log(L, &r);
	f = fetch_new(L, ref, FETCH_HEAD, "");
	return task_await(L, &f->task, exists_known);
}

static int
digest_push(lua_State *L, int status, lua_KContext ctx)
{
	(void)status;
	(void)ctx;
	lua_pushstring(L, value_manifest(L, 1)->digest);
	return 1;
}

int
modules_manifest_digest(lua_State *L)
{
	binding_context(L);
	lua_settop(L, 1);
	return binding_with_manifest(L, 1, FETCH_HEAD, digest_push);
}
