/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob.c - the table "blob" and its values. blob.get asks only whether the
 * blob is there and how large it is: its bytes are read when a script wants
 * them (blob_read.c), or go from registry to registry (blob_put.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/mem.h"
#include "worker/job/overlay.h"
#include "worker/lua/vm.h"
#include "worker/values/binding.h"
#include "worker/modules/modules.h"

struct blob_head {
	struct task task;
	struct client_call *call;
	struct reference ref, at;	/* with the digest */
	char *media_type;
	uint64_t size;
};

static void
head_release(struct task *t)
{
	struct blob_head *h = (struct blob_head *)t;

	call_cancel(h->call);
	h->call = NULL;
	reference_free(&h->ref);
	reference_free(&h->at);
	free(h->media_type);
}

static void
head_done(void *arg, struct answer *a)
{
	struct blob_head *h = arg;
	struct error err;

	h->call = NULL;
	if (a->err.kind != ERROR_NONE) {
		task_done(&h->task, &a->err);
	} else if (a->size < 0) {
		error_set(&err, ERROR_HTTP, "the registry does not report its "
		    "size");
		task_done(&h->task, &err);
	} else {
		h->media_type = mem_strdup(a->media_type);
		h->size = (uint64_t)a->size;
		task_done(&h->task, NULL);
	}
}

/* A dry run may pretend that it was put there: then its bytes are kept, or it
 * is where it came from. */
static void
head_start(struct blob_head *h)
{
	struct worker *w = h->task.w;
	const struct overlay_content *kept;
	struct error err;

	if (fetch_askable(&h->ref, &err) == -1) {
		task_done(&h->task, &err);
		return;
	}
	if (w->overlay == NULL || overlay_find(w->overlay, &h->ref, &h->at) !=
	    OVERLAY_MOVED)
		reference_copy(&h->at, &h->ref);
	else if ((kept = overlay_kept(w->overlay, h->ref.digest)) != NULL) {
		h->media_type = mem_strdup(kept->media_type);
		h->size = kept->len;
		task_done(&h->task, NULL);
		return;
	}
	h->call = client_blob_head(w->client, &h->at, h->ref.digest,
	    head_done, h);
}

static int
blob_got(lua_State *L, int status, lua_KContext ctx)
{
	struct blob_head *h = (struct blob_head *)ctx;
	char *name, text[REFERENCE_MAX + DIGEST_MAX + 64];
	struct blob_value *v;

	(void)status;
	if (h->task.err.kind != ERROR_NONE) {
		name = reference_string(value_check_reference(L, 1));
		snprintf(text, sizeof(text), "Failed retrieving \"%s\" blob "
		    "\"%s\"", name, h->ref.digest);
		free(name);
		return binding_fail(L, &h->task, "%s", text);
	}
	v = value_push_blob(L);
	reference_copy(&v->ref, &h->ref);
	reference_copy(&v->at, &h->at);
	v->media_type = mem_strdup(h->media_type);
	v->size = h->size;
	value_expose_blob(L);
	task_release(&h->task);
	return 1;
}

static int
blob_get(lua_State *L)
{
	struct reference *ref;
	struct log_record r;
	struct blob_head *h;
	const char *digest;

	lua_settop(L, 2);
	binding_context(L);
	ref = value_check_reference(L, 1);
	digest = lua_isnil(L, 2) ? ref->digest :
	    vm_check_text(L, 2, value_call_name(L));
	if (*digest == '\0')
		return vm_arg_error(L, 2, value_call_name(L),
		    "digest expected, the reference has none");
	binding_log_start(&r, LOG_DEBUG, "Retrieve blob", "ref", ref);
	log_record_string(&r, "digest", digest);
	binding_log(L, &r);
	h = task_new(L, sizeof(*h), head_release);
	reference_copy(&h->ref, ref);
	reference_set_digest(&h->ref, digest);
	head_start(h);
	return task_await(L, &h->task, blob_got);
}

/* b:put(ref) puts b there, as m:put(ref) does. */
static int
blob_method_put(lua_State *L)
{
	lua_settop(L, 2);
	if (value_blob(L, 1) == NULL)
		return vm_arg_error(L, 1, value_call_name(L),
		    "blob expected");
	lua_insert(L, 1);
	return modules_blob_put(L);
}

static int
blob_tostring(lua_State *L)
{
	struct blob_value *v = value_blob(L, 1);
	struct binding_request *q;

	if (v == NULL)
		return vm_arg_error(L, 1, value_call_name(L),
		    "blob expected");
	q = binding_request_new(L);
	q->name = reference_string(&v->ref);
	lua_pushstring(L, q->name);
	task_release(&q->task);
	return 1;
}

const luaL_Reg blob_functions[] = {
	{ "get", blob_get },
	{ "head", blob_get },
	{ "put", modules_blob_put },
	{ NULL, NULL }
};

const luaL_Reg blob_methods[] = {
	{ "__tostring", blob_tostring },
	{ "get", blob_get },
	{ "head", blob_get },
	{ "put", blob_method_put },
	{ "read", modules_blob_read },
	{ NULL, NULL }
};
