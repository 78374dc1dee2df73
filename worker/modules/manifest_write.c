/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_write.c - manifests that scripts delete, change and push.
 *
 * A manifest that was not changed is pushed byte for byte. One that was is
 * written compactly, with its keys in their order (worker/lua/shape_order.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/json.h"
#include "common/mem.h"
#include "worker/job/needs.h"
#include "worker/job/overlay.h"
#include "worker/lua/shape.h"
#include "worker/lua/vm.h"
#include "worker/values/binding.h"
#include "worker/values/export.h"
#include "worker/modules/manifest_refer.h"
#include "worker/modules/modules.h"

static int
manifest_deleted(lua_State *L, int status, lua_KContext ctx)
{
	struct binding_request *q = (struct binding_request *)ctx;
	char text[REFERENCE_MAX + 64];

	(void)status;
	if (q->task.err.kind != ERROR_NONE) {
		tally_failed(&q->task.w->tally);
		snprintf(text, sizeof(text), "Failed deleting \"%s\"",
		    q->name);
		return binding_fail(L, &q->task, "%s", text);
	}
	tally_deleted(&q->task.w->tally);
	task_release(&q->task);
	return 0;
}

static int
delete_dry(struct worker *w, const struct manifest_value *v,
    const struct reference *ref, struct error *err)
{
	struct reference real = { .ocidir = false };
	enum overlay_state state = overlay_find(w->overlay, ref, &real);

	reference_free(&real);
	if (state == OVERLAY_DELETED)
		return fetch_deleted(err);
	overlay_delete(w->overlay, ref);
	/* No digest was needed to find it: the tag goes with it. */
	if (*v->at.digest == '\0' && !v->made)
		overlay_delete(w->overlay, &v->at);
	return 0;
}

/* Who did not name a platform may not know that there is an index, and would
 * break it, or replace it by one of its images. */
static int
not_guessed(const struct manifest_value *v, struct error *err)
{
	char *name;

	if (!v->guessed)
		return 0;
	name = reference_string(&v->ref);
	error_set(err, ERROR_INPUT, "it is one image of an index, the one for "
	    "this machine's platform, %s; write manifest.getList(\"%s\") for "
	    "the whole index, or name the platform, as in "
	    "manifest.get(\"%s\", \"linux/amd64\")", v->digest, name, name);
	free(name);
	return -1;
}

/*
 * What is deleted is what the value is: a platform's manifest that was
 * resolved from an index goes by its own digest, also where the reference
 * names the index's digest. (regbot then deleted the index.)
 */
static int
delete_manifest(lua_State *L, int status, lua_KContext ctx)
{
	struct manifest_value *v = value_manifest(L, 1);
	struct worker *w = vm_worker(L);
	struct reference *ref;
	struct log_record r;
	struct binding_request *q;
	struct error err;

	(void)status;
	(void)ctx;
	ref = value_push_reference(L);
	reference_copy(ref, &v->ref);
	reference_add_digest(ref, v->digest);
	binding_log_start(&r, LOG_INFO, "Delete manifest", "image", ref);
	log_record_bool(&r, "dry-run", w->dry_run);
	binding_log(L, &r);
	q = binding_request_new(L);
	q->name = reference_string(ref);
	task_doing(&q->task, mem_printf("failed to delete manifest %s",
	    q->name));
	if (not_guessed(v, &q->task.err) == -1 ||
	    fetch_askable(ref, &q->task.err) == -1)
		q->task.done = true;
	else if (w->dry_run)
		task_done(&q->task, delete_dry(w, v, ref, &err) == -1 ? &err :
		    NULL);
	else
		manifest_refer_delete(q, v, ref);
	return task_await(L, &q->task, manifest_deleted);
}

int
modules_manifest_delete(lua_State *L)
{
	binding_context(L);
	return binding_with_manifest(L, 1, FETCH_HEAD, delete_manifest);
}

/* The new manifest's bytes: those it had, or the edited fields written. */
static struct manifest *
export_parse(const struct manifest_value *v, json_object *json, bool changed,
    struct error *err)
{
	struct buffer b;
	struct manifest *m;

	if (!changed)
		return manifest_parse(v->m->bytes, v->m->len,
		    v->m->media_type, "", err);
	if (v->kind == MANIFEST_DOCKER_V1_SIGNED) {
		error_set(err, ERROR_INPUT, "a signed manifest cannot be "
		    "changed");
		return NULL;
	}
	buffer_init(&b, 0);
	json_write(&b, json);
	m = manifest_parse(buffer_str(&b), b.len, v->m->media_type, "", err);
	buffer_free(&b);
	if (m != NULL && shape_check(shape_of_kind(m->kind), m->json, err) ==
	    -1) {
		manifest_free(m);
		m = NULL;
	}
	return m;
}

int
modules_manifest_export(lua_State *L)
{
	struct manifest_value *v = value_manifest(L, 1), *out;
	json_object *json;
	struct error err;
	bool changed;

	lua_settop(L, 1);
	if (v == NULL)
		return vm_arg_error(L, 1, value_call_name(L),
		    "manifest expected");
	if (v->m == NULL)
		return vm_raise(L, "Failed exporting manifest: it was only "
		    "looked up with head and has no content");
	json = export_json(L, shape_of_kind(v->kind), v->m->json, &changed);
	out = value_push_manifest(L);
	if ((out->m = export_parse(v, json, changed, &err)) == NULL)
		return vm_raise(L, "Failed exporting manifest: %s", err.text);
	out->made = changed || v->made;
	out->guessed = v->guessed;
	out->kind = out->m->kind;
	reference_copy(&out->ref, &v->ref);
	reference_copy(&out->at, &v->at);
	out->media_type = mem_strdup(out->m->media_type);
	out->digest = mem_strdup(out->m->digest);
	out->size = (int64_t)out->m->len;
	value_expose_manifest(L);
	return 1;
}

/* A dry run pretends that it was put. */
static int
pretend_put(struct worker *w, const struct manifest_value *v,
    const struct reference *ref, struct error *err)
{
	if (v->made && overlay_keep(w->overlay, v->digest, v->media_type,
	    v->m->bytes, v->m->len, err) == -1)
		return -1;
	overlay_put(w->overlay, ref, &v->at, v->digest);
	overlay_read(w->overlay, ref, v->digest, v->m);
	manifest_refer_pretend(w, v, ref);
	return 0;
}

static int
manifest_was_put(lua_State *L, int status, lua_KContext ctx)
{
	struct manifest_value *v = value_manifest(L, 1);
	struct binding_request *q = (struct binding_request *)ctx;

	(void)status;
	if (q->task.err.kind == ERROR_NONE && q->task.w->dry_run)
		(void)pretend_put(q->task.w, v, value_check_reference(L, 2),
		    &q->task.err);
	if (q->task.err.kind == ERROR_NONE && q->digest != NULL &&
	    *q->digest != '\0' && strcmp(q->digest, v->digest) != 0)
		error_set(&q->task.err, ERROR_DIGEST, "failed to put "
		    "manifest, unexpected digest returned, expected %s, "
		    "received %s", v->digest, q->digest);
	if (q->task.err.kind != ERROR_NONE) {
		tally_failed(&q->task.w->tally);
		return binding_fail(L, &q->task, "Failed to put manifest");
	}
	task_release(&q->task);
	return 0;
}

/* What can be told before anything is sent. */
static int
puttable(const struct manifest_value *v, const struct reference *ref,
    struct error *err)
{
	if (v->m == NULL)
		return error_set(err, ERROR_INPUT, "it was only looked up "
		    "with head and has no content to push; write manifest.get"
		    " or manifest.getList instead of head");
	if (not_guessed(v, err) == -1)
		return -1;
	if (v->m->len > MANIFEST_PUT_MAX)
		return error_set(err, ERROR_LIMIT, "it is larger than %u "
		    "bytes", MANIFEST_PUT_MAX);
	if (fetch_askable(ref, err) == -1)
		return -1;
	if (*ref->digest != '\0' && strcmp(ref->digest, v->digest) != 0)
		return error_set(err, ERROR_DIGEST, "manifest digest "
		    "mismatch, expected %s, computed %s", ref->digest,
		    v->digest);
	return 0;
}

static void
put_is_possible(void *arg, const struct error *why)
{
	struct binding_request *q = arg;

	task_done(&q->task, why);
}

/* The task is over when it is known whether the registry would take it. */
static void
put_dry(struct binding_request *q, const struct manifest_value *v,
    const struct reference *ref)
{
	q->needs = needs_start(q->task.w, ref, v->m, put_is_possible, q);
}

static int
put_manifest(lua_State *L, int status, lua_KContext ctx)
{
	struct manifest_value *v = value_manifest(L, 1);
	struct reference *ref = value_check_reference(L, 2);
	struct worker *w = vm_worker(L);
	struct log_record r;
	struct binding_request *q;

	(void)status;
	(void)ctx;
	binding_log_start(&r, w->dry_run ? LOG_INFO : LOG_DEBUG,
	    "Put manifest", "image", ref);
	if (w->dry_run)
		log_record_bool(&r, "dry-run", true);
	binding_log(L, &r);
	q = binding_request_new(L);
	q->name = reference_string(ref);
	if (puttable(v, ref, &q->task.err) == -1) {
		q->task.done = true;
		return task_await(L, &q->task, manifest_was_put);
	}
	task_doing(&q->task, mem_printf("failed to put manifest %s",
	    q->name));
	if (w->dry_run)
		put_dry(q, v, ref);
	else
		manifest_refer_put(q, v, ref);
	return task_await(L, &q->task, manifest_was_put);
}

int
modules_manifest_put(lua_State *L)
{
	lua_settop(L, 2);
	binding_context(L);
	return binding_with_manifest(L, 1, FETCH_LIST, put_manifest);
}
