/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_encode.c - from Lua values to JSON; see json_value.h. Tables are read
 * raw: nothing of the script runs meanwhile, and no Lua error is raised.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/json.h"
#include "common/mem.h"
#include "worker/library/json_value.h"

#define PLACE_MAX 256

struct encoder {
	lua_State *L;
	const struct worker *w;
	const struct json_form *form;
	struct buffer *out;
	struct buffer place;	/* of the value, for errors; cut */
	const void *above[JSON_DEPTH_MAX];	/* the tables around it */
	int depth;
	struct error *err;
};

/* A member's text, name and all, in out. */
struct member {
	const char *key;	/* Lua's */
	size_t len, at, n;
};

static int encode(struct encoder *e, int index);

static int
fail(const struct encoder *e, enum error_kind kind, const char *what)
{
	return error_set(e->err, kind, "%s %s", e->place.len > 0 ?
	    buffer_str(&e->place) : "it", what);
}

static int
full(const struct encoder *e)
{
	return error_set(e->err, ERROR_LIMIT, "it is larger than %zu bytes as "
	    "JSON, which is the limit", e->out->max);
}

static int
put(const struct encoder *e, const char *text)
{
	return buffer_puts(e->out, text) == 0 ? 0 : full(e);
}

/* A few tables that name each other many times are much to write, and Lua does
 * not look at the time meanwhile. */
static int
in_time(const struct encoder *e)
{
	return e->w != NULL ? worker_check(e->w, e->err) : 0;
}

static int
encode_number(const struct encoder *e, int index)
{
	char text[64];
	lua_Number d;

	if (lua_isinteger(e->L, index)) {
		snprintf(text, sizeof(text), "%lld",
		    (long long)lua_tointeger(e->L, index));
		return put(e, text);
	}
	d = lua_tonumber(e->L, index);
	if (!isfinite(d))
		return fail(e, ERROR_INPUT, "is not a finite number, and JSON "
		    "has no other");
	/* As scripts see it: 10 / 2 is 5. */
	if (fabs(d) < 1e15 && d == trunc(d))
		snprintf(text, sizeof(text), "%.0f", d == 0 ? 0 : d);
	else
		for (int digits = 15; digits <= 17; digits++) {
			snprintf(text, sizeof(text), "%.*g", digits, d);
			if (strtod(text, NULL) == d)
				break;
		}
	return put(e, text);
}

/* The length that the script tells: of a table at [0], or by its metatable.
 * -1 when it tells none. */
static lua_Integer
told_length(const struct encoder *e, int index)
{
	lua_State *L = e->L;
	lua_Integer n = -1;

	if (e->form == NULL)
		return -1;
	lua_pushinteger(L, 0);
	lua_rawget(L, index);
	if (lua_isinteger(L, -1))
		n = lua_tointeger(L, -1);
	lua_pop(L, 1);
	if (n < 0 && lua_getmetatable(L, index)) {
		lua_getfield(L, LUA_REGISTRYINDEX, JSON_ARRAY);
		if (lua_rawequal(L, -1, -2))
			n = (lua_Integer)lua_rawlen(L, index);
		lua_pop(L, 2);
	}
	return n;
}

/* 1 when the keys are 1 to *n, 0 when all are names. */
static int
is_array(struct encoder *e, int index, size_t *n)
{
	lua_State *L = e->L;
	lua_Integer told = told_length(e, index);
	size_t numbers = 0, names = 0;

	*n = told >= 0 ? (size_t)told : lua_rawlen(L, index);
	lua_pushnil(L);
	while (lua_next(L, index)) {
		if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
		    (lua_Unsigned)lua_tointeger(L, -2) <= *n)
			numbers++;
		else if (lua_type(L, -2) == LUA_TSTRING)
			names++;
		else if (told < 0 || !lua_isinteger(L, -2) ||
		    lua_tointeger(L, -2) != 0) {
			lua_pop(L, 2);
			return fail(e, ERROR_INPUT, "has a key that is neither "
			    "a name nor a place in a list without gaps");
		}
		lua_pop(L, 1);
	}
	if ((numbers > 0 || told >= 0) && names > 0)
		return fail(e, ERROR_INPUT, "is both a list and a table with "
		    "names, and JSON has only one or the other");
	if (told < 0 && numbers > 0 && numbers != *n)
		return fail(e, ERROR_INPUT, "is a list with gaps");
	return told >= 0 || numbers > 0 || (names == 0 && e->form == NULL);
}

static int
encode_array(struct encoder *e, int index, size_t n)
{
	size_t place = e->place.len;
	int result = put(e, "[");

	for (size_t i = 1; result == 0 && i <= n; i++) {
		if (i > 1 && put(e, ",") == -1)
			return -1;
		(void)buffer_printf(&e->place, "[%zu]", i);
		lua_rawgeti(e->L, index, (lua_Integer)i);
		result = encode(e, lua_gettop(e->L));
		lua_pop(e->L, 1);
		if (result == 0)
			e->place.len = place;
	}
	return result == 0 ? put(e, "]") : -1;
}

static int
compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = memcmp(x->key, y->key, x->len < y->len ? x->len : y->len);

	return order != 0 ? order : x->len < y->len ? -1 : x->len > y->len;
}

static int
encode_member(struct encoder *e, struct member *m)
{
	lua_State *L = e->L;
	size_t place = e->place.len;

	m->key = lua_tolstring(L, -2, &m->len);
	m->at = e->out->len;
	if (json_write_string(e->out, m->key, m->len, 0) == -1 ||
	    buffer_putc(e->out, ':') == -1)
		return full(e);
	(void)buffer_printf(&e->place, "%s%.64s", place > 0 ? "." : "",
	    m->key);
	if (encode(e, lua_gettop(L)) == -1)
		return -1;
	e->place.len = place;
	m->n = e->out->len - m->at;
	return 0;
}

/* The members are in out from start on: puts them in order. */
static int
sort_members(struct encoder *e, struct member *list, size_t n, size_t start)
{
	char *text;
	int result = 0;

	if (n < 2)
		return 0;
	if (in_time(e) == -1)
		return -1;
	text = mem_strndup(e->out->data + start, e->out->len - start);
	qsort(list, n, sizeof(*list), compare);
	e->out->len = start;
	for (size_t i = 0; i < n && result == 0; i++)
		if ((i > 0 && buffer_putc(e->out, ',') == -1) ||
		    buffer_put(e->out, text + (list[i].at - start),
		    list[i].n) == -1)
			result = full(e);
	free(text);
	return result;
}

static int
encode_object(struct encoder *e, int index)
{
	lua_State *L = e->L;
	struct member *list = NULL;
	size_t n = 0, room = 0, start;
	int result = put(e, "{");

	start = e->out->len;
	lua_pushnil(L);
	while (result == 0 && lua_next(L, index)) {
		if (n == room) {
			room = room == 0 ? 8 : room * 2;
			list = mem_resize(list, room, sizeof(*list));
		}
		result = encode_member(e, &list[n++]);
		lua_pop(L, 1);
	}
	if (result == 0)
		result = sort_members(e, list, n, start);
	else
		lua_pop(L, 1);
	free(list);
	return result == 0 ? put(e, "}") : -1;
}

static int
encode_table(struct encoder *e, int index)
{
	const void *self = lua_topointer(e->L, index);
	int array, result;
	size_t n;

	for (int i = 0; i < e->depth; i++)
		if (e->above[i] == self)
			return fail(e, ERROR_INPUT, "contains itself");
	if (e->depth == JSON_DEPTH_MAX || !lua_checkstack(e->L, 8))
		return error_set(e->err, ERROR_LIMIT, "it is nested deeper "
		    "than %d levels", JSON_DEPTH_MAX);
	if (in_time(e) == -1 || (array = is_array(e, index, &n)) == -1)
		return -1;
	e->above[e->depth++] = self;
	result = array ? encode_array(e, index, n) : encode_object(e, index);
	e->depth--;
	return result;
}

static bool
is_null(const struct encoder *e, int index)
{
	bool null;

	json_push_null(e->L);
	null = lua_rawequal(e->L, -1, index);
	lua_pop(e->L, 1);
	return null || lua_isnil(e->L, index) || (e->form != NULL &&
	    e->form->null != 0 && lua_rawequal(e->L, e->form->null, index));
}

static int
encode(struct encoder *e, int index)
{
	char what[96];
	const char *s;
	size_t n;

	if (is_null(e, index))
		return put(e, "null");
	switch (lua_type(e->L, index)) {
	case LUA_TBOOLEAN:
		return put(e, lua_toboolean(e->L, index) ? "true" : "false");
	case LUA_TNUMBER:
		return encode_number(e, index);
	case LUA_TSTRING:
		s = lua_tolstring(e->L, index, &n);
		return json_write_string(e->out, s, n, 0) == 0 ? 0 : full(e);
	case LUA_TTABLE:
		return encode_table(e, index);
	default:
		snprintf(what, sizeof(what), "is a %s, which JSON cannot hold: "
		    "tostring() gives its text", lua_typename(e->L,
		    lua_type(e->L, index)));
		return fail(e, ERROR_INPUT, what);
	}
}

int
json_encode(lua_State *L, int index, const struct json_form *form,
    const struct worker *w, struct buffer *out, struct error *err)
{
	struct encoder e = { .L = L, .w = w, .form = form, .out = out,
	    .err = err };
	int top = lua_gettop(L), result;

	if (!lua_checkstack(L, 8))
		return error_set(err, ERROR_LIMIT, "there is no room on the "
		    "stack");
	buffer_init(&e.place, PLACE_MAX);
	result = encode(&e, lua_absindex(L, index));
	buffer_free(&e.place);
	lua_settop(L, top);
	return result;
}
