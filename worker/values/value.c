/* SPDX-License-Identifier: Apache-2.0 */
/* value.c - what scripts hold; see value.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/digest.h"
#include "common/mem.h"
#include "worker/lua/owned.h"
#include "worker/lua/shape.h"
#include "worker/lua/vm.h"
#include "worker/values/value.h"
#include "worker/oci/manifest_private.h"

#define REFERENCE "regbot.reference"
#define MANIFEST "regbot.manifest"
#define CONFIG "regbot.config"
#define BLOB "regbot.blob"
#define CALLABLE "regbot.callable"

/* What a manifest's or config's user value, a table, holds. */
enum { SLOT_TABLE = 1, SLOT_ORIGINS, SLOT_MANIFEST, SLOT_REST };

void
value_clear_manifest(struct manifest_value *v)
{
	reference_free(&v->ref);
	reference_free(&v->at);
	manifest_free(v->m);
	free(v->media_type);
	free(v->digest);
	free(v->rate.policies);
	memset(v, 0, sizeof(*v));
}

void
value_clear_config(struct config_value *v)
{
	reference_free(&v->ref);
	reference_free(&v->at);
	json_object_put(v->json);
	free(v->bytes);
	memset(v, 0, sizeof(*v));
}

void
value_clear_blob(struct blob_value *v)
{
	reference_free(&v->ref);
	reference_free(&v->at);
	free(v->media_type);
	buffer_free(&v->part);
	digest_free(v->sum);
	memset(v, 0, sizeof(*v));
}

static void
release_reference(void *ref)
{
	reference_free(ref);
}

static void
release_manifest(void *v)
{
	value_clear_manifest(v);
}

static void
release_config(void *v)
{
	value_clear_config(v);
}

static void
release_blob(void *v)
{
	value_clear_blob(v);
}

/* Fields of the exported table first, then methods (the upvalue). */
static int
value_index(lua_State *L)
{
	lua_settop(L, 2);
	if (lua_type(L, 1) != LUA_TUSERDATA)
		return 0;
	if (lua_getuservalue(L, 1) == LUA_TTABLE &&
	    lua_rawgeti(L, -1, SLOT_TABLE) == LUA_TTABLE) {
		lua_pushvalue(L, 2);
		if (lua_rawget(L, -2) != LUA_TNIL)
			return 1;
	}
	lua_pushvalue(L, 2);
	lua_rawget(L, lua_upvalueindex(1));
	return 1;
}

static int
value_newindex(lua_State *L)
{
	const char *key = lua_type(L, 2) == LUA_TSTRING ?
	    lua_tostring(L, 2) : luaL_typename(L, 2);

	return vm_raise(L, "attempt to index a non-table object(userdata) "
	    "with key '%s'", key);
}

static void
type_open(lua_State *L, const char *name, const char *library,
    const luaL_Reg *methods)
{
	const luaL_Reg *r;

	luaL_newmetatable(L, name);
	lua_pushcfunction(L, owned_gc);
	lua_setfield(L, -2, "__gc");
	lua_pushcfunction(L, value_newindex);
	lua_setfield(L, -2, "__newindex");
	lua_pushliteral(L, "userdata");
	lua_setfield(L, -2, "__name");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_newtable(L);
	for (r = methods; r->name != NULL; r++) {
		/* Metamethods stand among the methods, by their name. */
		lua_pushvalue(L, strncmp(r->name, "__", 2) == 0 ? -2 : -1);
		vm_set_function(L, library, r->name, r->func);
		lua_pop(L, 1);
	}
	lua_pushcclosure(L, value_index, 1);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 1);
}

/* m.config is a table, and m:config() works all the same. */
static int
callable_call(lua_State *L)
{
	lua_remove(L, 1);
	return lua_tocfunction(L, lua_upvalueindex(2))(L);
}

static void
callable_open(lua_State *L, const luaL_Reg *methods)
{
	luaL_newmetatable(L, CALLABLE);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	for (; methods->name != NULL; methods++)
		if (strcmp(methods->name, "config") == 0) {
			lua_pushliteral(L, "manifest.config");
			lua_pushcfunction(L, methods->func);
			lua_pushcclosure(L, callable_call, 2);
			lua_setfield(L, -2, "__call");
		}
	lua_pop(L, 1);
}

void
value_open(lua_State *L, const struct value_methods *methods)
{
	type_open(L, REFERENCE, "reference", methods->reference);
	type_open(L, MANIFEST, "manifest", methods->manifest);
	type_open(L, CONFIG, "config", methods->config);
	type_open(L, BLOB, "blob", methods->blob);
	callable_open(L, methods->manifest);
}

/* Lua's collector does not see what a value holds outside of Lua: parsed
 * JSON takes several times its text. This makes it work accordingly, and a
 * little for nothing: what has a finalizer needs two cycles to go. */
static void
collector_account(lua_State *L, size_t len)
{
	lua_gc(L, LUA_GCSTEP, (int)(len * 8 / 1024));
}

struct reference *
value_push_reference(lua_State *L)
{
	collector_account(L, 0);
	return owned_push(L, sizeof(struct reference), REFERENCE,
	    release_reference);
}

/* Above the userdata at the top: its user value and the origins table. */
static void
push_slots(lua_State *L)
{
	lua_newtable(L);
	lua_pushvalue(L, -1);
	lua_setuservalue(L, -3);
	lua_newtable(L);
	lua_pushvalue(L, -1);
	lua_rawseti(L, -3, SLOT_ORIGINS);
}

/* What was signed, as a list of numbers, as regbot shows it. */
static void
add_canonical(lua_State *L, const struct manifest *m)
{
	struct buffer b;
	unsigned char *p = lua_newuserdata(L, m->len * 2 + 1);
	size_t i, n;

	buffer_init(&b, m->len * 2);
	if (signed_payload(m->json, m->bytes, m->len, &b, NULL) ==
	    -1)
		buffer_clear(&b);
	n = b.len;
	memcpy(p, buffer_str(&b), n);
	buffer_free(&b);
	lua_createtable(L, (int)n, 0);
	for (i = 0; i < n; i++) {
		lua_pushinteger(L, p[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_setfield(L, -3, "Canonical");
	lua_pop(L, 1);
}

struct manifest_value *
value_push_manifest(lua_State *L)
{
	collector_account(L, 0);
	return owned_push(L, sizeof(struct manifest_value), MANIFEST,
	    release_manifest);
}

void
value_expose_manifest(lua_State *L)
{
	struct manifest_value *mv = value_manifest(L, -1);

	push_slots(L);
	if (mv->m == NULL) {
		lua_newtable(L);
		shape_push(L, shape_of_kind(mv->kind), NULL, 0);
		lua_setfield(L, -2, shape_head_key(mv->kind));
	} else {
		shape_push(L, shape_of_kind(mv->kind), mv->m->json,
		    lua_absindex(L, -1));
		if (mv->kind == MANIFEST_DOCKER_V1_SIGNED)
			add_canonical(L, mv->m);
		if (lua_getfield(L, -1, "config") == LUA_TTABLE)
			luaL_setmetatable(L, CALLABLE);
		lua_pop(L, 1);
	}
	lua_rawseti(L, -3, SLOT_TABLE);
	lua_pop(L, 2);
	collector_account(L, mv->m != NULL ? mv->m->len : 0);
}

struct config_value *
value_push_config(lua_State *L)
{
	collector_account(L, 0);
	return owned_push(L, sizeof(struct config_value), CONFIG,
	    release_config);
}

void
value_expose_config(lua_State *L, int manifest)
{
	struct config_value *cv = value_config(L, -1);

	manifest = lua_absindex(L, manifest);
	push_slots(L);
	shape_push(L, &shape_config, cv->json, lua_absindex(L, -1));
	lua_rawseti(L, -3, SLOT_TABLE);
	lua_pushvalue(L, manifest);
	lua_rawseti(L, -3, SLOT_MANIFEST);
	lua_pop(L, 2);
	collector_account(L, cv->len);
}

struct blob_value *
value_push_blob(lua_State *L)
{
	struct blob_value *v;

	collector_account(L, 0);
	v = owned_push(L, sizeof(*v), BLOB, release_blob);
	buffer_init(&v->part, 0);
	return v;
}

void
value_push_descriptor(lua_State *L, const char *media_type,
    const char *digest, uint64_t size)
{
	const char *const keys[][2] = { { "MediaType", "mediaType" },
	    { "Digest", "digest" }, { "Size", "size" } };

	shape_push(L, &shape_descriptor, NULL, 0);
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 2; k++) {
			if (i == 2)
				lua_pushinteger(L, (lua_Integer)size);
			else
				lua_pushstring(L, i == 0 ? media_type :
				    digest);
			lua_setfield(L, -2, keys[i][k]);
		}
}

void
value_expose_blob(lua_State *L)
{
	struct blob_value *v = value_blob(L, -1);

	lua_newtable(L);
	value_push_descriptor(L, v->media_type, v->ref.digest, v->size);
	lua_rawseti(L, -2, SLOT_TABLE);
	lua_setuservalue(L, -2);
}

void
value_keep_rest(lua_State *L, int index)
{
	struct blob_value *v = value_blob(L, index);
	const char *text = lua_tolstring(L, -1, &v->nrest);

	lua_getuservalue(L, index);
	lua_insert(L, -2);
	lua_rawseti(L, -2, SLOT_REST);
	lua_pop(L, 1);
	v->rest = text;
}

struct reference *
value_reference(lua_State *L, int index)
{
	return owned_test(L, index, REFERENCE);
}

struct manifest_value *
value_manifest(lua_State *L, int index)
{
	return owned_test(L, index, MANIFEST);
}

struct config_value *
value_config(lua_State *L, int index)
{
	return owned_test(L, index, CONFIG);
}

struct blob_value *
value_blob(lua_State *L, int index)
{
	return owned_test(L, index, BLOB);
}

static void
push_slot(lua_State *L, int index, int slot)
{
	lua_getuservalue(L, index);
	lua_rawgeti(L, -1, slot);
	lua_remove(L, -2);
}

void
value_push_table(lua_State *L, int index)
{
	push_slot(L, index, SLOT_TABLE);
}

void
value_push_origins(lua_State *L, int index)
{
	push_slot(L, index, SLOT_ORIGINS);
}

void
value_push_manifest_of(lua_State *L, int index)
{
	push_slot(L, index, SLOT_MANIFEST);
}

const char *
value_call_name(lua_State *L)
{
	return vm_function_name(L);
}

struct reference *
value_check_reference(lua_State *L, int arg)
{
	struct manifest_value *m;
	struct config_value *c;
	struct blob_value *b;
	struct reference *r;
	char text[ERROR_TEXT_MAX + 64];
	struct error err;
	const char *s;
	size_t n;

	if ((r = value_reference(L, arg)) != NULL)
		return r;
	if ((m = value_manifest(L, arg)) != NULL)
		return &m->ref;
	if ((c = value_config(L, arg)) != NULL)
		return &c->ref;
	if ((b = value_blob(L, arg)) != NULL)
		return &b->ref;
	if (lua_type(L, arg) != LUA_TSTRING) {
		vm_arg_error(L, arg, value_call_name(L),
		    "reference expected");
		return NULL;
	}
	s = lua_tolstring(L, arg, &n);
	r = value_push_reference(L);
	if (strlen(s) != n || n > REFERENCE_MAX)
		error_set(&err, ERROR_INPUT, "invalid reference \"%.256s\"", s);
	else if (reference_parse(s, r, &err) == 0) {
		lua_replace(L, arg);
		return r;
	}
	memset(r, 0, sizeof(*r));
	snprintf(text, sizeof(text), "reference parsing failed: %s",
	    err.text);
	vm_arg_error(L, arg, value_call_name(L), text);
	return NULL;
}
