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
#include "worker/lua/task.h"
#include "worker/lua/vm_private.h"

static const char loading;	/* its address marks a module being loaded */
static const char branch_key;	/* registry: names that a branch is loading */

struct fetched {		/* a module on its way */
	struct task task;
	struct client_call *call;
	char *path;
	char *text;
	size_t len;
};

struct require_wait {		/* for a module that another branch loads */
	struct task task;
	LIST_ENTRY(require_wait) entry;
	char *name;
};

static void
fetched_release(struct task *t)
{
	struct fetched *f = (struct fetched *)t;

	call_cancel(f->call);
	f->call = NULL;
	free(f->path);
	free(f->text);
}

static void
arrived(void *arg, struct answer *a)
{
	struct fetched *f = arg;

	f->call = NULL;
	if (a->err.kind == ERROR_NONE) {
		f->path = mem_strdup(a->media_type);
		f->len = a->body.len;
		f->text = buffer_steal(&a->body);
	}
	task_done(&f->task, a->err.kind == ERROR_NONE ? NULL : &a->err);
}

/* A byte order mark is for an editor, a first line with '#' for a shell; its
 * line stays empty. */
static const char *
skip_head(const char *s, size_t *len)
{
	static const char mark[] = "\xef\xbb\xbf";
	const char *nl;
	size_t n;

	if (*len >= sizeof(mark) - 1 && memcmp(s, mark, sizeof(mark) - 1) == 0) {
		s += sizeof(mark) - 1;
		*len -= sizeof(mark) - 1;
	}
	if (*len == 0 || *s != '#')
		return s;
	nl = memchr(s, '\n', *len);
	n = nl != NULL ? (size_t)(nl - s) : *len;
	*len -= n;
	return s + n;
}

/* Compiles it; a status as vm_load gives it. */
static int
compile(lua_State *L, struct fetched *f)
{
	const char *s = skip_head(f->text, &f->len);
	int status;

	status = vm_load(L, s, f->len, lua_pushfstring(L, "@%s", f->path));
	lua_remove(L, -2);
	task_release(&f->task);
	return status;
}

static int
module_fetched(lua_State *L, int status, lua_KContext ctx)
{
	struct fetched *f = (struct fetched *)ctx;
	struct error err = f->task.err;

	(void)status;
	if (err.kind == ERROR_NONE) {
		if (compile(L, f) != LUA_OK)
			return vm_raise(L, "%s", lua_tostring(L, -1));
		return 1;
	}
	task_release(&f->task);
	if (err.kind != ERROR_NOT_FOUND)
		return vm_raise(L, "cannot load module %s: %s",
		    lua_tostring(L, 1), err.text);
	lua_pushstring(L, err.text);
	return 1;
}

/* package.loaders[2]: a function, or a text that says why not. */
static int
module_loader(lua_State *L)
{
	struct worker *w = vm_worker(L);
	const char *name = luaL_checkstring(L, 1);
	struct fetched *f;
	struct client_call *call;

	if (w->client == NULL || *name == '\0' ||
	    strlen(name) > MODULE_NAME_MAX ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
	    "WXYZ0123456789_.-/") != strlen(name)) {
		lua_pushfstring(L, "'%s' is not a module name", name);
		return 1;
	}
	f = task_new(L, sizeof(*f), fetched_release);
	call = client_module(w->client, name, arrived, f);
	f->call = f->task.done ? NULL : call;
	return task_await(L, &f->task, module_fetched);
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

/* The module's function returned its value, at index 3. */
static int
module_ran(lua_State *L, int status, lua_KContext ctx)
{
	const char *name = lua_tostring(L, 1);

	(void)status;
	(void)ctx;
	lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
	lua_replace(L, 2);
	lua_settop(L, 3);
	if (!lua_isnil(L, 3))
		lua_setfield(L, 2, name);
	lua_getfield(L, 2, name);
	if (lua_touserdata(L, -1) == &loading) {
		lua_pushboolean(L, 1);
		lua_pushvalue(L, -1);
		lua_setfield(L, 2, name);
	}
	return 1;
}

/* Which branch loads it; NULL: none. */
static void
set_loading(lua_State *L, const char *name, void *b)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &branch_key);
	if (b != NULL)
		lua_pushlightuserdata(L, b);
	else
		lua_pushnil(L);
	lua_setfield(L, -2, name);
	lua_pop(L, 1);
}

/* Those who wait for it look again. */
static void
wake_waiting(lua_State *L, const char *name)
{
	struct require_wait *r;

	LIST_FOREACH(r, &vm_of(L)->required, entry)
		if (strcmp(r->name, name) == 0)
			task_done(&r->task, NULL);
}

/* Takes no memory: there may be none. */
void
require_abandon(lua_State *L, const void *b)
{
	int top = lua_gettop(L);

	if (!lua_checkstack(L, 8))
		return;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &branch_key);
	lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
	lua_pushnil(L);
	while (lua_next(L, top + 1) != 0) {
		if (lua_touserdata(L, -1) == b) {
			lua_pushvalue(L, -2);
			lua_pushnil(L);
			lua_rawset(L, top + 1);
			lua_pushvalue(L, -2);
			lua_pushnil(L);
			lua_rawset(L, top + 2);
			wake_waiting(L, lua_tostring(L, -2));
		}
		lua_pop(L, 1);
	}
	lua_settop(L, top);
}

/* The same in a branch: others may wait for it, also if it failed. */
static int
module_ran_in_branch(lua_State *L, int status, lua_KContext ctx)
{
	const char *name = lua_tostring(L, 1);

	set_loading(L, name, NULL);
	wake_waiting(L, name);
	if (status != LUA_OK && status != LUA_YIELD)
		return lua_error(L);
	return module_ran(L, status, ctx);
}

/* Runs the module's function, at index 3. */
static int
module_run(lua_State *L)
{
	const char *name = lua_tostring(L, 1);

	lua_pushlightuserdata(L, (void *)(uintptr_t)&loading);
	lua_setfield(L, 2, name);
	lua_pushvalue(L, 1);
	if (task_branch(L) == NULL) {
		lua_callk(L, 1, 1, 0, module_ran);
		return module_ran(L, LUA_OK, 0);
	}
	set_loading(L, name, task_branch(L));
	return module_ran_in_branch(L, lua_pcallk(L, 1, 1, 0, 0,
	    module_ran_in_branch), 0);
}

static void
wait_release(struct task *t)
{
	struct require_wait *r = (struct require_wait *)t;

	LIST_REMOVE(r, entry);
	free(r->name);
}

static int module_get(lua_State *L);

static int
waited(lua_State *L, int status, lua_KContext ctx)
{
	struct require_wait *r = (struct require_wait *)ctx;
	bool failed = r->task.err.kind != ERROR_NONE;

	(void)status;
	task_release(&r->task);
	if (failed)
		return vm_raise(L, "loop or previous error loading module: %s",
		    lua_tostring(L, 1));
	return module_get(L);
}

/* Some function is loading it, or did and failed. */
static int
module_wait(lua_State *L, const char *name)
{
	struct require_wait *r;
	bool other;

	lua_rawgetp(L, LUA_REGISTRYINDEX, &branch_key);
	lua_getfield(L, -1, name);
	other = lua_toboolean(L, -1);
	lua_settop(L, 1);
	if (!other)
		return vm_raise(L, "loop or previous error loading module: %s",
		    name);
	r = task_new(L, sizeof(*r), NULL);
	r->task.inside = true;
	r->name = mem_strdup(name);
	LIST_INSERT_HEAD(&vm_of(L)->required, r, entry);
	r->task.release = wait_release;
	return task_await(L, &r->task, waited);
}

/* Asks package.loaders, at index 2, in turn: i have answered, the last one
 * with what is at index 4; what others said is at 3. */
static int
ask_loaders(lua_State *L, int status, lua_KContext i)
{
	(void)status;
	for (;; i++) {
		if (i > 0 && lua_isfunction(L, 4)) {
			lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
			lua_replace(L, 2);
			lua_replace(L, 3);
			/* Another branch may have been faster. */
			lua_getfield(L, 2, lua_tostring(L, 1));
			if (lua_toboolean(L, 4))
				return module_get(L);
			lua_settop(L, 3);
			return module_run(L);
		}
		if (i > 0 && lua_isstring(L, 4)) {
			lua_pushstring(L, *lua_tostring(L, 4) == '\n' ?
			    "" : "\n\t");
			lua_insert(L, 4);
			lua_concat(L, 3);
		}
		lua_settop(L, 3);
		if (lua_rawgeti(L, 2, i + 1) == LUA_TNIL)
			break;
		lua_pushvalue(L, 1);
		lua_callk(L, 1, 1, i + 1, ask_loaders);
	}
	return vm_raise(L, "module %s not found:%s\n\tLUA_PATH and "
	    "package.path are ignored: name its directory in "
	    "defaults.modules", lua_tostring(L, 1), lua_tostring(L, 3));
}

static int
module_get(lua_State *L)
{
	const char *name = vm_check_text(L, 1, "require");

	lua_settop(L, 1);
	lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
	lua_getfield(L, 2, name);
	if (lua_touserdata(L, 3) == &loading)
		return module_wait(L, name);
	if (lua_toboolean(L, 3))
		return 1;
	if (lua_getfield(L, lua_upvalueindex(1), "loaders") != LUA_TTABLE)
		return vm_raise(L, "package.loaders must be a table");
	lua_replace(L, 2);
	lua_pushliteral(L, "");
	lua_replace(L, 3);
	return ask_loaders(L, LUA_OK, 0);
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
	lua_rawsetp(L, LUA_REGISTRYINDEX, &branch_key);
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
	lua_pushcclosure(L, module_get, 1);
	lua_setglobal(L, "require");
	lua_setglobal(L, "package");
}
