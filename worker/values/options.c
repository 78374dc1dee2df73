/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - reads a table of options, and tells what is odd in it. */
#include "worker/values/options.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/bounds.h"
#include "common/words/nearest.h"
#include "worker/lua/vm.h"

static const struct {
	const char *expected;
	int type;		/* in Lua */
} types[] = {
	[OPTION_BOOL] = { "true or false", LUA_TBOOLEAN },
	[OPTION_COUNT] = { "a number", LUA_TNUMBER },
	[OPTION_TEXT] = { "a string", LUA_TSTRING },
	[OPTION_TEXTS] = { "a list of strings such as {\"a\", \"b\"}",
	    LUA_TTABLE },
};

static const struct option *
find(const struct option *options, const char *key)
{
	while (options->key != NULL && strcmp(options->key, key) != 0)
		options++;
	return options->key != NULL ? options : NULL;
}

static void
warn_unknown(lua_State *L, const char *function, const char *key,
    const struct option *options)
{
	const char *nearest = nearest_word(key, options, sizeof(*options));

	vm_warn(L, "%s has no option \"%.64s\", it is ignored%s%s%s",
	    function, key, nearest != NULL ? "; did you mean \"" : "",
	    nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
}

/* Warns of keys that are not known; the table is at index t. */
static void
check_keys(lua_State *L, int t, const char *function,
    const struct option *options)
{
	lua_pushnil(L);
	while (lua_next(L, t)) {
		const char *key;

		lua_pop(L, 1);
		if (lua_type(L, -1) != LUA_TSTRING) {
			vm_warn(L, "the options of %s have a value without a "
			    "name, it is ignored; expected {%s = ...}",
			    function, options->key);
			continue;
		}
		key = lua_tostring(L, -1);
		if (find(options, key) == NULL)
			warn_unknown(L, function, key, options);
	}
}

/* The list is at the top, and its array takes its place there. */
static void
read_texts(lua_State *L, const char *function, const struct option *o,
    struct option_texts *out)
{
	int list = lua_gettop(L);
	size_t n = lua_rawlen(L, list);

	if (n > OPTION_TEXTS_MAX)
		vm_raise(L, "option \"%s\" of %s has more than %d entries",
		    o->key, function, OPTION_TEXTS_MAX);
	out->list = NULL;	/* instead of a default */
	out->n = 0;
	if (n == 0) {
		lua_pushnil(L);
		if (lua_next(L, list))
			vm_warn(L, "option \"%s\" of %s is a table without a "
			    "list, expected %s; it is ignored", o->key,
			    function, types[o->type].expected);
		lua_settop(L, list);
		return;
	}
	out->list = lua_newuserdata(L, n * sizeof(char *));
	out->n = n;
	for (size_t i = 0; i < n; i++) {
		int type = lua_rawgeti(L, list, (lua_Integer)i + 1);

		out->list[i] = type == LUA_TSTRING ?
		    (char *)lua_tostring(L, -1) : (char *)"";
		if (type != LUA_TSTRING)
			vm_warn(L, "entry %zu of option \"%s\" of %s is a "
			    "%s, expected a string; it counts as empty",
			    i + 1, o->key, function, lua_typename(L, type));
		lua_pop(L, 1);
	}
	lua_remove(L, list);
}

/* The value is at the top, and has the type. */
static void
read_value(lua_State *L, const char *function, const struct option *o,
    void *where)
{
	lua_Number n;

	switch (o->type) {
	case OPTION_BOOL:
		*(bool *)where = lua_toboolean(L, -1);
		break;
	case OPTION_COUNT:
		n = lua_tonumber(L, -1);
		*(int64_t *)where = n > 0 && n < 9e15 ? (int64_t)n : 0;
		break;
	case OPTION_TEXT:
		*(const char **)where = lua_tostring(L, -1);
		break;
	case OPTION_TEXTS:
		read_texts(L, function, o, where);
		break;
	}
}

void
options_read(lua_State *L, int arg, const char *function,
    const struct option *options, void *out)
{
	int type;

	check_keys(L, arg, function, options);
	for (const struct option *o = options; o->key != NULL; o++) {
		lua_pushstring(L, o->key);
		type = lua_rawget(L, arg);
		if (type == types[o->type].type) {
			read_value(L, function, o, (char *)out + o->offset);
			if (o->type == OPTION_TEXTS)
				continue;	/* the array stays */
		} else if (type != LUA_TNIL)
			vm_warn(L, "option \"%s\" of %s is a %s, expected %s; "
			    "it is ignored", o->key, function,
			    lua_typename(L, type), types[o->type].expected);
		lua_pop(L, 1);
	}
}

void
options_ignored(lua_State *L, int arg, const char *function)
{
	vm_warn(L, "the options of %s are a %s, expected a table such as {key "
	    "= value}; they are ignored", function,
	    lua_typename(L, lua_type(L, arg)));
}
