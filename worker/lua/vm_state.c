/* SPDX-License-Identifier: Apache-2.0 */
/* What the rest of this folder asks of a state or does to it. */
#include <lauxlib.h>

#include "common/buffer.h"
#include "common/text.h"
#include "worker/lua/vm_private.h"

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

_Noreturn void
vm_end(lua_State *L, int exit_code)
{
	struct vm *vm = vm_of(L);

	vm->ended = true;
	vm->exit_code = exit_code;
	longjmp(vm->end, 1);
}

char *
vm_text(const char *s, size_t len, size_t max)
{
	struct buffer b;
	size_t n;

	buffer_init(&b, max);
	buffer_puts(&b, "");
	for (size_t i = 0; i < len; i += n) {
		int r;

		/* What is not UTF-8 counts byte by byte. */
		if ((n = text_utf8(s + i, len - i, NULL)) == 0)
			n = 1;
		r = s[i] == '\0' ? buffer_puts(&b, "\xef\xbf\xbd") :
		    buffer_put(&b, s + i, n);
		if (r == -1)
			break;
	}
	return buffer_steal(&b);
}
