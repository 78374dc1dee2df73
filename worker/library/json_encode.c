/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_encode.c - Lua values become JSON, always the same for the same values:
 * keys are sorted. Nothing of a script runs meanwhile: tables are read raw.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "common/bounds.h"
#include "common/json.h"
#include "worker/library/json_lua.h"
#include "worker/lua/number.h"
#include "worker/lua/owned.h"
#include "worker/lua/vm.h"

struct json_writer {
	struct buffer out;
	int depth;
};

struct json_key {
	const char *s;
	size_t n;
};

static void write_value(lua_State *L, struct json_writer *w);

static void
release(void *writer)
{
	buffer_free(&((struct json_writer *)writer)->out);
}

static int
fail(lua_State *L, const char *why)
{
	return vm_raise(L, "Failed encoding JSON: %s", why);
}

static void
check_put(lua_State *L, int rv)
{
	char text[64];

	if (rv == 0)
		return;
	snprintf(text, sizeof(text), "it is larger than %u bytes",
	    JSON_BYTES_MAX);
	fail(L, text);
}

/* The number at the top. */
static void
write_number(lua_State *L, struct json_writer *w)
{
	char text[NUMBER_TEXT_MAX];
	lua_Number n = lua_tonumber(L, -1);

	if (lua_isinteger(L, -1))
		snprintf(text, sizeof(text), "%" PRId64,
		    (int64_t)lua_tointeger(L, -1));
	else if (!isfinite(n))
		fail(L, "NaN and Infinity are not numbers in JSON");
	else
		number_text(n, text);
	check_put(L, buffer_puts(&w->out, text));
}

static void
write_string(lua_State *L, struct json_writer *w)
{
	size_t n;
	const char *s = lua_tolstring(L, -1, &n);

	check_put(L, json_write_string(&w->out, s, n, 0));
}

/* How many items the table at the top has as an array: its [0], as lunajson
 * has it; what comes first without a gap; -1 when it is an object. */
static lua_Integer
array_length(lua_State *L)
{
	lua_Integer n = -1;

	if (lua_rawgeti(L, -1, 0) == LUA_TNUMBER)
		n = lua_tointeger(L, -1);
	lua_pop(L, 1);
	if (n >= 0)
		return n;
	if (lua_getmetatable(L, -1)) {
		luaL_getmetatable(L, JSON_ARRAY);
		if (lua_rawequal(L, -1, -2))
			n = (lua_Integer)lua_rawlen(L, -3);
		lua_pop(L, 2);
	}
	if (n >= 0)
		return n;
	if (lua_rawgeti(L, -1, 1) != LUA_TNIL)
		n = (lua_Integer)lua_rawlen(L, -2);
	lua_pop(L, 1);
	return n;
}

/* An array has only its items: no key is dropped in silence. */
static void
check_array(lua_State *L, lua_Integer n)
{
	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_Integer i = lua_tointeger(L, -2);

		if (!lua_isinteger(L, -2) || i < 0 || i > n)
			fail(L, "a table is both an array and an object");
		lua_pop(L, 1);
	}
}

static void
write_array(lua_State *L, struct json_writer *w, lua_Integer n)
{
	check_array(L, n);
	check_put(L, buffer_putc(&w->out, '['));
	for (lua_Integer i = 1; i <= n; i++) {
		if (i > 1)
			check_put(L, buffer_putc(&w->out, ','));
		lua_rawgeti(L, -1, i);
		write_value(L, w);
		lua_pop(L, 1);
	}
	check_put(L, buffer_putc(&w->out, ']'));
}

static int
key_order(const void *a, const void *b)
{
	const struct json_key *x = a, *y = b;
	int rv = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);

	return rv != 0 ? rv : x->n < y->n ? -1 : x->n > y->n;
}

/* Pushes the sorted keys of the table at the top. They are the table's own
 * strings, which stay as long as nothing changes it. */
static struct json_key *
push_keys(lua_State *L, size_t *count)
{
	struct json_key *keys;
	size_t n = 0;

	lua_pushnil(L);
	while (lua_next(L, -2)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			fail(L, "a key of an object is not a string");
		lua_pop(L, 1);
		n++;
	}
	keys = lua_newuserdata(L, (n + 1) * sizeof(*keys));
	*count = n;
	n = 0;
	lua_pushnil(L);
	while (lua_next(L, -3)) {
		keys[n].s = lua_tolstring(L, -2, &keys[n].n);
		lua_pop(L, 1);
		n++;
	}
	qsort(keys, n, sizeof(*keys), key_order);
	return keys;
}

static void
write_object(lua_State *L, struct json_writer *w)
{
	size_t n;
	struct json_key *keys = push_keys(L, &n);

	check_put(L, buffer_putc(&w->out, '{'));
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			check_put(L, buffer_putc(&w->out, ','));
		lua_pushlstring(L, keys[i].s, keys[i].n);
		write_string(L, w);
		check_put(L, buffer_putc(&w->out, ':'));
		lua_rawget(L, -3);
		write_value(L, w);
		lua_pop(L, 1);
	}
	check_put(L, buffer_putc(&w->out, '}'));
	lua_pop(L, 1);
}

static void
write_table(lua_State *L, struct json_writer *w)
{
	char text[80];
	lua_Integer n;

	/* An empty table at the bottom is no level of its own: as in decode. */
	if (++w->depth > JSON_DEPTH_MAX + 1) {
		snprintf(text, sizeof(text), "it is nested deeper than %d "
		    "levels, or in a circle", JSON_DEPTH_MAX);
		fail(L, text);
	}
	luaL_checkstack(L, 10, NULL);
	n = array_length(L);
	if (n >= 0)
		write_array(L, w, n);
	else
		write_object(L, w);
	w->depth--;
}

/* The value at the top, which stays. Index 2 is what else means null. */
static void
write_value(lua_State *L, struct json_writer *w)
{
	char text[80];
	bool null;

	json_lua_push_null(L);
	null = lua_rawequal(L, -1, -2) || lua_isnil(L, -2) ||
	    (!lua_isnil(L, 2) && lua_rawequal(L, 2, -2));
	lua_pop(L, 1);
	if (null) {
		check_put(L, buffer_puts(&w->out, "null"));
		return;
	}
	switch (lua_type(L, -1)) {
	case LUA_TBOOLEAN:
		check_put(L, buffer_puts(&w->out, lua_toboolean(L, -1) ?
		    "true" : "false"));
		break;
	case LUA_TNUMBER:
		write_number(L, w);
		break;
	case LUA_TSTRING:
		write_string(L, w);
		break;
	case LUA_TTABLE:
		write_table(L, w);
		break;
	default:
		snprintf(text, sizeof(text), "a %s has no form in it",
		    luaL_typename(L, -1));
		fail(L, text);
	}
}

/* encode(value [, null]): the text. */
int
json_encode(lua_State *L)
{
	struct json_writer *w;

	lua_settop(L, 2);
	w = owned_push(L, sizeof(*w), OWNED_PLAIN, release);
	buffer_init(&w->out, JSON_BYTES_MAX);
	lua_pushvalue(L, 1);
	write_value(L, w);
	lua_pushlstring(L, buffer_str(&w->out), w->out.len);
	buffer_free(&w->out);
	return 1;
}
