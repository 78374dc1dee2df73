/* SPDX-License-Identifier: Apache-2.0 */
/* tag.c - the table "tag": listing and deleting tags. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/digest.h"
#include "common/mem.h"
#include "worker/job/overlay.h"
#include "worker/lua/vm.h"
#include "worker/values/binding.h"
#include "worker/modules/modules.h"

static int
tag_listed(lua_State *L, int status, lua_KContext ctx)
{
	(void)status;
	return binding_list(L, (struct listing_task *)ctx,
	    "Failed retrieving tag list");
}

static int
tag_ls(lua_State *L)
{
	struct reference *ref;
	struct log_record r;
	struct listing_task *l;
	struct binding_list o;

	binding_context(L);
	ref = value_check_reference(L, 1);
	binding_list_options(L, 2, "tag.ls", &o);
	binding_push_options(L, &o);
	binding_log_start(&r, LOG_DEBUG, "Listing tags", "repo", ref);
	log_record_string(&r, "opts", lua_tostring(L, -1));
	binding_log(L, &r);
	l = listing_tags(L, ref, o.limit, o.last);
	return task_await(L, &l->task, tag_listed);
}

static int
tag_deleted(lua_State *L, int status, lua_KContext ctx)
{
	struct binding_request *q = (struct binding_request *)ctx;
	char text[REFERENCE_MAX + 64];

	(void)status;
	if (q->task.err.kind == ERROR_NONE) {
		tally_deleted(&q->task.w->tally);
		task_release(&q->task);
		return 0;
	}
	tally_failed(&q->task.w->tally);
	snprintf(text, sizeof(text), "Failed deleting \"%s\"", q->name);
	/* regbot looks a tag up before it deletes it, and says so. */
	if (q->task.err.kind == ERROR_NOT_FOUND &&
	    strncmp(q->task.err.text, "request failed", 14) == 0)
		error_prefix(&q->task.err,
		    "failed to request manifest head %s", q->name);
	return binding_fail(L, &q->task, "%s", text);
}

/* Deletes nothing: whoever forgot the tag does not mean the one that counts
 * most. */
static int
tag_missing(lua_State *L, const struct reference *ref)
{
	struct binding_request *q = binding_request_new(L);

	q->name = reference_repository(ref);
	error_set(&q->task.err, ERROR_INPUT, "it names no tag, and latest is "
	    "deleted only where it is written: \"%s:latest\", or a "
	    "reference's tag(\"latest\")", q->name);
	q->task.done = true;
	return task_await(L, &q->task, tag_deleted);
}

/* What a dry run or a real one cannot delete at all. */
static int
tag_deletable(const struct reference *ref, struct error *err)
{
	if (!ref->ocidir && *ref->tag == '\0')
		return error_set(err, ERROR_INPUT,
		    "tag missing from image reference");
	return fetch_askable(ref, err);
}

/* The registry's answer to whether the tag is there. */
static void
tag_looked_up(void *request, struct answer *a)
{
	struct binding_request *q = request;
	struct overlay *o = q->task.w->overlay;
	struct reference real = { .ocidir = false };
	struct error err = a->err;

	q->call = NULL;
	if (err.kind == ERROR_NONE && digest_valid(a->digest)) {
		overlay_seen(o, &q->ref, a->digest);
		if (overlay_find(o, &q->ref, &real) == OVERLAY_DELETED)
			(void)fetch_deleted(&err);
		reference_free(&real);
	}
	if (err.kind == ERROR_NONE)
		overlay_delete(o, &q->ref);
	task_done(&q->task, err.kind != ERROR_NONE ? &err : NULL);
}

/* A dry run fails where the tag is not there, as a real one would. */
static void
tag_delete_dry(struct binding_request *q, const struct reference *tag)
{
	struct worker *w = q->task.w;
	struct reference real = { .ocidir = false };
	struct error err;

	switch (overlay_find(w->overlay, tag, &real)) {
	case OVERLAY_DELETED:
		(void)fetch_deleted(&err);
		task_done(&q->task, &err);
		break;
	case OVERLAY_MOVED:
		overlay_delete(w->overlay, tag);
		task_done(&q->task, NULL);
		break;
	case OVERLAY_UNKNOWN:
		reference_copy(&q->ref, tag);
		q->call = client_manifest_head(w->client, tag, tag_looked_up,
		    q);
		break;
	}
	reference_free(&real);
}

static int
tag_delete(lua_State *L)
{
	struct worker *w = vm_worker(L);
	struct reference *ref, *tag;
	struct log_record r;
	struct binding_request *q;

	binding_context(L);
	ref = value_check_reference(L, 1);
	if (ref->tag_implied)
		return tag_missing(L, ref);
	binding_log_start(&r, LOG_INFO, "Delete tag", "image", ref);
	log_record_bool(&r, "dry-run", w->dry_run);
	binding_log(L, &r);
	/* A digest beside the tag is not what is deleted. */
	tag = value_push_reference(L);
	reference_copy(tag, ref);
	if (*ref->tag != '\0')
		reference_set_tag(tag, ref->tag);
	q = binding_request_new(L);
	q->name = reference_string(ref);
	if (tag_deletable(tag, &q->task.err) == -1)
		q->task.done = true;
	else if (w->dry_run)
		tag_delete_dry(q, tag);
	else
		q->call = client_tag_delete(w->client, tag,
		    binding_request_done, q);
	return task_await(L, &q->task, tag_deleted);
}

const luaL_Reg tag_functions[] = {
	{ "delete", tag_delete },
	{ "exists", modules_tag_exists },
	{ "ls", tag_ls },
	{ "newest", modules_tag_newest },
	{ NULL, NULL }
};
