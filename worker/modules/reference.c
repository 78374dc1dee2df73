/* SPDX-License-Identifier: Apache-2.0 */
/* reference.c - the table "reference" and its values. */
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>

#include "worker/lua/vm.h"
#include "worker/values/binding.h"
#include "worker/modules/modules.h"

static int
reference_new(lua_State *L)
{
	struct reference *r;

	binding_context(L);
	r = value_check_reference(L, 1);
	reference_copy(value_push_reference(L), r);
	return 1;
}

/* Only directories have something to close, and those are not served. */
static int
reference_close(lua_State *L)
{
	binding_context(L);
	(void)value_check_reference(L, 1);
	return 0;
}

static int
reference_tostring(lua_State *L)
{
	struct reference *r = value_check_reference(L, 1);
	struct binding_request *q = binding_text_new(L);

	q->name = reference_string(r);
	lua_pushstring(L, q->name);
	task_release(&q->task);
	return 1;
}

static int
reference_tag(lua_State *L)
{
	struct reference *r = value_check_reference(L, 1);

	if (lua_gettop(L) == 2) {
		reference_set_tag(r, vm_check_text(L, 2,
		    value_call_name(L)));
		return 0;
	}
	lua_pushstring(L, r->tag);
	return 1;
}

static int
reference_digest(lua_State *L)
{
	struct reference *r = value_check_reference(L, 1);

	if (lua_gettop(L) == 2) {
		reference_set_digest(r, vm_check_text(L, 2,
		    value_call_name(L)));
		return 0;
	}
	lua_pushstring(L, r->digest);
	return 1;
}

const luaL_Reg reference_functions[] = {
	{ "new", reference_new },
	{ "close", reference_close },
	{ NULL, NULL }
};

const luaL_Reg reference_methods[] = {
	{ "__tostring", reference_tostring },
	{ "close", reference_close },
	{ "digest", reference_digest },
	{ "tag", reference_tag },
	{ NULL, NULL }
};
