/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/lua/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "common/bounds.h"
#include "worker/client/client.h"
#include "common/clock.h"
#include "common/mem.h"
#include "worker/lua/owned.h"
#include "worker/prepass/prepass.h"
#include "worker/lua/vm_private.h"

#define HOOK_COUNT 1000			/* instructions between looks */
#define POLL_NS (50 * NS_PER_MS)	/* between turns of the loop */
#define REFUSALS_MAX 3			/* then the script ends for good */

static const char sources_key;		/* registry: chunk name to source */

struct vm *
vm_of(lua_State *L)
{
	void *vm;

	lua_getallocf(L, &vm);
	return vm;
}

struct worker *
vm_worker(lua_State *L)
{
	return vm_of(L)->w;
}

/* A refusal counts when Lua asks again, its collection having freed too
 * little: only then does the script get an error. */
static void
refuse(struct vm *vm, size_t size)
{
	if (vm->denied != size) {
		vm->denied = size;
		return;
	}
	vm->denied = 0;
	if (++vm->refusals >= REFUSALS_MAX)
		vm->starved = true;
}

static void *
allocate(void *arg, void *p, size_t osize, size_t nsize)
{
	struct vm *vm = arg;
	void *q;

	if (p == NULL)
		osize = 0;	/* it is a type then */
	if (nsize == 0) {
		free(p);
		vm->used -= osize;
		return NULL;
	}
	if (nsize > osize && (nsize - osize > vm->cap ||
	    vm->used > vm->cap - (nsize - osize))) {
		refuse(vm, nsize);
		return NULL;
	}
	q = realloc(p, nsize);
	if (q == NULL) {
		if (nsize <= osize)
			return p;	/* shrinking must not fail */
		refuse(vm, nsize);
		return NULL;
	}
	if (nsize == vm->denied)
		vm->denied = 0;
	vm->used = vm->used - osize + nsize;
	return q;
}

void
vm_set_memory(lua_State *L, uint64_t memory)
{
	vm_of(L)->cap = memory;
}

_Noreturn void
vm_end(lua_State *L, int exit_code)
{
	struct vm *vm = vm_of(L);

	vm->ended = true;
	vm->exit_code = exit_code;
	longjmp(vm->end, 1);
}

/* Raises once the job must stop. From then on it looks at every instruction,
 * so that a script that catches the error gets the next one right behind its
 * pcall, and ends. */
static void
hook(lua_State *L, lua_Debug *ar)
{
	struct vm *vm = vm_of(L);
	struct error err;
	int64_t now = clock_now();

	if (vm->starved)
		vm_end(L, 0);
	if (vm->w->loop != NULL && now >= vm->poll_at) {
		vm->poll_at = now + POLL_NS;
		loop_step(vm->w->loop, 0);
	}
	if (worker_check(vm->w, &err) == 0)
		return;
	lua_sethook(L, hook, LUA_MASKCOUNT, 1);
	if (!vm->late && vm->w->client != NULL) {
		char where[LUA_IDSIZE + 16];

		lua_getinfo(L, "Sl", ar);
		snprintf(where, sizeof(where), "%s:%d", ar->short_src,
		    ar->currentline);
		client_late(vm->w->client, where);
	}
	vm->late = true;
	luaL_where(L, 0);
	lua_pushstring(L, err.text);
	lua_concat(L, 2);
	lua_error(L);
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
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &sources_key);
	compat_base(L);
	compat_env(L);
	compat_string(L);
	compat_table(L);
	compat_math(L);
	concat_open(L);
	os_open(L);
	require_open(L);
	print_open(L);
	return 0;
}

lua_State *
vm_new(struct worker *w, uint64_t memory, struct error *err)
{
	struct vm *vm = mem_alloc(sizeof(*vm));
	lua_State *L;

	vm->w = w;
	vm->cap = memory;
	buffer_init(&vm->out, LOG_TEXT_MAX);
	L = lua_newstate(allocate, vm);
	if (L != NULL) {
		/* Before any coroutine: they inherit it. */
		lua_sethook(L, hook, LUA_MASKCOUNT, HOOK_COUNT);
		lua_pushcfunction(L, open_all);
		if (lua_pcall(L, 0, 0, 0) == LUA_OK)
			return L;
		lua_close(L);
	}
	buffer_free(&vm->out);
	free(vm);
	error_set(err, ERROR_LIMIT, "cannot set up Lua: %llu bytes of memory "
	    "are too few", (unsigned long long)memory);
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

/* A name that two chunks share (load's default) is nobody's. */
static void
remember(lua_State *L, const char *src, size_t len, const char *name)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sources_key);
	if (lua_getfield(L, -1, name) == LUA_TNIL)
		lua_pushlstring(L, src, len);
	else
		lua_pushboolean(L, 0);
	lua_setfield(L, -3, name);
	lua_pop(L, 2);
}

const char *
vm_source(lua_State *L, const char *name, size_t *len)
{
	const char *s = NULL;

	lua_rawgetp(L, LUA_REGISTRYINDEX, &sources_key);
	if (lua_getfield(L, -1, name) == LUA_TSTRING)
		s = lua_tolstring(L, -1, len);
	lua_pop(L, 2);
	return s;
}

/* log "a" .. b is what many write: Lua reads (log "a") .. b. */
static void
explain(lua_State *L)
{
	static const char end[] = "near '..'";
	size_t n;
	const char *s = lua_tolstring(L, -1, &n);

	if (s == NULL || n < sizeof(end) - 1 ||
	    strcmp(s + n - (sizeof(end) - 1), end) != 0)
		return;
	lua_pushliteral(L, " (an argument with \"..\" needs parentheses: "
	    "log(\"a\" .. b))");
	lua_concat(L, 2);
}

/* "\d" for "%d": the habit is common, and the script does nothing at all. */
static void
warn_escapes(lua_State *L, const char *src, size_t len, const char *name)
{
	struct log_record r;
	char letter, *text;
	int line = prepass_needless(src, len, &letter);

	if (line == 0)
		return;
	text = mem_printf("%.*s:%d: \"\\%c\" is just \"%c\" in Lua; in a "
	    "pattern write \"%%%c\"", LUA_IDSIZE, name + 1, line, letter,
	    letter, letter);
	log_record_init(&r, LOG_WARN, "Backslash without meaning");
	log_record_string(&r, "message", text);
	free(text);
	worker_log(vm_worker(L), &r);
}

int
vm_load(lua_State *L, const char *src, size_t len, const char *name)
{
	char *text;
	size_t n;
	int status;

	if (len > SCRIPT_MAX) {
		lua_pushfstring(L, "cannot compile %s: it is longer than "
		    "%d bytes", name + 1, (int)SCRIPT_MAX);
		return LUA_ERRSYNTAX;
	}
	text = prepass(src, len, &n);
	status = luaL_loadbufferx(L, text, n, name, "t");
	free(text);
	if (status == LUA_ERRSYNTAX) {
		/* The error must be about what was written, and a program
		 * that the pre-pass made too big is better run as it is. */
		lua_pop(L, 1);
		text = prepass_escapes(src, len, &n);
		status = luaL_loadbufferx(L, text, n, name, "t");
		free(text);
	}
	if (status == LUA_OK) {
		remember(L, src, len, name);
		warn_escapes(L, src, len, name);
	} else if (status == LUA_ERRSYNTAX)
		explain(L);
	return status;
}

static int
compile(lua_State *L)
{
	const char *script = lua_touserdata(L, 1);

	if (vm_load(L, script, (size_t)lua_tointeger(L, 2),
	    "=<string>") != LUA_OK)
		return lua_error(L);
	return 1;
}

static int
run(lua_State *L, const char *script, size_t len)
{
	int status;

	lua_settop(L, 0);
	lua_pushcfunction(L, traceback_handler);
	lua_pushcfunction(L, compile);
	lua_pushlightuserdata(L, (void *)(uintptr_t)script);
	lua_pushinteger(L, (lua_Integer)len);
	status = lua_pcall(L, 2, 1, 0);
	return status == LUA_OK ? lua_pcall(L, 0, 0, 1) : status;
}

/* setjmp stands alone, so that no local variable lives across it. */
static int
run_to_end(lua_State *L, const char *script, size_t len)
{
	if (setjmp(vm_of(L)->end) != 0)
		return LUA_OK;
	return run(L, script, len);
}

void
vm_run(lua_State *L, const char *script, size_t len, struct vm_result *out)
{
	struct vm *vm = vm_of(L);
	const char *text;
	int status = run_to_end(L, script, len);

	memset(out, 0, sizeof(*out));
	if (status == LUA_ERRMEM || (vm->ended && vm->starved)) {
		out->failed = true;
		out->text = mem_printf("not enough memory: the script needs "
		    "more than its %llu MiB",
		    (unsigned long long)(vm->cap / MIB));
	} else if (status != LUA_OK) {
		out->failed = true;
		text = lua_tolstring(L, -1, &len);
		if (text == NULL)
			out->text = mem_strdup("error in error handling");
		else
			out->text = vm_text(text, len, ERROR_TEXT_MAX);
	} else if (vm->exit_code != 0) {
		out->failed = true;
		out->exit_code = vm->exit_code;
		out->text = mem_printf("the script ended itself by "
		    "os.exit(%d)", vm->exit_code);
	}
	vm->cap = UINT64_MAX;
	print_flush(L);
}
