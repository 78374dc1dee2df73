/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_usage.c - which globals are reported as mistakes, and above all which
 * are not. Lua compiles the chunks; the globals are those of a real state.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "worker/check/usage.h"
#include "worker/compat/compat.h"
#include "worker/job/worker.h"
#include "worker/lua/vm.h"

static struct {
	struct worker w;
	lua_State *L;
	struct usage *g;
	const char *place;
	struct buffer dump, said;
} rig;

static void
open_image(lua_State *L)
{
	static const char *const names[] = { "config", "copy" };

	lua_newtable(L);
	for (size_t i = 0; i < 2; i++) {
		lua_pushboolean(L, 1);
		lua_setfield(L, -2, names[i]);
	}
	vm_refuse(L, "image.", "exportTar", "no files");
	lua_setglobal(L, "image");
}

static void
on_use(void *arg, const struct bytecode_use *u)
{
	(void)arg;
	usage_add(rig.g, rig.place, u);
}

static void
on_mistake(void *arg, const char *text)
{
	(void)arg;
	buffer_printf(&rig.said, "%s%s", rig.said.len != 0 ? "\n" : "", text);
}

static int
write_dump(lua_State *L, const void *p, size_t n, void *arg)
{
	(void)L;
	return buffer_put(arg, p, n);
}

static void
begin(void)
{
	static const struct vm_library libraries[] = {
		COMPAT_LIBRARIES, { open_image, NULL }, { NULL, NULL }
	};
	struct error err;

	memset(&rig, 0, sizeof(rig));
	rig.L = vm_new(&rig.w, WORKER_MEMORY, libraries, &err);
	cr_assert_not_null(rig.L);
	rig.g = usage_new();
	buffer_init(&rig.dump, 0);
	buffer_init(&rig.said, 0);
}

static void
add(const char *place, const char *script)
{
	buffer_clear(&rig.dump);
	cr_assert_eq(vm_load(rig.L, script, strlen(script), "=x"), LUA_OK,
	    "%s", lua_tostring(rig.L, -1));
	cr_assert_eq(lua_dump(rig.L, write_dump, &rig.dump, 0), 0);
	lua_pop(rig.L, 1);
	rig.place = place;
	cr_assert(bytecode_walk(rig.dump.data, rig.dump.len, on_use, NULL));
}

static void
end(const char *script, const char *expected)
{
	int top = lua_gettop(rig.L);

	usage_judge(rig.g, rig.L, on_mistake, NULL);
	cr_expect_eq(lua_gettop(rig.L), top);
	cr_expect_str_eq(buffer_str(&rig.said), expected, "%s: %s", script,
	    buffer_str(&rig.said));
	usage_free(rig.g);
	buffer_free(&rig.dump);
	buffer_free(&rig.said);
	vm_free(rig.L);
}

static void
says(const char *script, const char *expected)
{
	begin();
	add("s", script);
	end(script, expected);
}

#define UNKNOWN(line, name) "s:" #line ": nothing defines the global \"" name \
	"\""

Test(usage, mistakes)
{
	says("log(x1)\n\nlog(y1)", UNKNOWN(1, "x1") "\n" UNKNOWN(3, "y1"));
	says("\nimge.copy('a', 'b')", UNKNOWN(2, "imge")
	    ", did you mean \"image\"?");
	says("image.cpoy('a', 'b')", "s:1: image has no function or field "
	    "\"cpoy\", did you mean \"copy\"?");
	says("string.splt('a')\nfunction string.split(a) return a end",
	    "s:1: string has no function or field \"splt\", did you mean "
	    "\"split\"?");
	says("local function f()\n return function()\n  return qqq\n end\n"
	    "end f()()", UNKNOWN(3, "qqq"));
	says("mytags = {}\nfor _ in pairs(mytag) do end", UNKNOWN(2, "mytag")
	    ", did you mean \"mytags\"?");
	says("image.exportTar('a')", "s:1: image.exportTar is not available in "
	    "regbot scripts: no files");
	says("dofile 'x'", "");
	says("image:cpoy()", "s:1: image has no function or field \"cpoy\", "
	    "did you mean \"copy\"?");
	/* Each once, whatever stands around it. */
	says("log(qq)\nlog(qq .. qq)\nlog(qq + 1)", UNKNOWN(1, "qq"));
	says("do local qq = 1 end log(qq)", UNKNOWN(1, "qq"));
	says("log(\"a\" .. qq .. \"b\")", UNKNOWN(1, "qq"));
	says("local x = not qqq2 == nil", "");
}

Test(usage, defined_somewhere)
{
	says("x = 1 log(x)", "");
	says("log(x) if false then x = 1 end", "");
	says("function f() g() end function g() f() end f()", "");
	says("local function f() y = 1 end log(y)", "");
	says("_G.x = 1 log(x)", "");
	says("log(_G.whatever)", "");
	says("for k, v in pairs({}) do log(k, v) end", "");
	says("log(arg[1], ...)", "");
	says("image.mine = 1 log(image.mine)", "");
	says("function image.mine() end image.mine() image:mine()", "");
	says("image = {} image.anything()", "");
	says("local image = {} image.anything()", "");
	says("local x = os.time() + math.huge + #string.rep('x', 3)", "");
	says("return function(image) return image.x end", "");
	says("goto e ::e:: repeat local z = 1 until z", "");
}

Test(usage, only_tested)
{
	says("if jit then log(jit.version) end", "");
	says("local u = unpack or table.unpack2", "s:1: table has no function "
	    "or field \"unpack2\", did you mean \"unpack\"?");
	says("local u = table.unpack2 or unpack", "");
	says("if not image.nope then image.nope = 1 end", "");
	says("if image.nope then image.nope() end", "");
	says("if type(nope) == 'function' then nope() end", "");
	says("if type(image.nope) == 'function' then image.nope() end", "");
	says("if nope == nil then log 'x' end", "");
	says("if nil ~= nope then nope() end", "");
	says("local x = nope and nope.x", "");
	says("while nope do break end", "");
}

Test(usage, anything_may_be_defined)
{
	says("_G[name()] = 1 log(x)", "");
	says("for _, n in ipairs{'x'} do _G[n] = 1 end log(x)", "");
	says("local g = _G g.x = 1 log(x)", "");
	says("rawset(_G, 'x', 1) log(x)", "");
	says("setmetatable(_G, {}) log(x)", "");
	says("setfenv(1, {}) log(x)", "");
	says("module('m', package.seeall) log(x)", "");
	says("load('x = 1')() log(x)", "");
	says("local _ENV = {log = log} log(x)", "");
	says("_ENV = {} log(x)", "");
	says("local e = _ENV e.x = 1 log(x)", "");
	says("local n = 'x' _ENV[n] = 1 log(x)", "");
	says("require(name) log(x)", "");
	says("local r = require r('x') log(x)", "");
	says("local i = image i.more = 1 log(image.more)", "");
	says("extend(image) function extend(t) t.x = 1 end log(image.x)", "");
	says("image[k] = 1 k = 2 log(image.x)", "");
}

Test(usage, modules)
{
	const struct usage_module *m;

	begin();
	add("s", "\nlocal a = require 'a'\npcall(require, 'b')\n"
	    "require('c.d').x() require 'a' log(mine, not_mine)");
	add("m", "mine = 1\nlog(qqqq)");
	for (size_t i = 0; (m = usage_module(rig.g, i)) != NULL; i++)
		buffer_printf(&rig.said, "%s:%d %s%s;", m->place, m->line,
		    m->name, m->sure ? "" : "?");
	cr_expect_str_eq(buffer_str(&rig.said), "s:2 a;s:3 b?;s:4 c.d;");
	cr_expect_not(usage_touch_package(rig.g));
	buffer_clear(&rig.said);
	end("", "m:2: nothing defines the global \"qqqq\"\n"
	    UNKNOWN(4, "not_mine"));
	begin();
	add("s", "package.preload.x = f function f() end");
	cr_expect(usage_touch_package(rig.g));
	end("", "");
}

/* A name that does not fit into an instruction any more is in a register. */
Test(usage, many_constants)
{
	struct buffer b;

	begin();
	buffer_init(&b, 0);
	for (int i = 0; i < 400; i++)
		buffer_printf(&b, "v%d = %d.5\n", i, i);
	buffer_puts(&b, "log(v399) log(qqq)\nimage.cpoy()\nlate = log(v1)\n"
	    "log(late)\nfunction string.mine() end string.mine()");
	add("s", buffer_str(&b));
	end("v0 = 0.5 ...", "s:401: nothing defines the global \"qqq\"\n"
	    "s:402: image has no function or field "
	    "\"cpoy\", did you mean \"copy\"?");
	buffer_free(&b);
}

/* A dump that is cut or changed anywhere ends somehow. */
Test(usage, not_a_dump)
{
	begin();
	add("s", "local a = require 'a' function f(x) return image.copy(x) end "
	    "if jit then y = 1.5 z = 1 end for k in pairs(t) do f(k) end");
	for (size_t n = 0; n < rig.dump.len; n++)
		cr_expect_not(bytecode_walk(rig.dump.data, n, on_use, NULL));
	for (size_t i = 0; i < rig.dump.len; i++) {
		char old = rig.dump.data[i];

		for (int bit = 0; bit < 8; bit++) {
			rig.dump.data[i] = (char)(old ^ 1 << bit);
			(void)bytecode_walk(rig.dump.data, rig.dump.len, on_use,
			    NULL);
		}
		rig.dump.data[i] = old;
	}
	cr_expect(bytecode_walk(rig.dump.data, rig.dump.len, on_use, NULL));
	usage_free(rig.g);
	buffer_free(&rig.dump);
	vm_free(rig.L);
}
