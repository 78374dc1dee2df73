/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem.h - allocation. Running out of memory is a broken invariant, not bad
 * input: these print one line on stderr and end the process, so no caller
 * checks them. (Lua's own memory is bounded elsewhere, by the worker's
 * allocator.)
 */
#ifndef REGBOT_MEM_H
#define REGBOT_MEM_H

#include <stddef.h>

void *mem_alloc(size_t n);			/* zeroed; free() it */
void *mem_array(size_t count, size_t size);	/* zeroed, overflow checked */
void *mem_resize(void *p, size_t count, size_t size);
char *mem_strdup(const char *s);		/* NULL gives NULL */
char *mem_strndup(const char *s, size_t n);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Overwrites, then frees, a string that may hold a secret. NULL is fine. */
void mem_wipe(char *s);

#endif
