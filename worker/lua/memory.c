/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that Lua gets, at most what the job may have. */
#include <stdlib.h>

#include "worker/lua/vm_private.h"

#define REFUSALS_MAX 3		/* then the script ends for good */

/* A refusal counts when Lua asks again because its collection freed too
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

void *
memory_allocate(void *arg, void *p, size_t osize, size_t nsize)
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
