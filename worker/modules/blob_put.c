/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob_put.c - blob.put: a text, or the bytes of a config or a manifest, go to
 * the broker. A blob that a registry has goes from broker to broker, or is
 * mounted; it never comes here.
 */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/bounds.h"
#include "common/digest.h"
#include "common/mem.h"
#include "worker/job/overlay.h"
#include "worker/lua/vm.h"
#include "worker/values/binding.h"
#include "worker/modules/modules.h"

struct blob_put_task {
	struct task task;
	struct client_call *call;
	struct reference dst;		/* with the digest */
	const struct blob_value *b;	/* argument 2, or NULL */
	const char *bytes;		/* of argument 2, where there is no b */
	size_t len;
	uint64_t size;			/* of either */
	bool mount;			/* within the registry */
	uint64_t uploaded;
};

static void
put_release(struct task *t)
{
	struct blob_put_task *p = (struct blob_put_task *)t;

	call_cancel(p->call);
	p->call = NULL;
	reference_free(&p->dst);
}

static void copy_start(struct blob_put_task *p);

static void
copy_done(void *arg, struct answer *a)
{
	struct blob_put_task *p = arg;

	p->call = NULL;
	if (a->err.kind == ERROR_DENIED && p->mount) {
		/* Perhaps we may push there but not read its source. */
		p->mount = false;
		copy_start(p);
	} else if (a->err.kind != ERROR_NONE) {
		task_done(&p->task, &a->err);
	} else {
		p->uploaded = a->size > 0 ? (uint64_t)a->size : 0;
		task_done(&p->task, NULL);
	}
}

static void
copy_start(struct blob_put_task *p)
{
	p->call = client_blob_copy(p->task.w->client, &p->b->at, &p->dst,
	    p->dst.digest, p->size, p->mount ? p->b->at.repository : "",
	    copy_done, p);
}

static void
looked_up(void *arg, struct answer *a)
{
	struct blob_put_task *p = arg;

	p->call = NULL;
	if (a->err.kind == ERROR_NONE)
		task_done(&p->task, NULL);	/* it is there */
	else if (a->err.http >= 400 && a->err.http < 500 &&
	    a->err.kind != ERROR_RATE_LIMIT)
		copy_start(p);		/* or we may push but not look */
	else
		task_done(&p->task, &a->err);
}

static void
put_done(void *arg, struct answer *a)
{
	struct blob_put_task *p = arg;

	p->call = NULL;
	if (a->err.kind == ERROR_NONE)
		p->uploaded = p->size;
	task_done(&p->task, a->err.kind != ERROR_NONE ? &a->err : NULL);
}

static void
put_dry(struct blob_put_task *p)
{
	struct overlay *o = p->task.w->overlay;
	struct error err;

	if (p->b == NULL && overlay_keep(o, p->dst.digest,
	    "application/octet-stream", p->bytes, p->len, &err) == -1) {
		task_done(&p->task, &err);
		return;
	}
	overlay_put_blob(o, &p->dst, p->b != NULL ? &p->b->at : &p->dst);
	task_done(&p->task, NULL);
}

static bool
same_registry(const struct reference *a, const struct reference *b)
{
	char *ka = reference_registry_key(a->registry);
	char *kb = reference_registry_key(b->registry);
	bool same = ka != NULL && kb != NULL && strcmp(ka, kb) == 0;

	free(ka);
	free(kb);
	return same;
}

static void
put_start(struct blob_put_task *p)
{
	struct client *c = p->task.w->client;
	struct error err;

	if (p->b == NULL && p->len > BLOB_PUT_MAX) {
		error_set(&err, ERROR_LIMIT, "it has %zu bytes, a script can "
		    "put at most %u", p->len, BLOB_PUT_MAX);
		task_done(&p->task, &err);
	} else if (fetch_askable(&p->dst, &err) == -1) {
		task_done(&p->task, &err);
	} else if (p->task.w->dry_run) {
		put_dry(p);
	} else if (p->b == NULL) {
		p->call = client_blob_put(c, &p->dst, p->dst.digest, p->bytes,
		    p->len, put_done, p);
	} else if (reference_same_repository(&p->b->at, &p->dst)) {
		task_done(&p->task, NULL);
	} else {
		p->mount = same_registry(&p->b->at, &p->dst);
		p->call = client_blob_head(c, &p->dst, p->dst.digest,
		    looked_up, p);
	}
}

static int
was_put(lua_State *L, int status, lua_KContext ctx)
{
	struct blob_put_task *p = (struct blob_put_task *)ctx;
	struct tally *tally = &p->task.w->tally;

	(void)status;
	if (p->task.err.kind != ERROR_NONE) {
		tally_failed(tally);
		return binding_fail(L, &p->task, "Failed to put blob");
	}
	tally_uploaded(tally, p->uploaded);
	lua_pushstring(L, p->dst.digest);
	lua_pushinteger(L, (lua_Integer)p->size);
	task_release(&p->task);
	return 2;
}

/* Argument 2; raises when it is nothing that can be put. */
static void
take_content(lua_State *L, struct blob_put_task *p)
{
	struct manifest_value *m = value_manifest(L, 2);
	struct config_value *c = value_config(L, 2);
	char digest[DIGEST_MAX + 1];

	if ((p->b = value_blob(L, 2)) != NULL) {
		p->size = p->b->size;
		reference_set_digest(&p->dst, p->b->ref.digest);
		return;
	}
	if (m != NULL && m->m == NULL)
		vm_raise(L, "Failed to put blob: the manifest was only looked "
		    "up with head and has no content, use manifest.get");
	if (m != NULL) {
		p->bytes = m->m->bytes;
		p->len = m->m->len;
	} else if (c != NULL) {
		p->bytes = c->bytes;
		p->len = c->len;
	} else if (lua_type(L, 2) == LUA_TSTRING)
		p->bytes = lua_tolstring(L, 2, &p->len);
	else
		vm_arg_error(L, 2, value_call_name(L),
		    "blob content expected");
	p->size = p->len;
	digest_of(p->bytes, p->len, digest);
	reference_set_digest(&p->dst, digest);
}

int
modules_blob_put(lua_State *L)
{
	struct worker *w = vm_worker(L);
	struct reference *ref;
	struct log_record r;
	struct blob_put_task *p;

	lua_settop(L, 2);
	binding_context(L);
	ref = value_check_reference(L, 1);
	p = task_new(L, sizeof(*p), put_release);
	reference_copy(&p->dst, ref);
	take_content(L, p);
	binding_log_start(&r, w->dry_run ? LOG_INFO : LOG_DEBUG, "Put blob",
	    "ref", ref);
	log_record_string(&r, "digest", p->dst.digest);
	log_record_int(&r, "size", (int64_t)p->size);
	if (w->dry_run)
		log_record_bool(&r, "dry-run", true);
	binding_log(L, &r);
	put_start(p);
	return task_await(L, &p->task, was_put);
}
