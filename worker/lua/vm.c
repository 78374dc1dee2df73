/* SPDX-License-Identifier: Apache-2.0 */
/* A script's life: the state is built, the script runs, and what came of it. */
#include "worker/lua/vm.h"

#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "worker/lua/owned.h"
#include "worker/lua/vm_private.h"

void
vm_set_memory(lua_State *L, uint64_t memory)
{
	vm_of(L)->cap = memory;
}

static int
open_all(lua_State *L)
{
	static const luaL_Reg libs[] = {
		{ "_G", luaopen_base }, { "table", luaopen_table },
		{ "string", luaopen_string }, { "math", luaopen_math },
		{ "utf8", luaopen_utf8 }, { "coroutine", luaopen_coroutine },
	};

	for (size_t i = 0; i < sizeof(libs) / sizeof(libs[0]); i++) {
		luaL_requiref(L, libs[i].name, libs[i].func, 1);
		lua_pop(L, 1);
	}
	owned_open(L);
	vm_load_open(L);
	for (const struct vm_library *l = vm_of(L)->libraries;
	    l->open != NULL; l++)
		l->open(L);
	return 0;
}

lua_State *
vm_new(struct worker *w, uint64_t memory, const struct vm_library *libraries,
    struct error *err)
{
	struct vm *vm = mem_alloc(sizeof(*vm));
	lua_State *L;

	vm->w = w;
	vm->cap = memory;
	vm->libraries = libraries;
	buffer_init(&vm->out, LOG_TEXT_MAX);
	L = lua_newstate(memory_allocate, vm);
	if (L != NULL) {
		/* What each thread has of this begins as the main one's. */
		memset(lua_getextraspace(L), 0, LUA_EXTRASPACE);
		/* Before any coroutine: they inherit it. */
		deadline_watch(L);
		lua_gc(L, LUA_GCSTOP, 0);	/* nothing is garbage yet */
		lua_pushcfunction(L, open_all);
		if (lua_pcall(L, 0, 0, 0) == LUA_OK) {
			lua_gc(L, LUA_GCRESTART, 0);
			return L;
		}
		lua_close(L);
	}
	buffer_free(&vm->out);
	free(vm);
	error_set(err, ERROR_LIMIT, "cannot set up Lua: %llu bytes of memory "
	    "are not enough", (unsigned long long)memory);
	return NULL;
}

void
vm_free(lua_State *L)
{
	struct vm *vm;

	if (L == NULL)
		return;
	vm = vm_of(L);
	vm->cap = UINT64_MAX;
	lua_close(L);
	buffer_free(&vm->out);
	free(vm);
}

static int
compile(lua_State *L)
{
	const char *script = lua_touserdata(L, 1);

	const struct worker *w = vm_worker(L);

	if (vm_load(L, script, (size_t)lua_tointeger(L, 2), w->nargs != 0 ?
	    w->args[0] : "=<string>") != LUA_OK)
		return lua_error(L);
	return 1;
}

/* Leaves the handler for errors and a function, or the error. */
static int
load(lua_State *L, const char *script, size_t len)
{
	lua_settop(L, 0);
	lua_pushcfunction(L, traceback_handler);
	lua_pushcfunction(L, compile);
	lua_pushlightuserdata(L, (void *)(uintptr_t)script);
	lua_pushinteger(L, (lua_Integer)len);
	return lua_pcall(L, 2, 1, 0);
}

/* Protected: the arguments of the command lua, as a table. */
static int
set_arguments(lua_State *L)
{
	const struct worker *w = vm_worker(L);

	lua_createtable(L, (int)w->nargs, 1);
	for (size_t i = 1; i < w->nargs; i++) {
		lua_pushstring(L, w->args[i]);
		lua_rawseti(L, -2, (lua_Integer)i - 1);
	}
	lua_setglobal(L, "arg");
	return 0;
}

/* Calls the function at the top, which gets the arguments as "...", too. */
static int
call(lua_State *L)
{
	const struct worker *w = vm_worker(L);
	int n = 0, status;

	if (w->nargs != 0) {
		lua_pushcfunction(L, set_arguments);
		status = lua_pcall(L, 0, 0, 0);
		if (status != LUA_OK)
			return status;
		if (!lua_checkstack(L, (int)w->nargs))
			return LUA_ERRMEM;
		for (size_t i = 2; i < w->nargs; i++, n++)
			lua_pushstring(L, w->args[i]);
	}
	return lua_pcall(L, n, 0, 1);
}

static int
run(lua_State *L, const char *script, size_t len)
{
	int status = load(L, script, len);

	return status == LUA_OK ? call(L) : status;
}

/* setjmp stands alone, so that no local variable lives across it. */
static int
run_to_end(lua_State *L, const char *script, size_t len)
{
	if (setjmp(vm_of(L)->end) != 0)
		return LUA_OK;
	return run(L, script, len);
}

char *
vm_error_text(lua_State *L)
{
	size_t len;
	const char *text = lua_tolstring(L, -1, &len);

	return text == NULL ? mem_strdup("error in error handling") :
	    vm_text(text, len, ERROR_TEXT_MAX);
}

char *
vm_compile(lua_State *L, const char *script, size_t len)
{
	int status = load(L, script, len);
	char *text = NULL;

	if (status != LUA_OK && status != LUA_ERRMEM)
		text = vm_error_text(L);
	lua_settop(L, 0);
	return text;
}

void
vm_run(lua_State *L, const char *script, size_t len, struct vm_result *out)
{
	struct vm *vm = vm_of(L);
	int status = run_to_end(L, script, len);

	memset(out, 0, sizeof(*out));
	if (status == LUA_ERRMEM || (vm->ended && vm->starved)) {
		out->failed = true;
		out->text = mem_printf("not enough memory: the script needs "
		    "more than its %llu MiB",
		    (unsigned long long)(vm->cap / MIB));
	} else if (status != LUA_OK) {
		out->failed = true;
		out->text = vm_error_text(L);
	} else if (vm->exit_code != 0) {
		out->failed = true;
		out->exit_code = vm->exit_code;
		out->text = mem_printf("the script ended itself by "
		    "os.exit(%d)", vm->exit_code);
	}
	vm->cap = UINT64_MAX;
	print_flush(L);
}
