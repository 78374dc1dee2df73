/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where regbot's Lua 5.1 and Lua 5.3 differ: a row a difference, with what
 * scripts get here. The names of functions in errors are in
 * test_compat_names.c, numbers and libraries at length in test_vm.c.
 */
#include <criterion/criterion.h>

#include "tests/unit/lua/vmrig.h"

/* In a script, ERR(f) logs the error that f raises. */
#define ERR "local function ERR(f, ...) log(tostring(select(2, " \
	"pcall(f, ...)))) end "

#define CHECK(rows) vmrig_check(rows, sizeof(rows) / sizeof((rows)[0]))

Test(compat, syntax)
{
	static const struct vmrig_row rows[] = {
		{ "log \"x\" .. t", "log(select(2, load('log \"x\" .. t')))",
		    "<load>:1: unexpected symbol near '..' (an argument with "
		    "\"..\" needs parentheses: log(\"a\" .. b))" },
		{ "for i=4/2,1,-1", "for i = 4/2, 1, -1 do log(i) end",
		    "2\n1" },
		{ "// & | ~ << >>, hex floats, \\x \\z \\u{}",
		    "print(7 // 2, 6 & 3, 4 | 1, 5 ~ 1, ~0, 1 << 4, 256 >> 4,"
		    " 0x.8p1, '\\x41\\z  \n b\\u{e9}')",
		    "3\t2\t5\t4\t-1\t16\t16\t1\tAb\xc3\xa9" },
		{ "\\d \\. \\- in strings", "print('\\d\\.\\-\\_\\ \\[', "
		    "\"^%d+\\.%d+$\", ('1.2'):match('^%d+\\.%d+$'))",
		    "d.-_ [\t^%d+.%d+$\t1.2" },
		{ "\\ in comments and long strings",
		    "--[[ \\d ]] local s = [[\\d]] -- '\\d\nlog(s .. [==[\\.]==])",
		    "\\d\\." },
		{ "\\xZZ and \\u without braces", "log('\\xzz\\u1')",
		    "xzzu1" },
		{ "goto continue", "for i = 1, 3 do if i == 2 then goto "
		    "continue end log(i) ::continue:: end", "1\n3" },
		{ "break mid-block, ;;", "while true do break; end ;; log 'x'",
		    "x" },
		{ "newline before (", "local f = log\nf\n('x')", "x" },
		{ "vararg arg table", "local function f(...) "
		    "print(arg.n, arg[1], arg[2], #arg) end f('a', nil, 3) "
		    "f()", "3\ta\tnil\t3\n0\tnil\tnil\t0" },
	};

	CHECK(rows);
}

Test(compat, varargs)
{
	static const struct vmrig_row rows[] = {
		{ "beside ...", "local function f(...) local a = ... "
		    "print(a, arg.n, select('#', ...)) end f(1, 2)",
		    "1\t2\t2" },
		{ "methods and fields", "local t = {a = {}} function "
		    "t.a.b(...) return arg[1] end log(t.a.b(7))", "7" },
		{ "methods", "local t = {} function t:m(x, ...) log(x .. "
		    "arg[1] .. arg.n) end t:m('a', 'b')", "ab1" },
		{ "an anonymous function", "log((function(...) return arg[2] "
		    "end)(1, 2))", "2" },
		{ "an inner function without ...", "local function f(...) "
		    "local function g() return arg[1] end return g() end "
		    "log(f('up'))", "up" },
		{ "an inner function with its own", "local function f(...) "
		    "local function g(...) return arg[1] end return g('in') "
		    ".. arg[1] end log(f('out'))", "inout" },
		{ "a parameter arg", "local function f(arg, ...) return arg "
		    "end log(f('p', 'q'))", "p" },
		{ "a parameter arg of an inner function", "local function "
		    "f(...) return (function(arg) return arg end)('x') end "
		    "log(f('y'))", "x" },
		{ "a local of its own", "local function f(...) local arg = "
		    "{...} return arg[1] .. tostring(arg.n) end log(f('x'))",
		    "xnil" },
		{ "a global of the main chunk", "arg = {'main'} log(arg[1]) "
		    "local function f() return arg[1] end log(f())",
		    "main\nmain" },
		{ "a field", "local t = {arg = 1} local function f(...) return "
		    "t.arg end log(f(2))", "1" },
		{ "without globals", "local f = setfenv(function(...) return "
		    "arg.n end, {}) log(f(1, 2))", "2" },
		{ "a bracket begins the body", "local function f(...) "
		    "(log)('x' .. arg[1]) end f('y')", "xy" },
		{ "lines stay", "local function f(...)\nlocal x = arg\n"
		    "error('e')\nend\nlog(select(2, pcall(f)))",
		    "<string>:3: e" },
		{ "in load", "log(load('local function f(...) return arg.n "
		    "end return f(1, 2, 3)')())", "3" },
		{ "blocks too deep for Lua", "local s = ('function(...) return "
		    "arg, '):rep(5000) print(load('return ' .. s) == nil) "
		    "log(load(('do '):rep(150) .. 'local function f(...) "
		    "return arg[1] end log(f(\"deep\")) ' .. "
		    "('end '):rep(150)) and 'ok')", "true\nok" },
		{ "many", "local function f(...) return arg.n, arg[10000] end "
		    "local t = {} for i = 1, 10000 do t[i] = i end "
		    "print(f(unpack(t)))", "10000\t10000" },
	};

	CHECK(rows);
}

Test(compat, numbers)
{
	static const struct vmrig_row rows[] = {
		{ "10/2, 2^31, \"10\"+1, tonumber(\"3.0\") shown",
		    "print(10/2, 2^31, '10'+1, tonumber('3.0'))",
		    "5\t2147483648\t11\t3" },
		{ "\"v\"..(major+1)", "local major = ('v10'):match('%d+') "
		    "log('v' .. (major + 1))", "v11" },
		{ "other number text", "print(1/3, 2^53, 1/0, -1/0)",
		    "0.3333333333333333\t9007199254740992\t+Inf\t-Inf" },
		{ "ints wrap", "print(4294967296 * 4294967296)", "0" },
		{ "1%0", ERR "ERR(function() return 1 % 0 end)",
		    "<string>:1: attempt to perform 'n%0'" },
		{ "t[4/2], 1==1.0", "local t = {} t[2] = 'x' print(t[4/2], "
		    "1 == 1.0)", "x\ttrue" },
		{ "tonumber(\"1e3\"), 20 digits", "print(tonumber('1e3'), "
		    "tonumber('12345678901234567890') > 1e19)", "1000\ttrue" },
		{ "math.pow, math.mod", "print(math.pow(2, 3), math.mod(7, 3), "
		    "math.ldexp(1, 3), math.log10(1000))", "8\t1\t8\t3" },
	};

	CHECK(rows);
}

Test(compat, base)
{
	static const struct vmrig_row rows[] = {
		{ "unpack", "print(unpack({1, 2, 3}, 2))", "2\t3" },
		{ "unpack 6000", "log(select('#', unpack({}, 1, 6000)))",
		    "6000" },
		{ "loadstring, load", "print(loadstring('return 1')(), "
		    "load('return 2')(), type(load(function() end)))",
		    "1\t2\tfunction" },
		{ "setfenv, getfenv", "local f = function() return x end "
		    "setfenv(f, {x = 1}) print(f(), getfenv(f).x, "
		    "getfenv() == _G)", "1\t1\ttrue" },
		{ "module, package.seeall, package.loaders",
		    "local _G = _G module('m', package.seeall) x = 1 "
		    "print(_G.m.x, type(package.loaders))", "1\ttable" },
		{ "table.foreach, gcinfo, newproxy, _GOPHER_LUA_VERSION",
		    "print(table.foreach, gcinfo, _printregs, "
		    "_GOPHER_LUA_VERSION)", "nil\tnil\tnil\tnil" },
		{ "newproxy", ERR "ERR(function() newproxy() end)",
		    "<string>:1: newproxy is not available in regbot "
		    "scripts: use setmetatable on a table" },
		{ "channel", ERR "ERR(function() channel.make() end)",
		    "<string>:1: channel.make: there are no channels in "
		    "regbot scripts, as there are no goroutines" },
		{ "_VERSION", "log(_VERSION)", "Lua 5.3" },
		{ "{1,nil,3}, ipairs", "log(#{1, nil, 3}) for _, v in "
		    "ipairs({1, nil, 3}) do log(v) end", "3\n1" },
		{ "pairs over a list", "for k, v in pairs({'a', 'b'}) do "
		    "log(k .. v) end", "1a\n2b" },
		{ "__pairs, ipairs __index", "for k, v in pairs(setmetatable("
		    "{}, {__pairs = function() return next, {x = 1} end})) do "
		    "log(k .. v) end for _, v in ipairs(setmetatable({}, "
		    "{__index = {'i'}})) do log(v) end", "x1\ni" },
		{ "recursion 1000 deep", "local function f(n) return n == 0 "
		    "and 0 or 1 + f(n - 1) end log(f(1000))", "1000" },
		{ "nil < \"2021\"", ERR "ERR(function() return nil < '2021' "
		    "end)", "<string>:1: attempt to compare nil with string" },
		{ "string compare <", "print('B' < 'a', '10' < '9', "
		    "'2021-01-02' < '2021-02')", "true\ttrue\ttrue" },
		{ "runtime texts", ERR "ERR(function() local t = {} "
		    "t.a.b = 1 end) ERR(function() nope() end) "
		    "ERR(function() return nil + 1 end)",
		    "<string>:1: attempt to index a nil value (field 'a')\n"
		    "<string>:1: attempt to call a nil value (global 'nope')\n"
		    "<string>:1: attempt to perform arithmetic on a nil "
		    "value" },
		{ "pcall(error,\"x\"), assert", ERR "ERR(error, 'x') "
		    "ERR(assert, false, 'm')", "x\nm" },
		{ "error(tbl), error()", "log(type(select(2, pcall(error, "
		    "{})))) log(tostring(select(2, pcall(error))))",
		    "table\nnil" },
		{ "xpcall extra args, yield across pcall",
		    "print(xpcall(function(a) return a end, print, 5)) "
		    "local f = coroutine.wrap(function() pcall(function() "
		    "coroutine.yield('y') end) return 'z' end) "
		    "print(f(), f())", "true\t5\ny\tz" },
		{ "coroutine.running() in main", "print(type(coroutine."
		    "running()), select(2, coroutine.running()), "
		    "coroutine.isyieldable())", "thread\ttrue\tfalse" },
		{ "require", "log(require('mymod') == require 'mymod' and "
		    "'once')", "once" },
		{ "package.path", "print(package.path:match('^[^;]+'), "
		    "package.cpath == '')", "./?.lua\ttrue" },
		{ "chunk name", ERR "ERR(function()\n error('e') end)",
		    "<string>:2: e" },
		{ "syntax error text", "log(select(2, load('x = = 1', "
		    "'=<string>')))",
		    "<string>:1: unexpected symbol near '='" },
		{ "log(x)", ERR "log(10/2) ERR(log, true) ERR(log, {})",
		    "5\n<string>:1: bad argument #1 to 'log' (string "
		    "expected, got boolean)\n<string>:1: bad argument #1 to 'log' (string expected, "
		    "got table)" },
	};

	CHECK(rows);
}

Test(compat, tables)
{
	static const struct vmrig_row rows[] = {
		{ "table.getn, table.maxn", "print(table.getn({1, 2}), "
		    "table.maxn({[1] = 1, [9.5] = 1}))", "2\t9.5" },
		{ "table.sort, bad comparator", "local t = {} for i = 1, 100 "
		    "do t[i] = i % 7 end table.sort(t, function(a, b) return "
		    "a <= b end) table.sort(t, function() return true end) "
		    "table.sort(t, function() return math.random() < .5 end) "
		    "log(#t)", "100" },
		{ "table.sort(t, nil), mixed types", ERR "local t = {2, 1} "
		    "table.sort(t, nil) log(t[1]) ERR(table.sort, {1, 'a'})",
		    "1\n<string>:1: attempt to compare string with number" },
		{ "tags = table.sort(tag.ls(r))", ERR "local t = "
		    "table.sort({2, 1}) ERR(function() for _ in pairs(t) do "
		    "end end)", "<string>:1: bad argument #1 to 'pairs' "
		    "(table expected, got nil)" },
		{ "#t with holes", "local t = {1, 2, 3, 4, 5} t[5] = nil "
		    "log(#t) local u = {1} u[10] = 1 log(#u)", "4\n1" },
		{ "table.insert, remove out of range", "local t = {1} "
		    "table.insert(t, 5, 'x') print(t[5], table.remove(t, 9), "
		    "table.remove({}, 3))", "x\tnil\tnil" },
		{ "table.concat of floats, many", "local t = {} for i = 1, "
		    "5000 do t[i] = 1 end print(table.concat({10/2, 1.5}, ' '), "
		    "#table.concat(t))", "5 1.5\t5000" },
	};

	CHECK(rows);
}
