/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm.h - the Lua state of a worker: PUC Lua 5.3 with the layer that runs
 * scripts written for regbot's Lua 5.1 unchanged. Nothing loads
 * files or bytecode; memory and time are bounded.
 */
#ifndef REGBOT_VM_H
#define REGBOT_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>

#include "common/error.h"
#include "worker/job/worker.h"

/* What a state offers to scripts besides Lua's own base, table, string, math,
 * utf8 and coroutine: opened in the order of a table, which ends with an open
 * that is NULL. */
struct vm_library {
	/* Sets or replaces functions in the global tables. */
	void (*open)(lua_State *L);
	/* Of its functions, the one that tracebacks leave out; or NULL. */
	lua_CFunction hidden;
};
/* The three that are at home here, for such a table. */
void os_open(lua_State *L);
void require_open(lua_State *L);
void print_open(lua_State *L);

/* The branch b of parallel() runs no further: modules that it was loading can
 * be loaded again. */
void require_abandon(lua_State *L, const void *b);

/* A state with these libraries, a table that outlives it; w may have no
 * client in tests (print and log then fail). memory is what scripts may
 * allocate, in bytes. NULL when it cannot be built. */
lua_State *vm_new(struct worker *w, uint64_t memory,
    const struct vm_library *libraries, struct error *err);
void vm_free(lua_State *L);	/* tests only: a worker just exits */
/* Sets what scripts may allocate, once the job is known. */
void vm_set_memory(lua_State *L, uint64_t memory);

/* The worker that a state belongs to. */
struct worker *vm_worker(lua_State *L);

struct vm_result {
	bool failed;
	int exit_code;		/* what os.exit was given; 0 otherwise */
	char *text;		/* "<string>:3: ...\nstack traceback: ..." */
};

/* Compiles (chunk name "<string>") and runs a script to its end. */
void vm_run(lua_State *L, const char *script, size_t len,
    struct vm_result *out);

/* Compiles a script as vm_run would. NULL when it could run, else its error,
 * which the caller frees. Too little memory is no such error. */
char *vm_compile(lua_State *L, const char *script, size_t len);

/* Helpers for libraries. */

/* Compiles a text after the pre-pass; leaves a function and LUA_OK, or an
 * error message and its status. name is as luaL_loadbuffer takes it. */
int vm_load(lua_State *L, const char *src, size_t len, const char *name);
/* The original source of a chunk by the name in lua_Debug.source, or NULL
 * when it is unknown or the name is not one chunk's alone. Borrowed. */
const char *vm_source(lua_State *L, const char *name, size_t *len);

/* Pushes "<string>:3: ", the place of the innermost Lua function above the
 * running C function, or "". */
void vm_where(lua_State *L);
/* Raises "<string>:LINE: text", position of the calling script line. */
int vm_raise(lua_State *L, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Logs a warning "<string>:LINE: text", once for each such line and text. */
void vm_warn(lua_State *L, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Pushes "LIBRARY.NAME", or just the name where library is "". */
void vm_push_name(lua_State *L, const char *library, const char *name);
/* Sets name in the table at the top to a function that knows its full name,
 * "LIBRARY.NAME" (or just the name, where library is ""), by whatever name it
 * is called; it is upvalue 1. */
void vm_set_function(lua_State *L, const char *library, const char *name,
    lua_CFunction f);
/* That name of the running function. */
const char *vm_function_name(lua_State *L);
/* Raises "bad argument #N to 'NAME' (text)", as regbot words it. */
int vm_arg_error(lua_State *L, int arg, const char *name, const char *text);
/* The same with "WHAT expected, got nil". */
int vm_expected(lua_State *L, int arg, const char *name, const char *what);
/* Text of a string or number argument as scripts see it (5, not 5.0);
 * raises "bad argument #N to 'NAME' (string expected, got nil)". Valid while
 * the value stays on the stack. */
const char *vm_check_text(lua_State *L, int arg, const char *name);

/* A number, or a text that is one. */
lua_Number vm_check_number(lua_State *L, int arg, const char *name);
/* Raises "bad argument #N to 'NAME' (table expected, got nil)". */
void vm_check_table(lua_State *L, int arg, const char *name);
/* Pushes the message (or NULL) with a traceback of a coroutine of L, or of L
 * itself, below it, from that level on. */
void traceback_push(lua_State *L, lua_State *of, const char *message, int from);
/* Sets name in the table at the top to a function that raises "LIBNAME is not
 * available in regbot scripts: WHY"; lib is "io." or "". The texts must live
 * as long as L: of thirty sentences few are ever needed. */
void vm_refuse(lua_State *L, const char *lib, const char *name,
    const char *why);
/* What calling the value at the top would raise, if it is such a function,
 * which the caller frees; else NULL. */
char *vm_refusal(lua_State *L);

/* The error at the top as a text that the caller frees. */
char *vm_error_text(lua_State *L);

#endif
