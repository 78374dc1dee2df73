/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reads Lua's dumps: each dump of Lua's own is read to its end, and one
 * that is damaged, or no dump at all, does no harm.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "common/buffer.h"
#include "worker/check/bytecode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"local a = require 'a' function f(x) return image.copy(x) end",
	"if jit then y = 1.5 z = -1 end for k, v in pairs(t) do f(k, v.w) end",
	"function m.x:y(p, ...) return p .. self[1].z .. {...}, 1 end _G.x = 1",
	"local function f() goto l ::l:: while x do _ENV = nil break end end",
	"local s = 'a' .. string.rep('b', 300) log(\"\\0\", nil == x, not y)",
	"repeat local t = {a = 1, [b] = 3; f 'x'} until type(a) == 'b' or c",
	NULL
};

/* A sum over all that is told: each text is read, each line. */
static void
on_use(void *arg, const struct bytecode_use *u)
{
	const struct bytecode_text *texts[] = { &u->name, &u->field,
	    &u->literal };
	unsigned *sum = arg;

	*sum += (unsigned)u->line + (unsigned)u->kind;
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < texts[i]->len; k++)
			*sum += (unsigned char)texts[i]->p[k];
}

static int
write_dump(lua_State *L, const void *p, size_t n, void *arg)
{
	(void)L;
	return buffer_put(arg, p, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	lua_State *L = luaL_newstate();
	unsigned sum = 0, at = 2166136261u;
	struct buffer b;

	if (L == NULL)
		abort();
	(void)bytecode_walk(data, size, on_use, &sum);
	buffer_init(&b, 0);
	if (luaL_loadbufferx(L, (const char *)data, size, "=x", "t") ==
	    LUA_OK) {
		if (lua_dump(L, write_dump, &b, 0) != 0 ||
		    !bytecode_walk(b.data, b.len, on_use, &sum))
			abort();
		for (size_t i = 0; i < size; i++)
			at = (at ^ data[i]) * 16777619u;
		for (int i = 0; i < 16; i++) {
			at = at * 1664525u + 1013904223u;
			b.data[at % b.len] = (char)(at >> 24);
			(void)bytecode_walk(b.data, b.len, on_use, &sum);
		}
	}
	buffer_free(&b);
	lua_close(L);
	return sum == UINT32_MAX ? -1 : 0;
}
