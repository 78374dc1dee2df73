/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm.h - the Lua state of a worker: PUC Lua 5.3 with the layer that runs
 * scripts written for regbot's Lua 5.1 unchanged. No io, no debug, no loading
 * of files or bytecode; memory and time are bounded.
 */
#ifndef REGBOT_VM_H
#define REGBOT_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>

#include "common/error.h"
#include "worker/job/worker.h"

/* A state with the base libraries, the compatibility layer, log, print and
 * require; w may have no client in tests (print and log then fail). memory
 * is what scripts may allocate, in bytes. NULL when it cannot be built. */
lua_State *vm_new(struct worker *w, uint64_t memory, struct error *err);
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

/* Helpers for the modules' bindings. */

/* Raises "<string>:LINE: text", position of the calling script line. */
int vm_raise(lua_State *L, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Raises "bad argument #N to NAME (text)", as regbot words it. */
int vm_arg_error(lua_State *L, int arg, const char *name, const char *text);
/* Text of a string or number argument as scripts see it (5, not 5.0);
 * raises "bad argument #N to NAME (string expected, got nil)". Valid while
 * the value stays on the stack. */
const char *vm_check_text(lua_State *L, int arg, const char *name);

/* Raises "bad argument #N to NAME (table expected, got nil)". */
void vm_check_table(lua_State *L, int arg, const char *name);
/* Sets name in the table at the top to a function that raises "LIBNAME is not
 * available in regbot scripts: WHY"; lib is "io." or "". */
void vm_refuse(lua_State *L, const char *lib, const char *name,
    const char *why);

#endif
