/* SPDX-License-Identifier: Apache-2.0 */
/* image_copy.c - image.copy(); the work is worker/copy's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "worker/copy/copy.h"
#include "worker/lua/vm.h"
#include "worker/modules/binding.h"
#include "worker/modules/modules.h"

struct copy_task {
	struct task task;
	struct copy *copy;
};

static void
copy_release(struct task *t)
{
	struct copy_task *c = (struct copy_task *)t;

	copy_free(c->copy);
	c->copy = NULL;
}

static void
copy_done(void *arg, const struct error *err)
{
	struct copy_task *c = arg;

	task_done(&c->task, err->kind == ERROR_NONE ? NULL : err);
}

static bool
option_bool(lua_State *L, int table, const char *key)
{
	bool v;

	lua_pushstring(L, key);
	lua_rawget(L, table);
	v = lua_isboolean(L, -1) && lua_toboolean(L, -1);
	lua_pop(L, 1);
	return v;
}

/* The strings stay Lua's; the array is a userdata left on the stack. */
static void
option_platforms(lua_State *L, int table, struct copy_options *o)
{
	size_t n, i;
	int list;

	lua_pushliteral(L, "platforms");
	lua_rawget(L, table);
	list = lua_gettop(L);
	if (!lua_istable(L, list) || (n = lua_rawlen(L, list)) == 0)
		return;
	if (n > INDEX_MANIFESTS_MAX)
		vm_raise(L, "Failed to parse options: more than %d platforms",
		    INDEX_MANIFESTS_MAX);
	o->platforms = lua_newuserdata(L, n * sizeof(char *));
	o->nplatforms = n;
	for (i = 0; i < n; i++) {
		/* What is no string counts as "". */
		o->platforms[i] = (char *)"";
		if (lua_rawgeti(L, list, (lua_Integer)i + 1) == LUA_TSTRING)
			o->platforms[i] = (char *)lua_tostring(L, -1);
		lua_pop(L, 1);
	}
}

static int
copied(lua_State *L, int status, lua_KContext ctx)
{
	struct copy_task *c = (struct copy_task *)ctx;
	struct tally *tally = &c->task.w->tally;
	const struct copy_result *r;
	char *src, *dst, text[2 * REFERENCE_MAX + 64];

	(void)status;
	if (c->task.err.kind == ERROR_NONE) {
		r = copy_result(c->copy);
		if (r->manifests > 0)
			tally_copied(tally, r->bytes);
		else
			tally_up_to_date(tally);
		task_release(&c->task);
		return 0;
	}
	tally_failed(tally);
	src = reference_string(value_check_reference(L, 1));
	dst = reference_string(value_check_reference(L, 2));
	snprintf(text, sizeof(text), "Failed copying \"%s\" to \"%s\"", src,
	    dst);
	free(src);
	free(dst);
	return binding_fail(L, &c->task, "%s", text);
}

static void
copy_log(lua_State *L, const struct reference *src,
    const struct reference *dst, const struct copy_options *o)
{
	struct log_record r;
	char *name;

	binding_log_start(&r, LOG_INFO, "Copy image", "source", src);
	name = reference_string(dst);
	log_record_string(&r, "target", name);
	free(name);
	log_record_bool(&r, "digestTags", o->digest_tags);
	log_record_bool(&r, "forceRecursive", o->force_recursive);
	log_record_bool(&r, "includeExternal", o->include_external);
	log_record_bool(&r, "dry-run", vm_worker(L)->dry_run);
	binding_log(L, &r);
}

int
modules_image_copy(lua_State *L)
{
	struct copy_options o = { .platforms = NULL };
	struct reference *src, *dst;
	struct copy_task *c;

	binding_context(L);
	src = value_check_reference(L, 1);
	dst = value_check_reference(L, 2);
	if (lua_gettop(L) == 3 && lua_istable(L, 3)) {
		o.digest_tags = option_bool(L, 3, "digestTags");
		o.force_recursive = option_bool(L, 3, "forceRecursive");
		o.include_external = option_bool(L, 3, "includeExternal");
		option_platforms(L, 3, &o);
	}
	copy_log(L, src, dst, &o);
	c = task_new(L, sizeof(*c), copy_release);
	if (fetch_askable(src, &c->task.err) == -1 ||
	    fetch_askable(dst, &c->task.err) == -1)
		c->task.done = true;
	else
		c->copy = copy_start(c->task.w, src, dst, &o, copy_done, c);
	return task_await(L, &c->task, copied);
}
