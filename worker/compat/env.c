/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.c - setfenv, getfenv and module of Lua 5.1. In 5.3 a function's
 * environment is an upvalue named _ENV, which a function that uses no globals
 * lacks.
 */
#include <string.h>

#include <lauxlib.h>

#include "worker/compat/compat.h"

/* The number of _ENV among the upvalues of the function at i, or 0. */
static int
env_upvalue(lua_State *L, int i)
{
	const char *name;

	if (lua_iscfunction(L, i))
		return 0;
	for (int n = 1; (name = lua_getupvalue(L, i, n)) != NULL; n++) {
		lua_pop(L, 1);
		if (strcmp(name, "_ENV") == 0)
			return n;
	}
	return 0;
}

/* Pushes the function that argument 1 means: itself, or a level. False for
 * level 0, the whole thread. */
static bool
push_function(lua_State *L, lua_Integer level)
{
	lua_Debug ar;

	if (lua_isfunction(L, 1)) {
		lua_pushvalue(L, 1);
		return true;
	}
	luaL_argcheck(L, level >= 0, 1, "level must be non-negative");
	if (level == 0)
		return false;
	if (level > 1000000 || !lua_getstack(L, (int)level, &ar))
		luaL_argerror(L, 1, "invalid level");
	lua_getinfo(L, "f", &ar);
	return true;
}

/* Makes the table at the top, which is popped, the environment of the function
 * at f and of no other. */
static void
set_env(lua_State *L, int f)
{
	int n = env_upvalue(L, f);

	if (n == 0) {
		lua_pop(L, 1);
		return;
	}
	/* A fresh closure has an upvalue of its own, to be shared with f. */
	if (luaL_loadstring(L, "return _ENV") != LUA_OK)
		lua_error(L);
	lua_insert(L, -2);
	lua_setupvalue(L, -2, 1);
	lua_upvaluejoin(L, f, n, lua_gettop(L), 1);
	lua_pop(L, 1);
}

static int
env_get(lua_State *L)
{
	int n = 0;

	if (push_function(L, lua_isfunction(L, 1) ? 0 :
	    luaL_optinteger(L, 1, 1)))
		n = env_upvalue(L, lua_gettop(L));
	if (n == 0)
		lua_pushglobaltable(L);
	else
		lua_getupvalue(L, -1, n);
	return 1;
}

static int
env_set(lua_State *L)
{
	int f;

	luaL_checktype(L, 2, LUA_TTABLE);
	if (!push_function(L, lua_isfunction(L, 1) ? 0 :
	    luaL_checkinteger(L, 1)))
		return 0;
	f = lua_gettop(L);
	lua_pushvalue(L, 2);
	set_env(L, f);
	lua_settop(L, f);
	return 1;
}

/* module(name, ...): a table in package.loaded and in the global of that
 * name becomes the environment of the calling chunk. */
static int
env_module(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1), *dot;
	int last = lua_gettop(L), m = last + 1;
	lua_Debug ar;

	lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
	if (lua_getfield(L, -1, name) != LUA_TTABLE) {
		lua_pop(L, 1);
		lua_newtable(L);
		lua_pushvalue(L, -1);
		lua_setfield(L, -3, name);
	}
	lua_replace(L, m);
	lua_pushglobaltable(L);
	lua_pushvalue(L, m);
	lua_setfield(L, -2, name);
	lua_pushvalue(L, m);
	lua_setfield(L, m, "_M");
	lua_pushvalue(L, 1);
	lua_setfield(L, m, "_NAME");
	dot = strrchr(name, '.');
	lua_pushlstring(L, name, dot != NULL ? (size_t)(dot + 1 - name) : 0);
	lua_setfield(L, m, "_PACKAGE");
	for (int i = 2; i <= last; i++) {
		lua_pushvalue(L, i);
		lua_pushvalue(L, m);
		lua_call(L, 1, 0);
	}
	if (lua_getstack(L, 1, &ar)) {
		lua_getinfo(L, "f", &ar);
		lua_pushvalue(L, m);
		set_env(L, lua_gettop(L) - 1);
	}
	lua_pushvalue(L, m);
	return 1;
}

void
compat_env(lua_State *L)
{
	lua_register(L, "getfenv", env_get);
	lua_register(L, "setfenv", env_set);
	lua_register(L, "module", env_module);
}
