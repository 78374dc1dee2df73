/* SPDX-License-Identifier: Apache-2.0 */
/*
 * semver.c - the module semver: versions as objects; lists of them are in
 * semver_list.c. What semver.lua offers works the same: semver("1.2.3"),
 * semver(1, 2, 3), fields, operators, nextMajor and so on.
 */
#include <string.h>

#include <lauxlib.h>

#include "worker/library/library.h"
#include "worker/library/semver_list.h"
#include "worker/lua/vm.h"

#define SEMVER_OBJECT "regbot.version"

/* A part from a field or an argument: whole and not negative. */
static bool
take_part(lua_State *L, int index, uint64_t *out)
{
	lua_Number n = lua_tonumber(L, index);

	if (lua_type(L, index) != LUA_TNUMBER || !(n >= 0 && n < 1e15) ||
	    n != (lua_Number)(uint64_t)n)
		return false;
	*out = (uint64_t)n;
	return true;
}

/* A suffix, nil for none. */
static bool
take_suffix(lua_State *L, int index, const char **out, size_t *n)
{
	*out = NULL;
	*n = 0;
	if (lua_isnoneornil(L, index))
		return true;
	if (lua_type(L, index) != LUA_TSTRING)
		return false;
	*out = lua_tolstring(L, index, n);
	return *n == 0 || version_valid_suffix(*out, *n);
}

static bool
take_object(lua_State *L, int index, struct version *v)
{
	static const char *const names[] = { "major", "minor", "patch" };
	bool ok = true;

	index = lua_absindex(L, index);
	memset(v, 0, sizeof(*v));
	v->parts = 3;
	for (int i = 0; i < 3; i++) {
		lua_pushstring(L, names[i]);
		lua_rawget(L, index);
		ok = take_part(L, -1, &v->part[i]) && ok;
		lua_pop(L, 1);
	}
	lua_pushliteral(L, "prerelease");
	lua_rawget(L, index);
	ok = take_suffix(L, -1, &v->pre, &v->npre) && ok;
	lua_pushliteral(L, "build");
	lua_rawget(L, index);
	ok = take_suffix(L, -1, &v->build, &v->nbuild) && ok;
	lua_pop(L, 2);
	return ok;
}

bool
library_version(lua_State *L, int index, struct version *v)
{
	const char *s;
	size_t n;

	if (lua_istable(L, index))
		return take_object(L, index, v);
	if (lua_type(L, index) != LUA_TSTRING)
		return false;
	s = lua_tolstring(L, index, &n);
	return version_parse(s, n, v) == 0;
}

static void
check_version(lua_State *L, int index, const char *name, struct version *v)
{
	if (!library_version(L, index, v))
		vm_arg_error(L, index, name, "version expected");
}

static void
set_suffix(lua_State *L, const char *name, const char *s, size_t n)
{
	if (n == 0)
		return;
	lua_pushlstring(L, s, n);
	lua_setfield(L, -2, name);
}

/* "1.2.3-alpha+build" */
static void
push_text(lua_State *L, const struct version *v)
{
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (int i = 0; i < 3; i++) {
		if (i > 0)
			luaL_addchar(&b, '.');
		lua_pushinteger(L, (lua_Integer)v->part[i]);
		luaL_addvalue(&b);
	}
	if (v->npre > 0) {
		luaL_addchar(&b, '-');
		luaL_addlstring(&b, v->pre, v->npre);
	}
	if (v->nbuild > 0) {
		luaL_addchar(&b, '+');
		luaL_addlstring(&b, v->build, v->nbuild);
	}
	luaL_pushresult(&b);
}

/* Pushes an object; text is the stack index of what it was read from, or 0. */
static int
push_version(lua_State *L, const struct version *v, int text)
{
	static const char *const names[] = { "major", "minor", "patch" };

	lua_createtable(L, 0, 6);
	for (int i = 0; i < 3; i++) {
		lua_pushinteger(L, (lua_Integer)v->part[i]);
		lua_setfield(L, -2, names[i]);
	}
	set_suffix(L, "prerelease", v->pre, v->npre);
	set_suffix(L, "build", v->build, v->nbuild);
	if (text != 0)
		lua_pushvalue(L, text);
	else
		push_text(L, v);
	lua_setfield(L, -2, "text");
	luaL_setmetatable(L, SEMVER_OBJECT);
	return 1;
}

static int
semver_parse(lua_State *L)
{
	struct version v;

	lua_settop(L, 1);
	if (lua_istable(L, 1) && take_object(L, 1, &v))
		return 1;
	if (lua_type(L, 1) == LUA_TSTRING && library_version(L, 1, &v))
		return push_version(L, &v, 1);
	lua_pushnil(L);
	return 1;
}

/* semver(text), semver(major [, minor [, patch [, prerelease [, build]]]]) */
static int
semver_call(lua_State *L)
{
	struct version v = { .parts = 3 };

	lua_remove(L, 1);
	if (lua_type(L, 1) == LUA_TSTRING) {
		if (!library_version(L, 1, &v))
			return vm_raise(L, "Could not extract version "
			    "number(s) from \"%s\"", lua_tostring(L, 1));
		return push_version(L, &v, 1);
	}
	for (int i = 0; i < 3; i++)
		if ((i == 0 || !lua_isnoneornil(L, i + 1)) &&
		    !take_part(L, i + 1, &v.part[i]))
			return vm_arg_error(L, i + 1, "semver",
			    i == 0 ? "version or whole number expected" :
			    "whole number expected");
	if (!take_suffix(L, 4, &v.pre, &v.npre))
		return vm_arg_error(L, 4, "semver", "pre-release expected");
	if (!take_suffix(L, 5, &v.build, &v.nbuild))
		return vm_arg_error(L, 5, "semver", "build expected");
	return push_version(L, &v, 0);
}

/* -1, 0 or 1; nil when one of them is no version. */
static int
semver_compare(lua_State *L)
{
	struct version a, b;
	int c;

	lua_settop(L, 2);
	if (!library_version(L, 1, &a) || !library_version(L, 2, &b)) {
		lua_pushnil(L);
		return 1;
	}
	c = version_compare(&a, &b);
	lua_pushinteger(L, c < 0 ? -1 : c > 0);
	return 1;
}

static int
version_order(lua_State *L)
{
	struct version a, b;

	check_version(L, 1, "semver.compare", &a);
	check_version(L, 2, "semver.compare", &b);
	return version_compare(&a, &b);
}

static int
version_eq(lua_State *L)
{
	lua_pushboolean(L, version_order(L) == 0);
	return 1;
}

static int
version_lt(lua_State *L)
{
	lua_pushboolean(L, version_order(L) < 0);
	return 1;
}

static int
version_le(lua_State *L)
{
	lua_pushboolean(L, version_order(L) <= 0);
	return 1;
}

/* a ^ b: whether b can replace a. */
static int
version_pow(lua_State *L)
{
	struct version a, b;

	check_version(L, 1, "semver", &a);
	check_version(L, 2, "semver", &b);
	lua_pushboolean(L, a.part[0] == b.part[0] && (a.part[0] != 0 ?
	    a.part[1] <= b.part[1] : version_compare(&a, &b) == 0));
	return 1;
}

static int
version_tostring(lua_State *L)
{
	struct version v;

	check_version(L, 1, "tostring", &v);
	push_text(L, &v);
	return 1;
}

/* Upvalue 2: the part that is counted up. */
static int
version_next(lua_State *L)
{
	int i = (int)lua_tointeger(L, lua_upvalueindex(2));
	struct version v;

	check_version(L, 1, vm_function_name(L), &v);
	v.part[i]++;
	while (++i < 3)
		v.part[i] = 0;
	v.npre = v.nbuild = 0;
	return push_version(L, &v, 0);
}

static void
set_next(lua_State *L, const char *name, int part)
{
	lua_pushfstring(L, "semver.%s", name);
	lua_pushinteger(L, part);
	lua_pushcclosure(L, version_next, 2);
	lua_setfield(L, -2, name);
}

static void
open_versions(lua_State *L)
{
	static const luaL_Reg operators[] = {
		{ "__eq", version_eq }, { "__lt", version_lt },
		{ "__le", version_le }, { "__pow", version_pow },
		{ "__tostring", version_tostring }, { NULL, NULL }
	};

	luaL_newmetatable(L, SEMVER_OBJECT);
	luaL_setfuncs(L, operators, 0);
	lua_newtable(L);
	set_next(L, "nextMajor", 0);
	set_next(L, "nextMinor", 1);
	set_next(L, "nextPatch", 2);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

int
library_semver(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "parse", semver_parse }, { "compare", semver_compare },
		{ "satisfies", semver_list_satisfies },
		{ "sort", semver_list_sort },
		{ "newest", semver_list_newest }, { NULL, NULL }
	};
	struct version own = { .part = { 1, 2, 1 } };

	open_versions(L);
	lua_newtable(L);
	for (const luaL_Reg *r = functions; r->name != NULL; r++)
		vm_set_function(L, "semver", r->name, r->func);
	push_version(L, &own, 0);
	lua_setfield(L, -2, "_VERSION");
	lua_newtable(L);
	lua_pushcfunction(L, semver_call);
	lua_setfield(L, -2, "__call");
	lua_setmetatable(L, -2);
	return 1;
}
