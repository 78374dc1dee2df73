/* SPDX-License-Identifier: Apache-2.0 */
/* shape_push.c - from JSON to Lua tables; see shape.h. */
#include <stdint.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/bounds.h"
#include "common/text.h"
#include "worker/lua/shape.h"
#include "worker/oci/manifest_private.h"

const char shape_nothing;

static void
push_string(lua_State *L, json_object *v)
{
	if (v == NULL)
		lua_pushliteral(L, "");
	else
		lua_pushlstring(L, json_object_get_string(v),
		    (size_t)json_object_get_string_len(v));
}

static void
push_time(lua_State *L, json_object *v)
{
	char text[GOTIME_MAX];

	if (v == NULL || gotime(json_object_get_string(v), text) == -1)
		lua_pushnil(L);
	else
		lua_pushstring(L, text);
}

/*
 * The decoded bytes go through a Lua string, which the collector owns: an
 * error while the table grows must not leak a buffer.
 */
static void
push_bytes(lua_State *L, json_object *v)
{
	struct buffer b;
	const unsigned char *p;
	size_t n, i;
	void *room;

	lua_newtable(L);
	if (v == NULL)
		return;
	n = (size_t)json_object_get_string_len(v);
	room = lua_newuserdata(L, n + 1);
	buffer_init(&b, JSON_BYTES_MAX);
	if (text_base64_decode(&b, json_object_get_string(v), n) == -1)
		buffer_clear(&b);
	n = b.len;
	memcpy(room, buffer_str(&b), n);
	buffer_free(&b);
	p = room;
	for (i = 0; i < n; i++) {
		lua_pushinteger(L, p[i]);
		lua_rawseti(L, -3, (lua_Integer)i + 1);
	}
	lua_pop(L, 1);
}

/* The table at the top came from o. */
static void
mark(lua_State *L, json_object *o, int origins)
{
	if (origins == 0)
		return;
	lua_pushvalue(L, -1);
	lua_pushlightuserdata(L, o != NULL ? (void *)o :
	    (void *)(uintptr_t)&shape_nothing);
	lua_rawset(L, origins);
}

static void
push_list(lua_State *L, const struct shape_field *f, json_object *v,
    int origins)
{
	size_t i, n = v != NULL ? json_object_array_length(v) : 0;

	lua_createtable(L, (int)n, 0);
	for (i = 0; i < n; i++) {
		json_object *o = json_object_array_get_idx(v, i);

		if (f->kind == SHAPE_STRINGS)
			push_string(L, o);
		else
			shape_push(L, f->of, o, origins);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

static void
push_map(lua_State *L, const struct shape_field *f, json_object *v)
{
	lua_newtable(L);
	if (v == NULL)
		return;
	json_object_object_foreach(v, key, value) {
		if (f->kind == SHAPE_SET)
			lua_pushboolean(L, 1);
		else
			push_string(L, value);
		lua_setfield(L, -2, key);
	}
}

void
shape_push_field(lua_State *L, const struct shape_field *f, json_object *v,
    int origins)
{
	if (v == NULL && (f->flags & SHAPE_POINTER)) {
		lua_pushnil(L);
		return;
	}
	switch (f->kind) {
	case SHAPE_STRING:
		push_string(L, v);
		break;
	case SHAPE_INT:
		lua_pushinteger(L, v == NULL ? 0 :
		    (lua_Integer)json_object_get_int64(v));
		break;
	case SHAPE_BOOL:
		lua_pushboolean(L, v != NULL && json_object_get_boolean(v));
		break;
	case SHAPE_BYTES:
		push_bytes(L, v);
		break;
	case SHAPE_TIME:
		push_time(L, v);
		break;
	case SHAPE_STRUCT:
		shape_push(L, f->of, v, origins);
		break;
	case SHAPE_STRUCTS:
	case SHAPE_STRINGS:
		push_list(L, f, v, origins);
		break;
	case SHAPE_MAP:
	case SHAPE_SET:
		push_map(L, f, v);
		break;
	}
	if (lua_istable(L, -1) && f->kind != SHAPE_STRUCT)
		mark(L, v, origins);
}

void
shape_push(lua_State *L, const struct shape *s, json_object *o, int origins)
{
	const struct shape_field *f;
	json_object *v;

	luaL_checkstack(L, 10, NULL);
	lua_newtable(L);
	mark(L, o, origins);
	for (f = s->fields; f->go != NULL; f++) {
		v = NULL;
		if (f->flags & SHAPE_EMBEDDED)
			v = o;
		else if (o != NULL && !(f->flags & SHAPE_LUA_ONLY))
			json_object_object_get_ex(o, f->json != NULL ?
			    f->json : f->go, &v);
		shape_push_field(L, f, v, origins);
		if (f->json != NULL) {
			lua_pushvalue(L, -1);
			lua_setfield(L, -3, f->json);
		}
		lua_setfield(L, -2, f->go);
	}
}
