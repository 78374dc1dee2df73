/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.c - the table "manifest" and its values: reading. What writes is
 * in manifest_write.c; the parser is in worker/oci.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/json.h"
#include "worker/lua/shape.h"
#include "worker/lua/vm.h"
#include "worker/values/binding.h"
#include "worker/modules/modules.h"

static int
manifest_got(lua_State *L, int status, lua_KContext ctx)
{
	(void)status;
	return binding_manifest(L, (struct fetch *)ctx);
}

static int
manifest_fetch(lua_State *L, enum fetch_how how)
{
	const char *platform = "";
	struct reference *ref;
	struct log_record r;
	struct fetch *f;

	binding_context(L);
	ref = value_check_reference(L, 1);
	if (how == FETCH_IMAGE && lua_gettop(L) == 2)
		platform = vm_check_text(L, 2, value_call_name(L));
	binding_log_start(&r, LOG_DEBUG, "Retrieve manifest", "image", ref);
	log_record_bool(&r, "list", how == FETCH_LIST);
	log_record_string(&r, "platform", platform);
	binding_log(L, &r);
	f = fetch_new(L, ref, how, platform);
	return task_await(L, &f->task, manifest_got);
}

int
modules_manifest_get(lua_State *L)
{
	return manifest_fetch(L, FETCH_IMAGE);
}

int
modules_manifest_getlist(lua_State *L)
{
	return manifest_fetch(L, FETCH_LIST);
}

int
modules_manifest_head(lua_State *L)
{
	struct reference *ref;
	struct log_record r;
	struct fetch *f;

	binding_context(L);
	ref = value_check_reference(L, 1);
	binding_log_start(&r, LOG_DEBUG, "Retrieve manifest with head",
	    "image", ref);
	binding_log(L, &r);
	f = fetch_new(L, ref, FETCH_HEAD, "");
	return task_await(L, &f->task, manifest_got);
}

static int
descriptor_push(lua_State *L, int status, lua_KContext ctx)
{
	struct manifest_value *v = value_manifest(L, 1);

	(void)status;
	(void)ctx;
	value_push_descriptor(L, v->media_type, v->digest, (uint64_t)v->size);
	return 1;
}

static int
manifest_descriptor(lua_State *L)
{
	return binding_with_manifest(L, 1, FETCH_HEAD, descriptor_push);
}

static int
manifest_tostring(lua_State *L)
{
	struct manifest_value *v = value_manifest(L, 1);
	struct binding_request *q;

	if (v == NULL)
		return vm_arg_error(L, 1, value_call_name(L),
		    "manifest expected");
	if (v->m == NULL)
		return vm_raise(L, "Failed outputing manifest: it was only "
		    "looked up with head and has no content");
	q = binding_text_new(L);
	json_indent(&q->body, v->m->bytes, v->m->len);
	lua_pushlstring(L, buffer_str(&q->body), q->body.len);
	task_release(&q->task);
	return 1;
}

const luaL_Reg manifest_functions[] = {
	{ "descriptor", manifest_descriptor },
	{ "digest", modules_manifest_digest },
	{ "get", modules_manifest_get },
	{ "getList", modules_manifest_getlist },
	{ "head", modules_manifest_head },
	{ "put", modules_manifest_put },
	{ NULL, NULL }
};

const luaL_Reg manifest_methods[] = {
	{ "__tostring", manifest_tostring },
	{ "config", modules_image_config },
	{ "delete", modules_manifest_delete },
	{ "descriptor", manifest_descriptor },
	{ "export", modules_manifest_export },
	{ "get", modules_manifest_get },
	{ "head", modules_manifest_head },
	{ "put", modules_manifest_put },
	{ "ratelimit", modules_ratelimit },
	{ "ratelimitWait", modules_ratelimit_wait },
	{ NULL, NULL }
};
