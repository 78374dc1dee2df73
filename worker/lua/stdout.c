/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a script of "regbot lua" prints, which the supervisor writes. One part is
 * on its way; what is printed meanwhile is the next. So a slow reader slows
 * the script, and nothing piles up.
 */
#include "worker/client/client.h"
#include "worker/lua/vm_private.h"

static void send(struct vm *vm);

static void
on_written(void *arg, struct answer *a)
{
	struct vm *vm = arg;

	(void)a;		/* where nobody reads, the job is stopped */
	vm->printing = false;
	vm->room = true;
	if (vm->printed.len != 0)
		send(vm);
}

static void
send(struct vm *vm)
{
	vm->printing = true;
	client_print(vm->w->client, vm->printed.data, vm->printed.len,
	    on_written, vm);
	buffer_clear(&vm->printed);
}

void
stdout_put(lua_State *L, const char *s, size_t len)
{
	struct vm *vm = vm_of(L);
	struct error err;
	size_t n;

	while (len > 0) {
		n = CHUNK_MAX - vm->printed.len;
		n = n < len ? n : len;
		buffer_put(&vm->printed, s, n);
		s += n;
		len -= n;
		if (!vm->printing)
			send(vm);
		vm->room = vm->printed.len < CHUNK_MAX;
		if (!vm->room && worker_wait(vm->w, &vm->room, &err) == -1)
			vm_raise(L, "%s", err.text);
	}
}

void
stdout_flush(struct vm *vm)
{
	if (vm->printed.len != 0)
		send(vm);
}
