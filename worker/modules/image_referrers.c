/* SPDX-License-Identifier: Apache-2.0 */
/* image_referrers.c - image.referrers(): what names an image as its subject. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/mem.h"
#include "worker/lua/shape.h"
#include "worker/lua/vm.h"
#include "worker/modules/modules.h"
#include "worker/referrers/referrers.h"
#include "worker/values/binding.h"

struct referrers_task {
	struct task task;
	struct referrers_lookup *lookup;
	const struct referrers_found *found;	/* of lookup */
};

static void
release(struct task *t)
{
	struct referrers_task *r = (struct referrers_task *)t;

	referrers_lookup_free(r->lookup);
	r->lookup = NULL;
}

static void
done(void *arg, const struct referrers_found *found, const struct error *err)
{
	struct referrers_task *r = arg;
	struct error why = *err;

	r->found = found;
	for (size_t i = 0; i < json_object_array_length(found->list) &&
	    why.kind == ERROR_NONE; i++)
		(void)shape_check(&shape_descriptor,
		    json_object_array_get_idx(found->list, i), &why);
	task_done(&r->task, why.kind != ERROR_NONE ? &why : NULL);
}

static int
listed(lua_State *L, int status, lua_KContext ctx)
{
	struct referrers_task *r = (struct referrers_task *)ctx;
	size_t n;

	(void)status;
	if (r->task.err.kind != ERROR_NONE)
		return binding_fail(L, &r->task, "Failed listing referrers");
	n = json_object_array_length(r->found->list);
	lua_createtable(L, (int)n, 0);
	for (size_t i = 0; i < n; i++) {
		shape_push(L, &shape_descriptor,
		    json_object_array_get_idx(r->found->list, i), 0);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	task_release(&r->task);
	return 1;
}

static int
list(lua_State *L, const struct reference *ref, const char *digest)
{
	const char *type = lua_isnil(L, 2) ? "" : lua_tostring(L, 2);
	struct referrers_task *r = task_new(L, sizeof(*r), release);
	char *name = reference_string(ref);

	task_doing(&r->task, mem_printf("failed to list what refers to %s",
	    name));
	if (fetch_askable(ref, &r->task.err) == -1)
		r->task.done = true;
	else
		r->lookup = referrers_lookup_new(r->task.w, ref, digest,
		    type, done, r);
	free(name);
	return task_await(L, &r->task, listed);
}

static int
resolved(lua_State *L, int status, lua_KContext ctx)
{
	struct manifest_value *v = value_manifest(L, 1);

	(void)status;
	(void)ctx;
	return list(L, &v->ref, v->digest);
}

/* It becomes part of a URL. */
static bool
is_type(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f)
			return false;
	return n <= MEDIA_TYPE_MAX;
}

int
modules_image_referrers(lua_State *L)
{
	struct reference *ref;

	lua_settop(L, 2);
	binding_context(L);
	if (!lua_isnil(L, 2) && !is_type(vm_check_text(L, 2,
	    value_call_name(L))))
		return vm_arg_error(L, 2, value_call_name(L),
		    "artifact type expected");
	if (value_manifest(L, 1) == NULL && value_config(L, 1) == NULL) {
		ref = value_check_reference(L, 1);
		if (ref->digest[0] != '\0')
			return list(L, ref, ref->digest);
	}
	return binding_with_manifest(L, 1, FETCH_HEAD, resolved);
}
