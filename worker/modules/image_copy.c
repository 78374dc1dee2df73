/* SPDX-License-Identifier: Apache-2.0 */
/* image_copy.c - image.copy(); the work is worker/copy's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/clock.h"
#include "common/duration.h"
#include "worker/copy/copy.h"
#include "worker/lua/vm.h"
#include "worker/values/binding.h"
#include "worker/modules/modules.h"
#include "worker/values/options.h"

struct copy_task {
	struct task task;
	struct copy *copy;
	int64_t started;	/* clock_now() */
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

struct image_copy_options {
	bool digest_tags, force_recursive, include_external, referrers;
	struct option_texts platforms;
};

static const struct option copy_option_table[] = {
#define ROW(key, type, member) \
	{ key, type, offsetof(struct image_copy_options, member) }
	ROW("digestTags", OPTION_BOOL, digest_tags),
	ROW("forceRecursive", OPTION_BOOL, force_recursive),
	ROW("includeExternal", OPTION_BOOL, include_external),
	ROW("platforms", OPTION_TEXTS, platforms),
	ROW("referrers", OPTION_BOOL, referrers),
	{ NULL, 0, 0 }
#undef ROW
};

/* They only count as the last of three arguments, and what is no table does
 * not count, as in regbot. */
static void
read_table(lua_State *L, struct image_copy_options *in)
{
	static const char name[] = "image.copy";

	if (lua_isnoneornil(L, 3))
		return;
	if (!lua_istable(L, 3))
		options_ignored(L, 3, name);
	else if (lua_gettop(L) > 3)
		vm_warn(L, "%s has more than three arguments, its options "
		    "are ignored", name);
	else
		options_read(L, 3, name, copy_option_table, in);
}

/* What the script does not say, the configuration does. */
static void
read_options(lua_State *L, struct copy_options *o)
{
	const struct client_copy *d =
	    client_copy_defaults(vm_worker(L)->client);
	struct image_copy_options in = { .digest_tags = d->digest_tags,
	    .force_recursive = d->force_recursive,
	    .include_external = d->include_external,
	    .referrers = d->referrers,
	    .platforms = { d->platforms, d->nplatforms } };

	read_table(L, &in);
	o->digest_tags = in.digest_tags;
	o->force_recursive = in.force_recursive;
	o->include_external = in.include_external;
	o->referrers = in.referrers;
	o->platforms = in.platforms.list;
	o->nplatforms = in.platforms.n;
}

/* How it ended: in a dry run this is what tells images that would move from
 * those that are up to date. */
static void
log_result(lua_State *L, const struct copy_task *c)
{
	const struct copy_result *res = copy_result(c->copy);
	bool dry = c->task.w->dry_run, moved = res->manifests > 0;
	char *target = reference_string(value_check_reference(L, 2));
	char elapsed[DURATION_TEXT];
	struct log_record r;

	binding_log_start(&r, moved || dry ? LOG_INFO : LOG_DEBUG,
	    !moved ? "Image is up to date" : dry ? "Image would be copied" :
	    "Copied image", "source", value_check_reference(L, 1));
	log_record_string(&r, "target", target);
	if (dry)
		log_record_bool(&r, "dry-run", true);
	if (moved && !dry) {
		duration_format((clock_now() - c->started) / NS_PER_MS *
		    NS_PER_MS, elapsed);
		log_record_int(&r, "bytes", (int64_t)res->bytes);
		log_record_string(&r, "elapsed", elapsed);
		log_record_int(&r, "mounted", res->mounted);
		log_record_int(&r, "uploaded", res->uploaded);
	}
	binding_log(L, &r);
	free(target);
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
		log_result(L, c);
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
	if (o->referrers)
		log_record_bool(&r, "referrers", true);
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
	read_options(L, &o);
	copy_log(L, src, dst, &o);
	c = task_new(L, sizeof(*c), copy_release);
	c->started = clock_now();
	if (fetch_askable(src, &c->task.err) == -1 ||
	    fetch_askable(dst, &c->task.err) == -1)
		c->task.done = true;
	else
		c->copy = copy_start(c->task.w, src, dst, &o, copy_done, c);
	return task_await(L, &c->task, copied);
}
