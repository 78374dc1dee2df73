/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape_export.c - from Lua tables back to JSON; see shape.h. Whatever is
 * built hangs from a root that a userdata owns before it is filled, so that a
 * Lua error on the way leaves nothing behind.
 */
#include <stdint.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "common/text.h"
#include "worker/lua/owned.h"
#include "worker/lua/shape.h"
#include "worker/oci/manifest_private.h"

/* One struct under way. */
struct level {
	const struct shape *shape;
	int table;		/* stack index, 0 when there is none */
	int origins;
	json_object *own;	/* where this very table came from, or NULL */
	json_object *place;	/* what stood at its position, or NULL */
	json_object *out;
};

static void fill_struct(lua_State *L, const struct level *l);

static void
box_release(void *box)
{
	json_object_put(*(json_object **)box);
}

static json_object *
box_push(lua_State *L)
{
	json_object **box = owned_push(L, sizeof(*box), OWNED_PLAIN,
	    box_release);

	*box = json_object_new_object();
	return *box;
}

static json_object *
member(json_object *o, const char *key)
{
	json_object *v = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, key, &v);
	return v;
}

static json_object *
element(json_object *o, size_t i)
{
	if (!json_object_is_type(o, json_type_array) ||
	    i >= json_object_array_length(o))
		return NULL;
	return json_object_array_get_idx(o, i);
}

/* A string, or a number as a script would print it; else "". */
static json_object *
string_value(lua_State *L, int index)
{
	json_object *v;
	const char *s;
	size_t n;

	if (lua_isinteger(L, index) || lua_type(L, index) != LUA_TNUMBER)
		lua_pushvalue(L, index);
	else {
		lua_Number d = lua_tonumber(L, index);

		if (d >= -9e15 && d <= 9e15 && d == (lua_Number)(long long)d)
			lua_pushinteger(L, (lua_Integer)d);
		else
			lua_pushvalue(L, index);
	}
	if (lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER)
		s = lua_tolstring(L, -1, &n);
	else {
		s = "";
		n = 0;
	}
	v = json_object_new_string_len(s, (int)n);
	lua_pop(L, 1);
	return v;
}

static json_object *
int_value(lua_State *L, int index)
{
	lua_Number d;

	if (lua_isinteger(L, index))
		return json_object_new_int64(lua_tointeger(L, index));
	if (lua_type(L, index) != LUA_TNUMBER)
		return json_object_new_int64(0);
	d = lua_tonumber(L, index);
	return json_object_new_int64(d > -9.2e18 && d < 9.2e18 ?
	    (int64_t)d : 0);
}

static json_object *
bytes_value(lua_State *L, int index)
{
	struct buffer raw, text;
	json_object *v;
	size_t i, n = lua_rawlen(L, index);

	if (n > JSON_BYTES_MAX)
		luaL_error(L, "a list of more than %d bytes",
		    (int)JSON_BYTES_MAX);
	buffer_init(&raw, 0);
	buffer_init(&text, 0);
	for (i = 1; i <= n; i++) {
		lua_rawgeti(L, index, (lua_Integer)i);
		buffer_putc(&raw, (char)lua_tointeger(L, -1));
		lua_pop(L, 1);
	}
	text_base64(&text, buffer_str(&raw), raw.len);
	v = json_object_new_string_len(buffer_str(&text), (int)text.len);
	buffer_free(&raw);
	buffer_free(&text);
	return v;
}

/* Times cannot be set: the one that was there stays, nil drops it. */
static json_object *
time_value(lua_State *L, int index, const struct level *l, const char *key)
{
	json_object *v;

	if (lua_isnil(L, index))
		return NULL;
	if ((v = member(l->own, key)) == NULL)
		v = member(l->place, key);
	if (json_object_is_type(v, json_type_string))
		return json_object_get(v);
	return json_object_new_string("0001-01-01T00:00:00Z");
}

static void
fill_map(lua_State *L, const struct shape_field *f, int index,
    json_object *orig, json_object *out)
{
	lua_pushnil(L);
	while (lua_next(L, index)) {
		if (lua_type(L, -2) == LUA_TSTRING) {
			const char *key = lua_tostring(L, -2);

			if (f->kind == SHAPE_MAP)
				json_object_object_add(out, key,
				    string_value(L, lua_gettop(L)));
			else if (lua_toboolean(L, -1))
				json_object_object_add(out, key,
				    json_object_new_object());
		}
		lua_pop(L, 1);
	}
	shape_order(NULL, orig, out);
}

static json_object *
origin(lua_State *L, int table, int origins)
{
	json_object *o;

	if (table == 0 || origins == 0)
		return NULL;
	lua_pushvalue(L, table);
	lua_rawget(L, origins);
	o = lua_touserdata(L, -1);
	lua_pop(L, 1);
	return (void *)o != (void *)(uintptr_t)&shape_nothing ? o : NULL;
}

static void
fill_list(lua_State *L, const struct level *l, const struct shape_field *f,
    int index, json_object *place, json_object *out)
{
	size_t i, n = lua_rawlen(L, index);

	if (n > JSON_CONTAINERS_MAX)
		luaL_error(L, "a list of more than %d entries",
		    (int)JSON_CONTAINERS_MAX);
	for (i = 0; i < n; i++) {
		lua_rawgeti(L, index, (lua_Integer)i + 1);
		if (f->kind == SHAPE_STRINGS)
			json_object_array_add(out,
			    string_value(L, lua_gettop(L)));
		else {
			int t = lua_istable(L, -1) ? lua_gettop(L) : 0;
			struct level sub = { f->of, t, l->origins,
			    origin(L, t, l->origins), element(place, i),
			    json_object_new_object() };

			json_object_array_add(out, sub.out);
			fill_struct(L, &sub);
		}
		lua_pop(L, 1);
	}
}

static bool
is_zero(json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_string:
		return json_object_get_string_len(v) == 0;
	case json_type_int:
		return json_object_get_int64(v) == 0;
	case json_type_boolean:
		return !json_object_get_boolean(v);
	case json_type_array:
		return json_object_array_length(v) == 0;
	case json_type_object:
		return json_object_object_length(v) == 0;
	default:
		return true;
	}
}

/* Scalars; the value is at the top of the stack. */
static json_object *
scalar(lua_State *L, const struct level *l, const struct shape_field *f,
    const char *key)
{
	int top = lua_gettop(L);

	switch (f->kind) {
	case SHAPE_STRING:
		return string_value(L, top);
	case SHAPE_INT:
		return int_value(L, top);
	case SHAPE_BOOL:
		return json_object_new_boolean(lua_isboolean(L, top) &&
		    lua_toboolean(L, top));
	case SHAPE_BYTES:
		return lua_istable(L, top) ? bytes_value(L, top) :
		    json_object_new_string("");
	case SHAPE_TIME:
		return time_value(L, top, l, key);
	default:
		return NULL;
	}
}

/* Puts the field whose Lua value is at the top of the stack. */
static void
fill_field(lua_State *L, const struct level *l, const struct shape_field *f,
    const char *key)
{
	int top = lua_gettop(L), table = lua_istable(L, top) ? top : 0;
	json_object *v, *place;
	bool pointer = f->flags & SHAPE_POINTER;

	if (pointer && lua_isnil(L, top))
		return;
	place = member(l->own != NULL ? l->own : l->place, key);
	switch (f->kind) {
	case SHAPE_STRUCT:
		if (pointer && table == 0)
			return;
		v = json_object_new_object();
		json_object_object_add(l->out, key, v);
		fill_struct(L, &(struct level){ f->of, table, l->origins,
		    origin(L, table, l->origins), place, v });
		break;
	case SHAPE_STRUCTS:
	case SHAPE_STRINGS:
		v = json_object_new_array();
		json_object_object_add(l->out, key, v);
		if (table != 0)
			fill_list(L, l, f, table, place, v);
		break;
	case SHAPE_MAP:
	case SHAPE_SET:
		v = json_object_new_object();
		json_object_object_add(l->out, key, v);
		if (table != 0)
			fill_map(L, f, table, place, v);
		break;
	default:
		v = scalar(L, l, f, key);
		json_object_object_add(l->out, key, v);
		break;
	}
	if ((f->flags & SHAPE_OMIT) && !pointer && is_zero(v))
		json_object_object_del(l->out, key);
}

static bool
known(const struct shape *s, const char *key)
{
	const struct shape_field *f;

	for (f = s->fields; f->go != NULL; f++) {
		if (f->flags & SHAPE_EMBEDDED) {
			if (known(f->of, key))
				return true;
		} else if (strcmp(f->json != NULL ? f->json : f->go, key) ==
		    0)
			return true;
	}
	return false;
}

/* Is the value at the top what the field was made with? */
static bool
is_original(lua_State *L, const struct level *l, const struct shape_field *f,
    const char *key)
{
	json_object *v = member(l->own, key);
	const void *from;
	bool rv;

	if (lua_isnil(L, -1) && l->own == NULL)
		return true;
	if (!lua_istable(L, -1)) {
		shape_push_field(L, f, v, 0);
		rv = lua_rawequal(L, -1, -2);
		lua_pop(L, 1);
		return rv;
	}
	if (l->origins == 0)
		return false;
	lua_pushvalue(L, -1);
	lua_rawget(L, l->origins);
	from = lua_touserdata(L, -1);
	lua_pop(L, 1);
	return from == (v != NULL ? (const void *)v : &shape_nothing);
}

/* Pushes what the script made of the field, under either name. */
static void
push_value(lua_State *L, const struct level *l, const struct shape_field *f,
    const char *key)
{
	if (l->table == 0) {
		lua_pushnil(L);
		return;
	}
	lua_pushstring(L, key);
	lua_rawget(L, l->table);
	if (f->json == NULL)
		return;
	lua_pushstring(L, f->go);
	lua_rawget(L, l->table);
	lua_insert(L, -2);
	if (!lua_rawequal(L, -1, -2) && is_original(L, l, f, key))
		lua_pop(L, 1);
	else
		lua_remove(L, -2);
}

static void
fill_known(lua_State *L, const struct level *l)
{
	const struct shape_field *f;

	luaL_checkstack(L, 10, NULL);
	for (f = l->shape->fields; f->go != NULL; f++) {
		const char *key = f->json != NULL ? f->json : f->go;

		if (f->flags & SHAPE_LUA_ONLY)
			continue;
		push_value(L, l, f, key);
		if (f->flags & SHAPE_EMBEDDED)
			fill_known(L, &(struct level){ f->of,
			    lua_istable(L, -1) ? lua_gettop(L) : 0,
			    l->origins, l->own, l->place, l->out });
		else
			fill_field(L, l, f, key);
		lua_pop(L, 1);
	}
}

static void
fill_struct(lua_State *L, const struct level *l)
{
	fill_known(L, l);
	if (!json_object_is_type(l->own, json_type_object))
		return;
	json_object_object_foreach(l->own, key, value) {
		if (!known(l->shape, key))
			json_object_object_add(l->out, key,
			    json_object_get(value));
	}
	shape_order(l->shape, l->own, l->out);
}

json_object *
shape_export(lua_State *L, const struct shape *s, int index, int origins,
    json_object *orig)
{
	struct level l;

	index = lua_absindex(L, index);
	if (origins != 0)
		origins = lua_absindex(L, origins);
	l = (struct level){ s, index, origins, orig, orig, box_push(L) };
	fill_struct(L, &l);
	return l.out;
}
