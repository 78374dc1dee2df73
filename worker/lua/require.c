/* SPDX-License-Identifier: Apache-2.0 */
/*
 * require and package. A module's text comes from the supervisor, which knows
 * where modules may be; no file is read here.
 */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "common/mem.h"
#include "worker/client/client.h"
#include "worker/lua/vm_private.h"

static const char loading;	/* its address marks a module being loaded */

struct fetched {		/* a module on its way */
	bool done;
	struct error err;
	char *path;
	char *text;
	size_t len;
};

static void
arrived(void *arg, struct answer *a)
{
	struct fetched *f = arg;

	f->err = a->err;
	f->path = mem_strdup(a->media_type);
	f->len = a->body.len;
	f->text = buffer_steal(&a->body);
	f->done = true;
}

/* 0, or -1 with *err: ERROR_NOT_FOUND when there is no such module. */
static int
fetch(struct worker *w, const char *name, struct fetched *f,
    struct error *err)
{
	struct client_call *call;

	memset(f, 0, sizeof(*f));
	call = client_module(w->client, name, arrived, f);
	if (worker_wait(w, &f->done, err) == -1) {
		call_cancel(call);
		return -1;
	}
	if (f->err.kind == ERROR_NONE)
		return 0;
	*err = f->err;
	free(f->path);
	free(f->text);
	return -1;
}

/* A first line with '#' is for a shell; its line stays empty. */
static const char *
skip_shell_line(const char *s, size_t *len)
{
	const char *nl;
	size_t n;

	if (*len == 0 || *s != '#')
		return s;
	nl = memchr(s, '\n', *len);
	n = nl != NULL ? (size_t)(nl - s) : *len;
	*len -= n;
	return s + n;
}

/* Compiles it; takes f. A status as vm_load gives it. */
static int
compile(lua_State *L, struct fetched *f)
{
	char *name = mem_printf("@%s", f->path);
	const char *s = skip_shell_line(f->text, &f->len);
	int status = vm_load(L, s, f->len, name);

	free(name);
	free(f->path);
	free(f->text);
	return status;
}

/* package.loaders[2]: a function, or a text that says why not. */
static int
module_loader(lua_State *L)
{
	struct worker *w = vm_worker(L);
	const char *name = luaL_checkstring(L, 1);
	struct fetched f;
	struct error err;

	if (w->client == NULL || *name == '\0' ||
	    strlen(name) > MODULE_NAME_MAX ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
	    "WXYZ0123456789_.-/") != strlen(name)) {
		lua_pushfstring(L, "'%s' is not a module name", name);
		return 1;
	}
	if (fetch(w, name, &f, &err) == -1) {
		if (err.kind == ERROR_NOT_FOUND) {
			lua_pushstring(L, err.text);
			return 1;
		}
		return vm_raise(L, "cannot load module %s: %s", name,
		    err.text);
	}
	if (compile(L, &f) != LUA_OK)
		return vm_raise(L, "%s", lua_tostring(L, -1));
	return 1;
}

static int
preload_loader(lua_State *L)
{
	luaL_checkstring(L, 1);
	lua_getfield(L, LUA_REGISTRYINDEX, "_PRELOAD");
	lua_pushvalue(L, 1);
	if (lua_gettable(L, -2) == LUA_TNIL)
		lua_pushfstring(L, "no field package.preload['%s']",
		    lua_tostring(L, 1));
	return 1;
}

/* Asks package.loaders in turn and pushes the function that one gives. */
static void
find_loader(lua_State *L, const char *name)
{
	luaL_Buffer b;

	if (lua_getfield(L, lua_upvalueindex(1), "loaders") != LUA_TTABLE)
		vm_raise(L, "package.loaders must be a table");
	lua_replace(L, 2);
	luaL_buffinit(L, &b);
	for (lua_Integer i = 1; ; i++) {
		if (lua_rawgeti(L, 2, i) == LUA_TNIL)
			break;
		lua_pushvalue(L, 1);
		lua_call(L, 1, 1);
		if (lua_isfunction(L, -1)) {
			lua_replace(L, 3);
			lua_settop(L, 3);
			return;
		}
		if (lua_isstring(L, -1)) {
			lua_pushstring(L, *lua_tostring(L, -1) == '\n' ?
			    "" : "\n\t");
			lua_insert(L, -2);
			lua_concat(L, 2);
			luaL_addvalue(&b);
		} else
			lua_pop(L, 1);
	}
	lua_pop(L, 1);
	luaL_pushresult(&b);
	vm_raise(L, "module %s not found:%s\n\tLUA_PATH and package.path are "
	    "ignored: name its directory in defaults.modules", name,
	    lua_tostring(L, -1));
}

static int
require(lua_State *L)
{
	const char *name = vm_check_text(L, 1, "require");

	lua_settop(L, 1);
	lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
	lua_getfield(L, 2, name);
	if (lua_toboolean(L, 3)) {
		if (lua_touserdata(L, 3) == &loading)
			return vm_raise(L, "loop or previous error loading "
			    "module: %s", name);
		return 1;
	}
	find_loader(L, name);		/* at index 3 */
	lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
	lua_replace(L, 2);
	lua_pushlightuserdata(L, (void *)(uintptr_t)&loading);
	lua_setfield(L, 2, name);
	lua_pushvalue(L, 3);
	lua_pushvalue(L, 1);
	lua_call(L, 1, 1);
	if (!lua_isnil(L, -1))
		lua_setfield(L, 2, name);
	lua_getfield(L, 2, name);
	if (lua_touserdata(L, -1) == &loading) {
		lua_pushboolean(L, 1);
		lua_pushvalue(L, -1);
		lua_setfield(L, 2, name);
	}
	return 1;
}

static int
package_seeall(lua_State *L)
{
	vm_check_table(L, 1, "package.seeall");
	if (!lua_getmetatable(L, 1)) {
		lua_newtable(L);
		lua_pushvalue(L, -1);
		lua_setmetatable(L, 1);
	}
	lua_pushglobaltable(L);
	lua_setfield(L, -2, "__index");
	return 0;
}

void
require_open(lua_State *L)
{
	lua_newtable(L);
	lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
	lua_pushvalue(L, -2);
	lua_setfield(L, -2, "package");
	lua_setfield(L, -2, "loaded");
	luaL_getsubtable(L, LUA_REGISTRYINDEX, "_PRELOAD");
	lua_setfield(L, -2, "preload");
	/* What regbot shows; the supervisor decides where it looks. */
	lua_pushliteral(L, "./?.lua;/usr/local/share/lua/5.1/?.lua;"
	    "/usr/local/share/lua/5.1/?/init.lua");
	lua_setfield(L, -2, "path");
	lua_pushliteral(L, "");
	lua_setfield(L, -2, "cpath");
	lua_pushliteral(L, "/\n;\n?\n!\n-\n");
	lua_setfield(L, -2, "config");
	lua_pushcfunction(L, package_seeall);
	lua_setfield(L, -2, "seeall");
	vm_refuse(L, "package.", "loadlib", "they load no native code");
	lua_createtable(L, 2, 0);
	lua_pushcfunction(L, preload_loader);
	lua_rawseti(L, -2, 1);
	lua_pushcfunction(L, module_loader);
	lua_rawseti(L, -2, 2);
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "searchers");
	lua_setfield(L, -2, "loaders");
	lua_pushvalue(L, -1);
	lua_pushcclosure(L, require, 1);
	lua_setglobal(L, "require");
	lua_setglobal(L, "package");
}
