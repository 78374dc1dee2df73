/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as scripts and logs see them, and scripts that mean no good. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/lua/vmrig.h"

/* How every traceback ends: with what called the script. */
#define END "\n\t[C]: ?"

/* How the search for a module ends. */
#define HINT "\n\tLUA_PATH and package.path are ignored: name its " \
	"directory in defaults.modules"

#define SMALL (16u * 1024 * 1024)

/* The whole text of a failure. */
Test(vm, failures)
{
	static const struct {
		const char *script, *text;
	} rows[] = {
		{ "x = = 1", "<string>:1: unexpected symbol near '='" },
		{ "\nlog 'a' .. t", "<string>:2: unexpected symbol near '..' "
		    "(an argument with \"..\" needs parentheses: log(\"a\" .. "
		    "b))" },
		{ "\nx = 'a' .. = 1 .. 2",
		    "<string>:2: unexpected symbol near '='" },
		{ "for i = 1, 2 do\n", "<string>:2: 'end' expected (to "
		    "close 'for' at line 1) near <eof>" },
		{ "log('abc\nlog('x')",
		    "<string>:1: unfinished string near ''abc'" },
		{ "log('before')\nerror('boom')", "<string>:2: boom\nstack "
		    "traceback:\n\t[C]: in function 'error'\n\t<string>:2: "
		    "in main chunk" END },
		{ "log(nil)", "<string>:1: bad argument #1 to 'log' (string "
		    "expected, got nil)\nstack traceback:\n\t[C]: in "
		    "function 'log'\n\t<string>:1: in main chunk" END },
		{ "error('plain', 0)", "plain\nstack traceback:\n\t[C]: in "
		    "function 'error'\n\t<string>:1: in main chunk" END },
		{ "local x\n\nlog('a' .. x)", "<string>:3: attempt to "
		    "concatenate a nil value (local 'x')\nstack traceback:"
		    "\n\t<string>:3: in main chunk" END },
		{ "error(setmetatable({}, {__tostring = function() return "
		    "'mine' end}))", "mine\nstack traceback:\n\t[C]: in "
		    "function 'error'\n\t<string>:1: in main chunk" END },
		{ "require 'errmod'", "./errmod.lua:2: module load failed\n"
		    "stack traceback:\n\t[C]: in function 'error'\n\t"
		    "./errmod.lua:2: in main chunk\n\t[C]: in function "
		    "'require'\n\t<string>:1: in main chunk" END },
		{ "local function inner(a)\n  return a.b.c\nend\n"
		    "function outer(x)\n  return inner(x)\nend\nouter({})",
		    "<string>:2: attempt to index a nil value (field 'b')\n"
		    "stack traceback:\n\t<string>:2: in function "
		    "<<string>:1>\n\t(tailcall): ?\n\t<string>:7: in "
		    "main chunk" END },
		/* A line of the script must be told from one of a text. */
		{ "\nload('error(\"x\")')()", "<load>:1: x\nstack traceback:"
		    "\n\t[C]: in function 'error'\n\t<load>:1: in main chunk"
		    "\n\t<string>:2: in main chunk" END },
		{ "string.gsub('a', 'a', function() error('x') end)",
		    "<string>:1: x\nstack traceback:\n\t[C]: in function "
		    "'error'\n\t<string>:1: in function <<string>:1>\n\t"
		    "[C]: in function 'gsub'\n\t<string>:1: in main "
		    "chunk" END },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vmrig rig = { 0 };

		vmrig_run(&rig, rows[i].script);
		cr_expect(rig.result.failed);
		cr_assert_not_null(rig.result.text);
		cr_expect_str_eq(rig.result.text, rows[i].text,
		    "%s: got %s", rows[i].script, rig.result.text);
		vmrig_free(&rig);
	}
}

/* Errors that a script catches: what pcall's second result says. */
Test(vm, caught)
{
	static const char *const rows[][2] = {
		{ "return 'a' .. undefinedvar", "<string>:2: attempt to "
		    "concatenate a nil value (global 'undefinedvar')" },
		{ "local t = {} return 'a' .. t.b .. 'c'", "<string>:2: "
		    "attempt to concatenate a nil value (field 'b')" },
		{ "return 'a' .. {} .. 'c'",
		    "<string>:2: attempt to concatenate a table value" },
		{ "return f .. true", "<string>:2: attempt to concatenate a "
		    "function value (upvalue 'f')" },
		{ "return nil < '2021'",
		    "<string>:2: attempt to compare nil with string" },
		{ "require 'nomod'", "<string>:2: module nomod not found:\n\t"
		    "no field package.preload['nomod']\n\tno file "
		    "'./nomod.lua'" HINT },
		{ "require 'badmod'", "<string>:2: ./badmod.lua:2: "
		    "unexpected symbol near '='" },
		{ "require 'loopmod'", "./loopmod.lua:1: loop or previous "
		    "error loading module: loopmod" },
		{ "require '../x\\n'", "<string>:2: module ../x\n not "
		    "found:\n\tno field package.preload['../x\n']\n\t"
		    "'../x\n' is not a module name" HINT },
		{ "for _ in ipairs(nil) do end", "<string>:2: bad argument #1 "
		    "to 'ipairs' (table expected, got nil)" },
		{ "for _ in ipairs('abc') do end", "<string>:2: bad argument "
		    "#1 to 'ipairs' (table expected, got string)" },
		{ "for _ in pairs(nil) do end", "<string>:2: bad argument #1 "
		    "to 'pairs' (table expected, got nil)" },
		{ "pairs(io.popen)", "<string>:2: bad argument #1 to 'pairs' "
		    "(table expected, got function)" },
		{ "ipairs()", "<string>:2: bad argument #1 to 'ipairs' (table "
		    "expected, got nil)" },
		{ "unpack(nil)", "<string>:2: bad argument #1 to 'unpack' "
		    "(table expected, got nil)" },
		{ "table.insert(nil, 1)", "<string>:2: bad argument #1 to "
		    "'table.insert' (table expected, got nil)" },
		{ "io.popen('ls')", "<string>:2: io.popen is not available "
		    "in regbot scripts: they start no programs" },
		{ "os.remove('x')", "<string>:2: os.remove is not available "
		    "in regbot scripts: they reach no files" },
		{ "dofile('x')", "<string>:2: dofile is not available in "
		    "regbot scripts: use require" },
		{ "setmetatable({}, {__gc = print})", "<string>:2: __gc is "
		    "not available in regbot scripts" },
		{ "getmetatable('').__index = nil", "<string>:2: the "
		    "metatable of strings cannot be changed; functions can be "
		    "added to the table string" },
		{ "os.time{year = 2020, month = 1}", "<string>:2: field "
		    "'day' missing in date table: write day = 1 for the "
		    "first of the month" },
		{ "channel.make()", "<string>:2: channel.make: there are no "
		    "channels in regbot scripts, as there are no goroutines" },
		{ "assert(load('\\27Lua'))", "<string>:2: attempt to load a "
		    "binary chunk (mode is 't')" },
		{ "assert(load('return 1', 'x', 'b'))",
		    "<string>:2: only text can be loaded" },
		{ "assert(loadstring('x = = 1'))",
		    "<string>:2: <load>:1: unexpected symbol near '='" },
		{ "string.dump(print)", "<string>:2: attempt to call a nil "
		    "value (field 'dump')" },
		{ "debug.sethook()", "<string>:2: debug.sethook is not "
		    "available in regbot scripts: they see no more of the "
		    "interpreter than debug.traceback shows" },
		{ "debug.x()", "<string>:2: attempt to call a nil value "
		    "(field 'x')" },
		{ "table.sort({3, 'a'})", "<string>:2: attempt to compare "
		    "string with number" },
		{ "table.sort({{}, {}})", "<string>:2: attempt to compare two "
		    "table values" },
		{ "math.max(1, 'x')", "<string>:2: bad argument #2 to "
		    "'math.max' (number expected, got string)" },
		{ "math.min()", "<string>:2: bad argument #1 to 'math.min' "
		    "(number expected, got nil)" },
		{ "next({}, 'x')", "<string>:2: invalid key to 'next'" },
		{ "next(nil)", "<string>:2: bad argument #1 to 'next' (table "
		    "expected, got nil)" },
		{ "coroutine.yield(1)", "<string>:2: attempt to yield from "
		    "outside a coroutine" },
		{ "coroutine.wrap(function()\nlocal x = nil; x.y = 1 end)()",
		    "<string>:3: attempt to index a nil value (local 'x')" },
		{ "coroutine.wrap(5)", "<string>:2: bad argument #1 to "
		    "'coroutine.wrap' (function expected, got number)" },
		{ "local function f() return 1 + f() end f()",
		    "<string>:2: stack overflow" },
		{ "error()", "nil" },
		{ "('x'):rep(1e18)", "<string>:2: resulting string too "
		    "large" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vmrig rig = { 0 };
		char script[512];

		snprintf(script, sizeof(script), "local f ; f = function()\n"
		    "%s\nend local ok, e = pcall(f) e = tostring(e) "
		    "log(tostring(ok) .. ' ' .. e)", rows[i][0]);
		vmrig_run(&rig, script);
		cr_expect_not(rig.result.failed, "%s", rig.result.text);
		cr_assert_eq(strncmp(rig.log, "false ", 6), 0, "%s: %s",
		    rows[i][0], rig.log);
		cr_expect_str_eq(rig.log + 6, rows[i][1], "%s: got %s",
		    rows[i][0], rig.log + 6);
		vmrig_free(&rig);
	}
}

/* Each of these never ends by itself. */
static const char *const endless[] = {
	"while true do end",
	"while true do pcall(function() while true do end end) end",
	"local function f() while true do end end\n"
	    "while true do pcall(pcall, f) end",
	"local function f() pcall(f) while true do end end f()",
	"while true do coroutine.resume(coroutine.create(function() while "
	    "true do end end)) end",
	"coroutine.wrap(function() while true do end end)()",
	"while true do pcall(error) end",
	"while true do xpcall(function() while true do end end, function() "
	    "while true do end end) end",
	"local function f() return f() end f()",
	"error(setmetatable({}, {__tostring = function() while true do end "
	    "end}))",
	"local t = setmetatable({}, {__concat = function() while true do end "
	    "end}) return t .. 1",
	"table.sort({1, 2, 3}, function() while true do end end)",
	"string.gsub('a', 'a', function() while true do end end)",
	"load(function() while true do end end)",
	"goto a ::a:: ::b:: goto b",
	"for i = 1, math.huge do local s = ('x'):rep(1000) end",
};

Test(vm, deadline)
{
	for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++) {
		struct vmrig rig = { .timeout_ms = 30 };

		vmrig_run(&rig, endless[i]);
		cr_expect(rig.result.failed, "%s", endless[i]);
		cr_assert_not_null(rig.result.text, "%s", endless[i]);
		cr_expect_not_null(strstr(rig.result.text,
		    ": timeout of 30ms reached"), "%s: got %s", endless[i],
		    rig.result.text);
		cr_expect_eq(rig.nlate, 1);
		cr_expect_eq(strncmp(rig.late, "<string>:", 9), 0);
		vmrig_free(&rig);
	}
}

Test(vm, deadline_names_the_line)
{
	struct vmrig rig = { .timeout_ms = 20 };

	vmrig_run(&rig, "local x = 1\nlog('on')\nwhile true do end");
	cr_expect_str_eq(rig.result.text, "<string>:3: timeout of 20ms "
	    "reached\nstack traceback:\n\t<string>:3: in main chunk" END);
	cr_expect_str_eq(rig.late, "<string>:3");
	vmrig_free(&rig);
}

/* STOP arrives on the loop, which the hook turns. */
Test(vm, stop_reaches_a_computing_script)
{
	struct vmrig rig = { .stop_after_ms = 20 };

	vmrig_run(&rig, "\nwhile true do pcall(error) end");
	cr_expect_str_eq(rig.result.text, "<string>:2: stopped by SIGTERM\n"
	    "stack traceback:\n\t<string>:2: in main chunk" END);
	cr_expect_eq(rig.nlate, 1);
	vmrig_free(&rig);
}

/* Each of these wants more memory than there is. */
static const char *const hungry[] = {
	"local s = 'x' while true do s = s .. s end",
	"local t = {} while true do t = {t} end",
	"local t = {} for i = 1, 1e12 do t[i] = i end",
	"return ('x'):rep(1e9)",
	"local s = 'x' while true do pcall(function() while true do "
	    "s = s .. s end end) end",
	"while true do pcall(string.rep, 'x', 1e9) end",
	"while true do pcall(table.concat, {('x'):rep(9e6), ('y'):rep(9e6)})"
	    " end",
	"local t = {} while true do t[#t + 1] = coroutine.create(log) end",
	"local t = {} while true do pcall(function() while true do "
	    "t[#t + 1] = coroutine.wrap(function() end) end end) end",
	"local t = {} while true do t[#t + 1] = ('x'):rep(1e5) .. #t end",
	"string.format(('%99.99f'):rep(1e6))",
};

Test(vm, memory)
{
	for (size_t i = 0; i < sizeof(hungry) / sizeof(hungry[0]); i++) {
		struct vmrig rig = { .timeout_ms = 60000, .memory = SMALL };

		vmrig_run(&rig, hungry[i]);
		cr_expect(rig.result.failed, "%s", hungry[i]);
		cr_assert_not_null(rig.result.text, "%s", hungry[i]);
		cr_expect(strstr(rig.result.text, "not enough memory") !=
		    NULL || i == sizeof(hungry) / sizeof(hungry[0]) - 1,
		    "%s: got %s", hungry[i], rig.result.text);
		cr_expect_null(strstr(rig.result.text, "timeout"));
		vmrig_free(&rig);
	}
}

/* A script that meets the limit once and frees is not ended. */
Test(vm, memory_comes_back)
{
	struct vmrig rig = { .memory = SMALL };

	vmrig_run(&rig, "for i = 1, 100 do local s = ('x'):rep(5e6) end\n"
	    "log(tostring(pcall(string.rep, 'x', 1e9))) log('on')");
	cr_expect_not(rig.result.failed, "%s", rig.result.text);
	cr_expect_str_eq(rig.log, "false\non");
	vmrig_free(&rig);
}

/* Nesting and size that break naive compilers and stacks. */
Test(vm, depth)
{
	static const char *const rows[] = {
		"log(tostring((load(('('):rep(1e4) .. '1' .. "
		    "(')'):rep(1e4)))))",
		"log(tostring((load('return ' .. ('{'):rep(1e5)))))",
		"log(tostring((load('x = ' .. ('a..'):rep(1e5) .. 'a'))))",
		"log(tostring((load('x = ' .. ('-'):rep(1e5) .. 'a .. b'))))",
		"log(tostring((load(('x'):rep(2e6)))))",
		"local t = setmetatable({}, {__index = function(t, k) return "
		    "t[k] end}) pcall(function() return t.x end) log('nil')",
		"local t = setmetatable({}, {__concat = function(a, b) return "
		    "a .. b end}) pcall(function() return t .. 1 end) "
		    "log('nil')",
		"local function f() coroutine.wrap(f)() end pcall(f) "
		    "log('nil')",
		"xpcall(error, function(e) error(e) end) log('nil')",
		"pcall(table.unpack, {}, 1, 1e8) log('nil')",
		"pcall(table.sort, setmetatable({}, {__len = function() "
		    "return 1 << 40 end})) log('nil')",
		"pcall(string.format, '%99999d', 1) log('nil')",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vmrig rig = { .timeout_ms = 60000 };

		vmrig_run(&rig, rows[i]);
		cr_expect_not(rig.result.failed, "%s: %s", rows[i],
		    rig.result.text);
		cr_expect_str_eq(rig.log, "nil", "%s: %s", rows[i], rig.log);
		vmrig_free(&rig);
	}
}

Test(vm, exit_ends_only_the_script)
{
	static const struct {
		const char *script;
		int code;
	} rows[] = {
		{ "pcall(os.exit, 3) log('no')", 3 },
		{ "coroutine.wrap(function() pcall(os.exit, 4) end)() "
		    "log('no')", 4 },
		{ "os.exit(false) log('no')", 1 },
		{ "os.exit(true) log('no')", 0 },
		{ "os.exit() log('no')", 0 },
		{ "table.sort({1, 2}, function() os.exit(7.9) end)", 7 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vmrig rig = { 0 };

		vmrig_run(&rig, rows[i].script);
		cr_expect_eq(rig.result.failed, rows[i].code != 0);
		cr_expect_eq(rig.result.exit_code, rows[i].code);
		cr_expect_str_eq(rig.log, "");
		vmrig_free(&rig);
	}
}
