/* SPDX-License-Identifier: Apache-2.0 */
/* What scripts written for regbot's Lua 5.1 see: a script and what it logs. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "tests/unit/lua/vmrig.h"

struct row {
	const char *script, *log;
};

static void
check(const struct row *rows, size_t n, int level)
{
	for (size_t i = 0; i < n; i++) {
		struct vmrig rig = { .log_level = level };

		vmrig_run(&rig, rows[i].script);
		cr_expect_not(rig.result.failed, "%s: %s", rows[i].script,
		    rig.result.text);
		cr_expect_str_eq(rig.log, rows[i].log, "%s: got %s",
		    rows[i].script, rig.log);
		vmrig_free(&rig);
	}
}
#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]), LOG_INFO)

Test(vm, numbers)
{
	static const struct row rows[] = {
		{ "log(10/2) log(2^31) log('10'+1) log(tonumber('3.0'))",
		    "5\n2147483648\n11\n3" },
		{ "log(1/3) log(2^53) log(1e15) log(1e100) log(0.1)",
		    "0.3333333333333333\n9007199254740992\n"
		    "1000000000000000\n1e+100\n0.1" },
		{ "print(1/0, -1/0, 0/0, -0.0)", "+Inf\t-Inf\tNaN\t0" },
		{ "print(1234567.5, 123456.25, 1e-5, 0.0001, -2.5, 5e-324)",
		    "1.2345675e+06\t123456.25\t1e-05\t0.0001\t-2.5\t5e-324" },
		{ "local m = string.match('v10.2', '%d+')\n"
		    "log('v' .. (m + 1) .. '.' .. 4 / 2)", "v11.2" },
		{ "local x = 7 / 2 log(x .. '') log(x .. x) log(2.0 .. 3)",
		    "3.5\n3.53.5\n23" },
		{ "print(tonumber('1e3'), tonumber('0x10'), tonumber('z'), "
		    "tonumber('ff', 16), tonumber(' 12 '))",
		    "1000\t16\tnil\t255\t12" },
		{ "print(tostring(10 / 2), tostring(2.5), tostring(nil))",
		    "5\t2.5\tnil" },
		{ "local t = {} t[4 / 2] = 'x' print(t[2], 1 == 1.0)",
		    "x\ttrue" },
		{ "for i = 4 / 2, 1, -1 do log(i) end", "2\n1" },
		{ "print(math.pow(2, 3), math.mod(7, 3), math.fmod(7, 3), "
		    "math.sqrt(16), math.max(1, 2.0), math.abs(-3.0))",
		    "8\t1\t1\t4\t2\t3" },
		{ "print(math.floor(3.7), math.ceil(3.2), math.modf(5.5))",
		    "3\t4\t5\t0.5" },
		{ "print(math.log10(1000), math.ldexp(1, 4), math.mod(1, 0))",
		    "3\t16\tNaN" },
		{ "local r = math.random(10 / 2) print(r >= 1 and r <= 5)",
		    "true" },
		{ "print(math.random(3.7) <= 3)", "true" },
		{ "print(7 // 2, 5 & 4, 1 << 3, 0x1p4)", "3\t4\t8\t16" },
		/* The count of gsub is no base that anybody meant. */
		{ "print(tonumber(string.gsub('12', '%s', '')), "
		    "tonumber(string.gsub(' 12', '%s', '')))", "12\tnil" },
		{ "print(tonumber('0x1f', 0), tonumber('-0b11', 0), "
		    "tonumber('017', 0), tonumber('0o17', 0), "
		    "tonumber('0', 0), tonumber('x', 0), tonumber('', 0))",
		    "31\t-3\t15\t15\t0\tnil\tnil" },
		{ "print(tonumber('1.5', 10), tonumber(7, 0), "
		    "tonumber('z', 36.9), tonumber('1', 37), "
		    "tonumber(nil, 2))", "1.5\t7\t35\tnil\tnil" },
		{ "print(select(3 / 2, 'a', 'b'))", "a\tb" },
		/* Texts that are numbers count as numbers, not as texts. */
		{ "print(math.max('9', '10'), math.min('9', '10'), "
		    "math.max(9, '10'), math.min('9.5', 10), "
		    "math.max('0x10', '1e1'), math.type(math.max('10')))",
		    "10\t9\t10\t9.5\t16\tinteger" },
		{ "print(math.floor('3.7'), math.ceil('3.2'), "
		    "math.abs('-3.0'), math.sqrt('16'), math.fmod('7', '3'), "
		    "math.modf('5.5'))", "3\t4\t3\t4\t1\t5\t0.5" },
		{ "print(math.ldexp('1', '4.5'), math.random('1.9'), "
		    "select('2.5', 'a', 'b'), os.difftime('5', '3.5'))",
		    "16\t1\tb\t2" },
	};

	CHECK(rows);
}

Test(vm, strings)
{
	static const struct row rows[] = {
		{ "log('a\\db\\.c\\-\\065')", "adb.c-A" },
		{ "log(string.format('%d %d %d', 3.7, 10 / 2, '10'))",
		    "3 5 10" },
		{ "log(string.format('%s %5.1f %% %x', 10 / 2, 2, 255.9))",
		    "5   2.0 % ff" },
		{ "log(string.format('%-5s|%05d', 'a', -3.2))", "a    |-0003" },
		{ "print(string.gsub('a-b', '%-', '%-'))", "a%-b\t1" },
		{ "print(string.gsub('ab', '%w', '%0%1%%'))", "aa%bb%\t2" },
		{ "print((string.gsub('5', '%d', function(x) return x / 5 "
		    "end)))", "1" },
		{ "print((string.gsub('a', 'a', {a = 4 / 2})))", "2" },
		{ "print((string.gsub('ab', 'b', {a = 1})))", "ab" },
		{ "print(('abcdef'):sub(1, 5 / 2), ('x'):rep(2.5))",
		    "ab\txx" },
		{ "print(string.len(10 / 2), string.rep(4 / 2, 3), "
		    "string.find(15 / 2, '%.'))", "1\t222\t2\t2" },
		{ "for w in string.gfind('a b', '%a') do log(w) end",
		    "a\nb" },
		{ "function string.split(s, sep) local t = {} for w in "
		    "string.gmatch(s, '([^' .. sep .. ']+)') do "
		    "table.insert(t, w) end return t end\n"
		    "log(#('1.20.3'):split('.'))", "3" },
		{ "print(('a'):upper(), ('%d'):format(2.0), #'abc')",
		    "A\t2\t3" },
		{ "print('10' < '9', 'B' < 'a', '2021-01' < '2021-02')",
		    "true\ttrue\ttrue" },
		{ "print(string.byte('A', 1.5), string.char(65.2, 66))",
		    "65\tAB" },
		{ "print(getmetatable('').__index == string)", "true" },
		{ "if string.gmatch('x', '^%d+$') then log 'always' end",
		    "always" },
		{ "for k, v in string.gmatch('a=1,b=2', '^(%w)=(%w)') do "
		    "log(k .. v) end for w in ('xay'):gmatch('^a') do log(w) "
		    "end for w in ('xx'):gmatch('^x') do log(w) end for w in "
		    "string.gmatch(5 / 2, '^%d') do log(w) end", "a1\nx\n2" },
		{ "for w in ('^a^'):gmatch('%^') do log(w) end for w in "
		    "string.gfind('^^', '[%^]') do log(w) end",
		    "^\n^\n^\n^" },
		{ "print(('x'):rep('2.7'), ('abcdef'):sub('2', '3.9'), "
		    "('abc'):find('c', '2.5'), string.char('65.5'), "
		    "string.byte('ab', '2.0'))", "xx\tbc\t3\tA\t98" },
		{ "print(string.format('%d %x %c %5.2f', '3.7', '255', '65', "
		    "'3.14159'), string.gsub('aaa', 'a', 'b', '2.5'))",
		    "3 ff A  3.14\tbba\t2" },
	};

	CHECK(rows);
}

Test(vm, concatenation)
{
	static const char mt[] = "local mt = {__concat = function(a, b) "
	    "return (type(a) == 'table' and 'T' or a) .. '+' .. "
	    "(type(b) == 'table' and 'T' or b) end}\n"
	    "local o = setmetatable({}, mt)\n"
	    "print(o .. 'x', 'x' .. o, 1 .. o .. 2.0, o .. o, 5 / 2 .. o)";
	static const struct row rows[] = {
		{ mt, "T+x\tx+T\t1T+2\tT+T\t2.5+T" },
		{ "local o = setmetatable({}, {__concat = function(a, b) "
		    "return math.type(b) end}) log(o .. 2.0)", "float" },
		{ "local function f() return 1, 2 end log('a' .. f()) "
		    "print('b' .. f(), (function(...) return ... .. 'c' end)"
		    "('x', 'y'))", "a1\nb1\txc" },
		{ "local _ENV = {log = log} log('a' .. 4 / 2)", "a2" },
		{ "setfenv(1, {log = log}) log('a' .. 4 / 2)", "a2" },
		{ "local co = coroutine.wrap(function() local o = "
		    "setmetatable({}, {__concat = function(a, b) return "
		    "coroutine.yield(b) end}) return '<' .. o .. 'x' .. 4 / 2 "
		    "end) log(co()) log(co('R'))", "x2\n<R" },
		{ "local s = 'a' .. 'b'\n(log)(s)", "ab" },
		{ "log(load('return 1 .. 4 / 2')()) "
		    "log(loadstring('return 1 .. 2.0')())", "12\n12" },
		{ "log('a' ..\n'b' -- ..\n .. 'c')", "abc" },
		{ "print(getmetatable(5), pcall(function() local q = 5 "
		    "q() end))", "nil\tfalse\t<string>:1: attempt to call a "
		    "number value (local 'q')" },
		{ "local t = {} for i = 1, 150 do t[i] = \"'x'\" end "
		    "log(#load('return ' .. table.concat(t, '..'))())",
		    "150" },
	};

	CHECK(rows);
}

Test(vm, tables)
{
	static const struct row rows[] = {
		{ "print(unpack({1, 2, 3}, 2)) print(unpack({1, 2, 3}, 4 / 2, "
		    "2.5))", "2\t3\n2" },
		{ "print(table.concat({1, 10 / 2, 'x'}, '-'))", "1-5-x" },
		{ "print(table.concat({1, 2, 3}, 4 / 2, 2, 3))", "223" },
		{ "local t = {1, 2, 3} table.insert(t, 10, 4) print(#t, "
		    "t[10]) table.insert(t, 1, 0) print(t[1], t[4])",
		    "3\t4\n0\t3" },
		{ "local t = {1, 2, 3} print(table.remove(t, 7), "
		    "table.remove(t, 0), table.remove(t, 1), #t)",
		    "nil\t3\t1\t1" },
		{ "print(table.remove({}), table.getn({1, 2}), "
		    "table.maxn({1, [10] = 2}))", "nil\t2\t10" },
		{ "local t = {3, 1, 2} table.sort(t) print(unpack(t))",
		    "1\t2\t3" },
		{ "local t = {} for i = 1, 100 do t[i] = i * 37 % 101 end "
		    "table.sort(t, function(a, b) return a > b end) "
		    "for i = 2, 100 do assert(t[i - 1] > t[i]) end log 'ok'",
		    "ok" },
		{ "local t = {} for i = 1, 50 do t[i] = i end "
		    "for _, f in ipairs {function(a, b) return a <= b end, "
		    "function() return true end, function() return false end,"
		    " function() return math.random() < 0.5 end} do "
		    "table.sort(t, f) local seen, n = {}, 0 for _, v in "
		    "ipairs(t) do if not seen[v] then seen[v] = true "
		    "n = n + 1 end end log(n) end", "50\n50\n50\n50" },
		{ "local t = {{1, 'a'}, {0, 'b'}, {1, 'c'}, {0, 'd'}} "
		    "table.sort(t, function(x, y) return x[1] < y[1] end) "
		    "log(t[1][2] .. t[2][2] .. t[3][2] .. t[4][2])", "bdac" },
		{ "local t = {3, 1, 2} print(pcall(table.sort, t, function() "
		    "error('x', 0) end)) log(t[1] + t[2] + t[3])",
		    "false\tx\n6" },
		{ "table.sort({}) table.sort({1}, nil) log 'ok'", "ok" },
		{ "local t = {1, 2, 3} table.insert(t, '2.5', 'x') "
		    "print(table.concat(t, ','), table.remove(t, '2.9'), "
		    "table.concat(t, ',', '2.5', '3'), unpack(t, '2.5'))",
		    "1,x,2,3\tx\t2,3\t2\t3" },
		{ "local m = {__lt = function(a, b) return a.n < b.n end} "
		    "local t = {} for i = 1, 3 do t[i] = setmetatable("
		    "{n = -i}, m) end table.sort(t) log(t[1].n)", "-3" },
	};

	CHECK(rows);
}

Test(vm, time)
{
	static const struct row rows[] = {
		{ "log(os.date('!%Y-%m-%dT%H:%M:%SZ', 1.5e9 / 7))",
		    "1976-10-16T03:48:34Z" },
		{ "log(os.date('!%P %Z %s %Q %', 0))", "am UTC %s %Q %" },
		{ "local t = os.date('!*t', 86400) print(t.year, t.month, "
		    "t.day, t.hour, t.yday, t.isdst)",
		    "1970\t1\t2\t0\t2\tfalse" },
		{ "local a = os.time{year = '2021', month = '05.25', day = 3}"
		    " local b = os.time{year = 2021, month = 5, day = 3.9, "
		    "hour = 12} log(a - b)", "0" },
		{ "log(os.difftime(10.9, 4.2)) log(math.type(os.time()))",
		    "6\ninteger" },
		{ "local c = os.time() - 86400 * 30 "
		    "log(type(os.date('!%Y', c)))", "string" },
		{ "print(os.getenv('SET'), os.getenv('EMPTY'), "
		    "os.getenv('X'))", "value\tnil\tnil" },
		{ "local t = os.date('!*t', 1706659200) t.month = t.month + 1 "
		    "os.time(t) print(t.month, t.day)", "2\t31" },
		{ "print(os.setlocale('C'), os.clock() >= 0)", "false\ttrue" },
	};

	CHECK(rows);
}

/* What a coroutine returns, takes, raises and is afterwards. */
Test(vm, coroutines)
{
	static const struct row rows[] = {
		{ "local f = coroutine.wrap(function(a, b) local c = "
		    "coroutine.yield(a + b, 'y') return c, nil end) "
		    "print(f(1, 2)) print(f('z'))", "3\ty\nz\tnil" },
		{ "for v in coroutine.wrap(function() for i = 1, 3 do "
		    "coroutine.yield(i) end end) do log(v) end", "1\n2\n3" },
		{ "local f = coroutine.wrap(function() error({code = 7}) end) "
		    "local ok, e = pcall(f) print(ok, e.code)", "false\t7" },
		{ "local f = coroutine.wrap(function() error('x') end) "
		    "print(pcall(f)) print(pcall(f))", "false\t<string>:1: x\n"
		    "false\t<string>:1: cannot resume dead coroutine" },
		{ "local f f = coroutine.wrap(function() f() end) "
		    "print(pcall(f))", "false\t<string>:1: cannot resume "
		    "non-suspended coroutine" },
		{ "local g = coroutine.wrap(function() local f = "
		    "coroutine.wrap(function() coroutine.yield(1) error('x', "
		    "0) end) log(f()) print(pcall(f)) coroutine.yield(2) "
		    "end) log(g())", "1\nfalse\tx\n2" },
		{ "local co = coroutine.create(function(a) local b = "
		    "coroutine.yield(a) return b end) print(coroutine.resume("
		    "co, 1)) print(coroutine.resume(co, 2)) "
		    "log(coroutine.status(co))", "true\t1\ntrue\t2\ndead" },
	};

	CHECK(rows);
}

/* debug.traceback gives a text; level 1 is what called it. */
Test(vm, tracebacks)
{
	static const struct row rows[] = {
		{ "local function f() return (debug.traceback('m')) end\n"
		    "log(f())", "m\nstack traceback:\n\t<string>:1: in function "
		    "'f'\n\t<string>:2: in main chunk\n\t[C]: ?" },
		{ "local function f() return (debug.traceback('m', 2)) end\n"
		    "log(f())", "m\nstack traceback:\n\t<string>:2: in main "
		    "chunk\n\t[C]: ?" },
		{ "log(debug.traceback())", "stack traceback:\n\t<string>:1: "
		    "in main chunk\n\t[C]: ?" },
		{ "local t = {} print(debug.traceback(t) == t, "
		    "debug.traceback(5 / 2, 99))",
		    "true\t2.5\nstack traceback:\n\t[C]: ?" },
		{ "print(xpcall(function() error('x') end, debug.traceback))",
		    "false\t<string>:1: x\nstack traceback:\n\t[C]: in "
		    "function 'error'\n\t<string>:1: in function "
		    "<<string>:1>\n\t[C]: in function 'xpcall'\n\t"
		    "<string>:1: in main chunk\n\t[C]: ?" },
		{ "local co = coroutine.create(function() coroutine.yield() "
		    "end) coroutine.resume(co)\nlog(debug.traceback(co)) "
		    "log(debug.traceback(co, 'm', 1)) "
		    "log(debug.traceback(co, nil, 7))",
		    "stack traceback:\n\t[C]: in function 'yield'\n\t"
		    "<string>:1: in function <<string>:1>\n"
		    "m\nstack traceback:\n\t<string>:1: in function "
		    "<<string>:1>\nstack traceback:" },
		{ "log(require 'debug' == debug and 'same' or 'other')",
		    "same" },
	};

	CHECK(rows);
}

#define NAME20 "nnnnnnnnnnnnnnnnnnnn"
#define NAME60 NAME20 NAME20 NAME20

/* What a habit from elsewhere costs is said, once a chunk. */
Test(vm, needless_backslashes)
{
	static const struct row rows[] = {
		{ "local a = 'x\\n\\t\\\\d\\065\\x41'\n"
		    "local b = [[\\d]] -- '\\d'", "" },
		{ "\nlog(string.match('v1', '^v\\d+') or 'none') "
		    "log('a\\.b')", "<string>:2: \"\\d\" is just \"d\" in Lua; "
		    "in a pattern write \"%d\"\nnone\na.b" },
		{ "log(load(\"return '\\\\-'\", '=other')())",
		    "other:1: \"\\-\" is just \"-\" in Lua; in a pattern "
		    "write \"%-\"\n-" },
		{ "load(\"\\n'\\\\-'\", '=' .. ('n'):rep(1e6)) "
		    "load(\"return '\\\\-'\", '=' .. ('n'):rep(1e6))",
		    NAME60 ":1: \"\\-\" is just \"-\" in Lua; in a pattern "
		    "write \"%-\"" },
	};

	check(rows, sizeof(rows) / sizeof(rows[0]), LOG_DEBUG);
}

Test(vm, environments)
{
	static const struct row rows[] = {
		{ "local f = setfenv(function() return y end, {y = 5}) "
		    "log(f()) log(tostring(y))", "5\nnil" },
		{ "print(getfenv(1) == _G, getfenv(print) == _G, "
		    "getfenv(0) == _G)", "true\ttrue\ttrue" },
		{ "x = 1 local function g() return x end setfenv(g, {x = 2}) "
		    "print(g(), x)", "2\t1" },
		{ "require('mymod').hi('there') log(tostring(require 'mymod' "
		    "== package.loaded.mymod))", "hi there2\ntrue" },
		{ "require 'oldmod' log(oldmod.f() .. oldmod._NAME)",
		    "5oldmod" },
		{ "require 'argmod'", "1 argmod" },
		{ "package.preload.p = function(n) return {n = n} end "
		    "log(require('p').n)", "p" },
		{ "table.insert(package.loaders, function(n) return "
		    "function() return n .. '!' end end) "
		    "log(require 'zzz')", "zzz!" },
		{ "log(select('#', ...))", "0" },
		{ "print(type(package.path), package.cpath, _VERSION)",
		    "string\t\tLua 5.3" },
		{ "local f = load('x = 1; return x', 'n', 't', {}) "
		    "print(f(), x)", "1\tnil" },
		{ "local i = 0 local f = load(function() i = i + 1 return "
		    "({'return ', '1 .. ', '2.0'})[i] end) log(f())", "12" },
	};

	CHECK(rows);
}

Test(vm, output)
{
	static const struct row rows[] = {
		{ "print('a', 1, nil, true) print()", "a\t1\tnil\ttrue\n" },
		{ "io.write('one ', 4 / 2) io.write(' three\\nfour\\n') "
		    "io.stdout:write('tail')", "one 2 three\nfour\ntail" },
		{ "io.write('a'):write('b', 'c\\n') io.stderr:write('d')",
		    "abc\nd" },
		{ "io.write('head ') print('x')", "head x" },
		{ "log('a\\0b') log(42) log(10 / 4)",
		    "a\xef\xbf\xbd" "b\n42\n2.5" },
	};

	CHECK(rows);
}

/* A text that is too long is cut, whatever bytes it is made of. */
Test(vm, long_texts)
{
	static const struct {
		const char *script;
		size_t len;
	} rows[] = {
		{ "log(('x'):rep(9000))", LOG_TEXT_MAX },
		{ "log(('\\128'):rep(9000))", LOG_TEXT_MAX },
		{ "log('a' .. ('\\128'):rep(9000))", LOG_TEXT_MAX },
		{ "log('a' .. ('\\xe2\\x82\\xac'):rep(3000))",
		    1 + (LOG_TEXT_MAX - 1) / 3 * 3 },
		{ "print(('\\0'):rep(9000))", LOG_TEXT_MAX / 3 * 3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vmrig rig = { .log_level = LOG_INFO };

		vmrig_run(&rig, rows[i].script);
		cr_expect_not(rig.result.failed, "%s", rig.result.text);
		cr_expect_eq(strlen(rig.log), rows[i].len, "%s: %zu",
		    rows[i].script, strlen(rig.log));
		vmrig_free(&rig);
	}
}
