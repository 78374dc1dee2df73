/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pre-pass against Lua itself: what compiles without it compiles with it,
 * what does not does not, all of a program's ".." are found, and no line is
 * lost or added.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "common/mem.h"
#include "worker/prepass/lex.h"
#include "worker/prepass/prepass.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"local a, b = 1, 'x' .. 2 .. [[y\n]] .. f(...) log(a .. b)\n",
	"for k, v in pairs(t) do log(k .. '=' .. v) end -- a..b\n",
	"if not a .. b == c and -d ^ 2 .. e < f << g .. h then return a..b end",
	"function m.x:y(p, ...) return p .. self[1 .. 2].z .. {...}, 1 end",
	"local function f() goto l ::l:: while x do break end end;\n",
	"repeat local t = {a = 1 .. 2, ['b' .. 1] = 3; f 'x' .. y} until a..b",
	"log('\\d\\.\\x41\\u{48}\\z \n \\065' .. \"\\-\\\\\\\n\") --[==[ .. ]==]",
	"t.a[b .. c], d = (a .. b):rep(3) .. 0x1p4 .. 1.5e-3 .. ~1 // 2, #d",
	"local x = a .. 'b'\n(f)() y = a .. b function g() end (h or i) 'x' {}",
	"while a .. b do if c .. d then elseif e .. 1 then else return end end",
	"for i = #a .. 1, ~b ~ c .. d do s:m 'x' [1] {y}.z = {[a .. b] = c} end",
	"local function f(a, ...) local function g(arg) return arg end "
	"(h)(arg[1] .. t.arg, function(...) return #arg, arg.n end) end",
	NULL
};

static size_t
count_lines(const char *s, size_t n)
{
	size_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += s[i] == '\n' || s[i] == '\r';
	return lines;
}

/* 0 compiles, 1 does not, 2 is above one of Lua's limits. */
static int
compile(lua_State *L, const char *s, size_t n)
{
	static const char *const limits[] = {
		"too many", "limit", "overflow", "needs too", "too complex"
	};
	int r = luaL_loadbufferx(L, s, n, "=x", "t") != LUA_OK;

	for (size_t i = 0; r != 0 &&
	    i < sizeof(limits) / sizeof(limits[0]); i++)
		if (strstr(lua_tostring(L, -1), limits[i]) != NULL)
			r = 2;
	lua_settop(L, 0);
	return r;
}

static void
check_chains(const char *s, size_t n)
{
	size_t count;
	bool whole;
	struct lua_token *t = lex(s, n, &count, &whole);

	if (!whole)
		abort();
	for (size_t i = 0; i < count; i++)
		if (t[i].type == LEX_CONCAT)
			abort();
	free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static lua_State *L;
	char *src = mem_strndup((const char *)data, size), *plain, *full;
	size_t nplain, nfull, lines = count_lines(src, size);
	char name[64];
	int before, after, line;
	char letter = 0;
	bool field;

	if (L == NULL && (L = luaL_newstate()) == NULL)
		abort();
	plain = prepass_escapes(src, size, &nplain);
	full = prepass(src, size, &nfull);
	if (count_lines(plain, nplain) != lines ||
	    count_lines(full, nfull) != lines)
		abort();
	before = compile(L, plain, nplain);
	after = compile(L, full, nfull);
	if (before != 2 && after != 2 && before != after)
		abort();
	if (before == 0 && after == 0)
		check_chains(full, nfull);
	prepass_operand(src, size, 1, 2, (int)(size % 2), name, sizeof(name),
	    &field);
	/* It finds one where one is dropped, on a line that there is. */
	line = prepass_needless(src, size, &letter);
	if (line < 0 || (size_t)line > lines + 1 ||
	    (line > 0 && (letter <= ' ' || nplain >= size)))
		abort();
	free(src);
	free(plain);
	free(full);
	return 0;
}
