/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm_private.h - what the files that make up the Lua state share: vm.c, the
 * compatibility layer (compat_*.c, concat.c), print.c, require.c, os.c and
 * traceback.c. All library functions here are plain lua_CFunctions.
 */
#ifndef REGBOT_VM_PRIVATE_H
#define REGBOT_VM_PRIVATE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lua.h>

#include "common/buffer.h"
#include "worker/lua/vm.h"

struct vm {
	struct worker *w;
	uint64_t used, cap;	/* bytes that Lua holds and may hold */
	size_t denied;		/* the size that was refused last, or 0 */
	int refusals;		/* allocations that even a collection ... */
	bool starved;		/* ... did not make room for: three */
	bool late;		/* LATE was sent */
	int64_t poll_at;	/* when the hook turns the loop next */
	struct buffer out;	/* io.write's unfinished line */
	jmp_buf end;		/* vm_run: where a script is ended for good */
	bool ended;
	int exit_code;		/* of os.exit */
};

struct vm *vm_of(lua_State *L);

/* Leaves the script for good; no code of it runs any more, no pcall sees it.
 * Lua's stack stays as it is: such a state is not used again. */
_Noreturn void vm_end(lua_State *L, int exit_code);

/* Compiles a text after the pre-pass; leaves a function and LUA_OK, or an
 * error message and its status. name is as luaL_loadbuffer takes it. */
int vm_load(lua_State *L, const char *src, size_t len, const char *name);
/* The original source of a chunk by the name in lua_Debug.source, or NULL
 * when it is unknown or the name is not one chunk's alone. Borrowed. */
const char *vm_source(lua_State *L, const char *name, size_t *len);

/* Pushes "<string>:3: ", the place of the innermost Lua function above the
 * running C function, or "". */
void vm_where(lua_State *L);

/* A number as regbot's Lua writes it: "5", "0.1", "1e+21", "+Inf", "NaN". */
#define VM_NUMBER_TEXT 48
void vm_number_text(lua_Number n, char out[VM_NUMBER_TEXT]);
/* Replaces a float at index i by its text, or by an integer where it is one
 * (vm_normalise) or is cut to one (vm_truncate; towards zero). Other values
 * stay. Numeric strings are left alone. */
void vm_textify(lua_State *L, int i);
void vm_normalise(lua_State *L, int i);
void vm_truncate(lua_State *L, int i);

/* A copy of at most max bytes, cut between UTF-8 characters; NUL, which no
 * message can carry, becomes U+FFFD. The caller frees it. */
char *vm_text(const char *s, size_t len, size_t max);

/* Message handler: makes any error value a text with a traceback. */
int traceback_handler(lua_State *L);
/* Functions of ours that scripts need not know of. */
bool traceback_hidden(lua_CFunction f);

/* concat.c: the call that prepass.c writes. */
int concat_call(lua_State *L);
void concat_open(lua_State *L);

/* compat_base.c: a script's message handler, as xpcall calls it. */
int base_handler(lua_State *L);

/* compat_string.c: what gsub calls for a replacement. */
int string_replacement(lua_State *L);

/* Each sets or replaces functions in the global tables. */
void compat_base(lua_State *L);
void compat_env(lua_State *L);
void compat_string(lua_State *L);
void compat_table(lua_State *L);
void compat_math(lua_State *L);
void os_open(lua_State *L);
void require_open(lua_State *L);
void print_open(lua_State *L);
void print_flush(lua_State *L);		/* the unfinished line of io.write */

#endif
