/* SPDX-License-Identifier: Apache-2.0 */
/* vm_private.h - what the files of this folder share of a state. */
#ifndef REGBOT_VM_PRIVATE_H
#define REGBOT_VM_PRIVATE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <lua.h>

#include "common/buffer.h"
#include "worker/lua/vm.h"

struct task_pause;	/* task.h */
struct require_wait;	/* require.c */

struct vm {
	struct worker *w;
	const struct task_pause *pause;	/* NULL: no branch runs */
	void *branch;		/* of parallel(): the one that runs */
	const struct vm_library *libraries;
	uint64_t used, cap;	/* bytes that Lua holds and may hold */
	size_t denied;		/* the size that was refused last, or 0 */
	int refusals;		/* that a collection did not help against */
	bool starved;		/* too many of them: the script is ended */
	LIST_HEAD(, require_wait) required;	/* that branches wait for */
	bool late;		/* LATE was sent */
	int64_t poll_at;	/* when the hook turns the loop next */
	struct buffer out;	/* io.write's unfinished line */
	struct buffer printed;	/* on its way to standard output */
	bool printing;		/* a part of it was sent, and is not there */
	bool room;		/* for more of it */
	jmp_buf end;		/* vm_run: where a script is ended for good */
	bool ended;
	int exit_code;		/* of os.exit */
};

struct vm *vm_of(lua_State *L);

/* Leaves the script for good; no code of it runs any more, no pcall sees it.
 * Lua's stack stays as it is: such a state is not used again. */
_Noreturn void vm_end(lua_State *L, int exit_code);

/* A copy of at most max bytes, cut between UTF-8 characters; NUL, which no
 * message can carry, becomes U+FFFD. The caller frees it. */
char *vm_text(const char *s, size_t len, size_t max);

/* Message handler: makes any error value a text with a traceback. */
int traceback_handler(lua_State *L);

/* vm_load.c, once per state. */
void vm_load_open(lua_State *L);

/* Starts to watch the job's deadline; before any coroutine, for they inherit
 * it. */
void deadline_watch(lua_State *L);

/* A lua_Alloc whose arg is the struct vm. */
void *memory_allocate(void *arg, void *p, size_t osize, size_t nsize);

/* stdout.c: prints to standard output, waiting until there is room; raises an
 * error when the job must stop. */
void stdout_put(lua_State *L, const char *s, size_t len);
void stdout_flush(struct vm *vm);	/* sends all, waiting for nothing */

/* Logs the unfinished line of io.write. */
void print_flush(lua_State *L);

#endif
