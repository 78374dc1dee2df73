/* SPDX-License-Identifier: Apache-2.0 */
/* image_config.c - image.config(), and the values that it returns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/bounds.h"
#include "common/digest.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/text.h"
#include "worker/job/overlay.h"
#include "worker/lua/shape.h"
#include "worker/lua/vm.h"
#include "worker/values/binding.h"
#include "worker/values/export.h"
#include "worker/modules/modules.h"
#include "worker/oci/manifest_private.h"

/* A config under way: an action slot, then its blob. */
struct config_task {
	struct task task;
	struct client_call *slot, *call;
	struct reference at;
	char *digest;
	int64_t size;		/* what the descriptor says */
	char *bytes;		/* the result */
	size_t len;
	json_object *json;
};

static void
config_release(struct task *t)
{
	struct config_task *c = (struct config_task *)t;

	call_cancel(c->call);
	call_cancel(c->slot);
	c->call = c->slot = NULL;
	reference_free(&c->at);
	free(c->digest);
	free(c->bytes);
	json_object_put(c->json);
}

/* Checks, parses and keeps the blob. */
static void
config_take(struct config_task *c, const char *p, size_t n)
{
	struct error err;

	task_doing(&c->task, NULL);
	if (n != (uint64_t)c->size)
		error_set(&err, ERROR_DIGEST, "the image config has %zu "
		    "bytes, its descriptor says %lld", n,
		    (long long)c->size);
	else if (digest_verify(p, n, c->digest, &err) == 0 &&
	    (c->json = json_parse(p, n, JSON_BYTES_MAX, "the image config",
	    &err)) != NULL &&
	    shape_check(&shape_config, c->json, &err) == 0) {
		c->bytes = mem_alloc(n + 1);
		memcpy(c->bytes, p, n);
		c->len = n;
		task_done(&c->task, NULL);
		return;
	}
	task_done(&c->task, &err);
}

static void
config_blob(void *arg, struct answer *a)
{
	struct config_task *c = arg;

	c->call = NULL;
	call_cancel(c->slot);
	c->slot = NULL;
	if (a->err.kind != ERROR_NONE)
		task_done(&c->task, &a->err);
	else
		config_take(c, buffer_str(&a->body), a->body.len);
}

static void
config_slot(void *arg, struct answer *a)
{
	struct config_task *c = arg;
	const struct overlay_content *kept;
	char *name;

	if (a->err.kind != ERROR_NONE) {
		task_done(&c->task, &a->err);
		return;
	}
	if (c->task.w->overlay != NULL && (kept = overlay_kept(
	    c->task.w->overlay, c->digest)) != NULL) {
		client_slot_release(c->task.w->client, c->slot);
		c->slot = NULL;
		config_take(c, kept->bytes, kept->len);
		return;
	}
	name = reference_string(&c->at);
	task_doing(&c->task, mem_printf("failed to get blob, digest %s, "
	    "ref %s", c->digest, name));
	free(name);
	c->call = client_blob_get(c->task.w->client, &c->at, c->digest,
	    BLOB_GET_MAX, config_blob, c);
}

/* A descriptor may carry its content. */
static bool
config_embedded(struct config_task *c, const struct descriptor *d)
{
	json_object *v = NULL;
	struct buffer b;
	bool rv;

	json_object_object_get_ex(d->json, "data", &v);
	if (!json_object_is_type(v, json_type_string))
		return false;
	buffer_init(&b, MANIFEST_GET_MAX);
	rv = text_base64_decode(&b, json_object_get_string(v),
	    (size_t)json_object_get_string_len(v)) == 0 &&
	    b.len == (uint64_t)d->size &&
	    digest_verify(buffer_str(&b), b.len, d->digest, NULL) == 0;
	if (rv)
		config_take(c, buffer_str(&b), b.len);
	buffer_free(&b);
	return rv;
}

/* Where the config is: beside its manifest, unless a dry run pretends to have
 * put it there from elsewhere. */
static void
config_place(struct config_task *c, const struct manifest_value *v)
{
	struct reference named;

	if (c->task.w->overlay != NULL) {
		reference_copy(&named, &v->ref);
		reference_set_digest(&named, c->digest);
		if (overlay_find(c->task.w->overlay, &named, &c->at) ==
		    OVERLAY_MOVED) {
			reference_free(&named);
			return;
		}
		reference_free(&named);
	}
	reference_copy(&c->at, &v->at);
}

static struct config_task *
config_start(lua_State *L, const struct manifest_value *v)
{
	struct config_task *c = task_new(L, sizeof(*c), config_release);
	const struct descriptor *d = v->m->config;
	struct error err;

	c->digest = mem_strdup(d->digest);
	config_place(c, v);
	c->size = d->size;
	if (d->size > BLOB_GET_MAX) {
		error_set(&err, ERROR_LIMIT, "the image config has %lld "
		    "bytes, at most %u are read", (long long)d->size,
		    BLOB_GET_MAX);
		task_done(&c->task, &err);
	} else if (!config_embedded(c, d)) {
		task_doing(&c->task,
		    mem_strdup("failed to acquire an action slot"));
		c->slot = client_slot(c->task.w->client, config_slot, c);
	}
	return c;
}

static int
config_got(lua_State *L, int status, lua_KContext ctx)
{
	struct config_task *c = (struct config_task *)ctx;
	struct manifest_value *v = value_manifest(L, 1);
	char *name, text[REFERENCE_MAX + 64];
	struct config_value *cv;

	(void)status;
	if (c->task.err.kind != ERROR_NONE) {
		name = reference_string(&v->ref);
		snprintf(text, sizeof(text), "Failed retrieving \"%s\" "
		    "config", name);
		free(name);
		return binding_fail(L, &c->task, "%s", text);
	}
	cv = value_push_config(L);
	reference_copy(&cv->ref, &v->ref);
	reference_copy(&cv->at, &v->at);
	cv->bytes = c->bytes;
	cv->len = c->len;
	cv->json = c->json;
	c->bytes = NULL;
	c->json = NULL;
	value_expose_config(L, 1);
	task_release(&c->task);
	return 1;
}

static int
config_of_manifest(lua_State *L, int status, lua_KContext ctx)
{
	struct manifest_value *v = value_manifest(L, 1);
	char *name, text[REFERENCE_MAX + 64];
	struct config_task *c;
	struct log_record r;

	(void)status;
	(void)ctx;
	binding_log_start(&r, LOG_DEBUG, "Retrieve image config", "image",
	    &v->ref);
	binding_log(L, &r);
	if (v->kind == MANIFEST_OCI_INDEX || v->kind == MANIFEST_DOCKER_LIST)
		return vm_raise(L, "Image methods are not available for "
		    "manifest");
	if (v->m == NULL || v->m->config == NULL) {
		name = reference_string(&v->ref);
		snprintf(text, sizeof(text), "%s", name);
		free(name);
		if (v->m == NULL)
			return vm_raise(L, "Failed looking up \"%s\" config "
			    "digest: the manifest was only looked up with "
			    "head and has no content", text);
		return vm_raise(L, "Failed looking up \"%s\" config digest: "
		    "config digest not available for media type %s", text,
		    v->media_type);
	}
	c = config_start(L, v);
	return task_await(L, &c->task, config_got);
}

/* What the first argument names is asked for again, for that platform. */
static int
config_of_platform(lua_State *L)
{
	const char *text = vm_check_text(L, 2, value_call_name(L));
	struct reference *ref = value_check_reference(L, 1);
	struct platform p;
	struct error err;

	if (platform_parse(text, &p, &err) == -1)
		return vm_arg_error(L, 2, value_call_name(L), err.text);
	platform_free(&p);
	return binding_fetch(L, 1, ref, FETCH_IMAGE, text,
	    config_of_manifest);
}

int
modules_image_config(lua_State *L)
{
	lua_settop(L, 2);
	binding_context(L);
	if (!lua_isnil(L, 2))
		return config_of_platform(L);
	return binding_with_manifest(L, 1, FETCH_IMAGE, config_of_manifest);
}

static int
config_export(lua_State *L)
{
	struct config_value *v = value_config(L, 1), *out;
	json_object *json;
	struct buffer b;
	struct error err;
	bool changed;

	binding_context(L);
	lua_settop(L, 1);
	if (v == NULL)
		return vm_arg_error(L, 1, value_call_name(L),
		    "config expected");
	json = export_json(L, &shape_config, v->json, &changed);
	value_push_manifest_of(L, 1);
	out = value_push_config(L);
	buffer_init(&b, 0);
	if (changed)
		json_write(&b, json);
	else
		buffer_put(&b, v->bytes, v->len);
	out->len = b.len;
	out->bytes = buffer_steal(&b);
	reference_copy(&out->ref, &v->ref);
	reference_copy(&out->at, &v->at);
	out->json = json_parse(out->bytes, out->len, JSON_BYTES_MAX,
	    "the image config", &err);
	if (out->json == NULL ||
	    shape_check(&shape_config, out->json, &err) == -1)
		return vm_raise(L, "Failed exporting config: %s", err.text);
	value_expose_config(L, lua_gettop(L) - 1);
	return 1;
}

static int
config_tostring(lua_State *L)
{
	struct config_value *v = value_config(L, 1);
	struct binding_request *q;

	if (v == NULL)
		return vm_arg_error(L, 1, value_call_name(L),
		    "config expected");
	q = binding_text_new(L);
	json_indent(&q->body, v->bytes, v->len);
	lua_pushlstring(L, buffer_str(&q->body), q->body.len);
	task_release(&q->task);
	return 1;
}

const luaL_Reg config_methods[] = {
	{ "__tostring", config_tostring },
	{ "export", config_export },
	{ NULL, NULL }
};
