/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a script says: log and print, io.write and io.stderr all become lines
 * of the log, for a worker has no output of its own. Under "regbot lua" print
 * and io.write go to standard output, as they are (stdout.c).
 */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "worker/lua/number.h"
#include "worker/lua/vm_private.h"

/* Sends a line as log() does. */
static void
say(struct vm *vm, const char *s, size_t len)
{
	struct log_record r;
	char *text = vm_text(s, len, LOG_TEXT_MAX);

	log_record_init(&r, LOG_INFO, LOG_SCRIPT_MESSAGE);
	log_record_string(&r, "message", text);
	free(text);
	if (vm->w->print)
		worker_tell(vm->w, &r);
	else
		worker_log(vm->w, &r);
}

void
print_flush(lua_State *L)
{
	struct vm *vm = vm_of(L);

	if (vm->w->print)
		stdout_flush(vm);
	if (vm->out.len == 0)
		return;
	say(vm, vm->out.data, vm->out.len);
	buffer_clear(&vm->out);
}

static int
print_log(lua_State *L)
{
	size_t n;
	const char *s;

	vm_check_text(L, 1, "log");
	s = lua_tolstring(L, 1, &n);
	say(vm_of(L), s, n);
	return 0;
}

/* One log record, even if a text has several lines, after what io.write
 * began. */
static int
print_print(lua_State *L)
{
	struct vm *vm = vm_of(L);
	luaL_Buffer b;
	size_t len;
	const char *s;
	int n = lua_gettop(L);

	luaL_buffinit(L, &b);
	if (!vm->w->print)
		luaL_addlstring(&b, buffer_str(&vm->out), vm->out.len);
	for (int i = 1; i <= n; i++) {
		if (i > 1)
			luaL_addchar(&b, '\t');
		luaL_tolstring(L, i, NULL);
		luaL_addvalue(&b);
	}
	if (vm->w->print)
		luaL_addchar(&b, '\n');
	else
		buffer_clear(&vm->out);
	luaL_pushresult(&b);
	s = lua_tolstring(L, -1, &len);
	if (vm->w->print)
		stdout_put(L, s, len);
	else
		say(vm, s, len);
	return 0;
}

/* Adds to the unfinished line and logs it at each line end. A line that is too
 * long is split. */
static void
write_text(lua_State *L, const char *s, size_t len)
{
	struct vm *vm = vm_of(L);

	while (len > 0) {
		const char *nl = memchr(s, '\n', len);
		size_t n = nl != NULL ? (size_t)(nl - s) : len;

		if (n > LOG_TEXT_MAX - vm->out.len)
			n = LOG_TEXT_MAX - vm->out.len;
		buffer_put(&vm->out, s, n);
		s += n;
		len -= n;
		if (len > 0) {
			/* An empty line is a line as well. */
			say(vm, buffer_str(&vm->out), vm->out.len);
			buffer_clear(&vm->out);
		}
		if (len > 0 && *s == '\n') {
			s++;
			len--;
		}
	}
}

static int
write_arguments(lua_State *L, int first, bool to_stdout)
{
	int n = lua_gettop(L);
	const char *s;
	size_t len;

	to_stdout = to_stdout && vm_worker(L)->print;
	for (int i = first; i <= n; i++) {
		(void)vm_check_text(L, i, "io.write");
		s = lua_tolstring(L, i, &len);
		if (to_stdout)
			stdout_put(L, s, len);
		else
			write_text(L, s, len);
	}
	return 0;
}

static int
print_write(lua_State *L)
{
	write_arguments(L, 1, true);
	lua_pushvalue(L, lua_upvalueindex(1));
	return 1;
}

static int
file_write(lua_State *L)
{
	luaL_checkany(L, 1);
	write_arguments(L, 2, lua_toboolean(L, lua_upvalueindex(1)));
	lua_settop(L, 1);
	return 1;
}

static int
file_flush(lua_State *L)
{
	lua_settop(L, 1);
	return 1;
}

/* io.stdout and io.stderr: a table with the methods that make sense. */
static void
push_file(lua_State *L, bool is_stdout)
{
	static const luaL_Reg methods[] = {
		{ "write", file_write }, { "flush", file_flush },
		{ "setvbuf", file_flush }, { "close", file_flush },
		{ NULL, NULL }
	};

	luaL_newlibtable(L, methods);
	lua_pushboolean(L, is_stdout);
	luaL_setfuncs(L, methods, 1);
}

static void
open_io(lua_State *L)
{
	static const char files[] = "they reach no files; keep data in "
	    "modules for require";
	static const char programs[] = "they start no programs";
	static const char input[] = "they have no input; pass values by "
	    "os.getenv";
	static const struct {
		const char *name, *why;
	} refused[] = {
		{ "open", files }, { "lines", files }, { "tmpfile", files },
		{ "output", files }, { "close", files }, { "type", files },
		{ "input", input }, { "read", input }, { "popen", programs },
	};

	lua_newtable(L);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		vm_refuse(L, "io.", refused[i].name, refused[i].why);
	push_file(L, false);
	lua_setfield(L, -2, "stderr");
	push_file(L, true);
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, "stdout");
	lua_pushcclosure(L, print_write, 1);
	lua_setfield(L, -2, "write");
	lua_pushcfunction(L, file_flush);
	lua_setfield(L, -2, "flush");
	lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
	lua_pushvalue(L, -2);
	lua_setfield(L, -2, "io");
	lua_pop(L, 1);
	lua_setglobal(L, "io");
}

void
print_open(lua_State *L)
{
	lua_register(L, "log", print_log);
	lua_register(L, "print", print_print);
	open_io(L);
}
