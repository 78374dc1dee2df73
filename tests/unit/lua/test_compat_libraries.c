/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of test_compat_rows.c that are about string, os and io. */
#include <criterion/criterion.h>

#include "tests/unit/lua/vmrig.h"

#define CHECK(rows) vmrig_check(rows, sizeof(rows) / sizeof((rows)[0]))
#define ERR "local function ERR(f, ...) log(tostring(select(2, " \
	"pcall(f, ...)))) end "
#define REFUSED(what, why) what " is not available in regbot scripts: " why

Test(compat, strings)
{
	static const struct vmrig_row rows[] = {
		{ "format %d of 3.7, 10/2, \"10\"", "log(string.format("
		    "'%d %d %d', 3.7, 10 / 2, '10'))", "3 5 10" },
		{ "format %s of 10/2", "log(('%s %s'):format(10 / 2, 2.5))",
		    "5 2.5" },
		{ "format %s of an object", "log(('%s'):format(setmetatable("
		    "{}, {__tostring = function() return 'T' end})))", "T" },
		{ "format missing arg", ERR "ERR(string.format, '%s')",
		    "<string>:1: bad argument #2 to 'string.format' (no "
		    "value)" },
		{ "format %u, %v", ERR "ERR(string.format, '%v', 1)",
		    "invalid option '%v' to 'format'" },
		{ "patterns", "print(('a1 .'):match('%w%d%s%p'), "
		    "('(x(y))z'):match('%b()'), ('aa'):match('(a)%1'), "
		    "('a.b-c'):match('[%w_.-]+'), ('a-b'):match('a%-b'), "
		    "('a\\0b'):match('%z') == '\\0', ('ab'):match('()b'), "
		    "('a-b'):find('-', 1, true))",
		    "a1 .\t(x(y))\ta\ta.b-c\ta-b\ttrue\t2\t2\t2" },
		{ "%f[set], %g, [%w-_]", "print(('the (x)'):find('%f[%w]%w+'),"
		    " ('a '):match('%g+'), ('-'):match('[%w-_]'))",
		    "1\ta\t-" },
		{ "gmatch with ^", "local n = 0 for _ in ('aaa'):gmatch('^a') "
		    "do n = n + 1 end log(n)", "1" },
		{ "gsub %w* on 'abc def'", "log((('abc def'):gsub('%w*', "
		    "'x')))", "x x" },
		{ "if string.gmatch(s,\"^%d+$\")", "if string.gmatch('x', "
		    "'^%d+$') then log 'always' end", "always" },
		{ "gmatch iterator called, string.match no hit count",
		    "local f = ('a b'):gmatch('%a') print(f(), f(), f(), "
		    "select('#', ('x'):match('y')))", "a\tb\tnil\t1" },
		{ "gsub repl %-", "print(('a-b'):gsub('%-', '%-'))",
		    "a%-b\t1" },
		{ "gsub repl plain -, %%, %0, %1", "print((('a.b'):gsub('%.',"
		    " '-')), (('a'):gsub('(a)', '%1%0%%')))", "a-b\taa%" },
		{ "gsub repl ending in %", "print((('a'):gsub('a', 'x%')))",
		    "x%" },
		{ "gsub number repl, rep sep, upper", "print((('a'):gsub('a', "
		    "10 / 2)), ('x'):rep(3, ','), ('\xc3\xa9z'):upper())",
		    "5\tx,x,x\t\xc3\xa9Z" },
		{ "string.gfind", "for w in string.gfind('a b', '%a') do "
		    "log(w) end", "a\nb" },
	};

	CHECK(rows);
}

Test(compat, os)
{
	static const struct vmrig_row rows[] = {
		{ "os.time()-86400*n, os.date", "log(os.date('!%Y-%m-%dT"
		    "%H:%M:%SZ', 86400 * 365) .. ' ' .. "
		    "math.type(os.time() - 86400 * 30))",
		    "1971-01-01T00:00:00Z integer" },
		{ "os.date specifiers", "log(os.date('!%a %A %b %B %d %F %H "
		    "%I %m %M %p %S %w %y %Y', 1e9))",
		    "Sun Sunday Sep September 09 2001-09-09 01 01 09 46 AM "
		    "40 0 01 2001" },
		{ "os.date %c %x %X of the C set",
		    "log(os.date('!%c|%x|%X|%D|%T|%R|%j', 1e9))",
		    "Sun Sep  9 01:46:40 2001|09/09/01|01:46:40|09/09/01|"
		    "01:46:40|01:46|252" },
		{ "os.date unknown, %P, %Z", "log(os.date('!%Q %N %P %Z %i %',"
		    " 1e9))", "%Q %N am UTC %i %" },
		{ "os.date(fmt, 1.5e9/7)", "log(os.date('!%S', 1.5e9 / 7))",
		    "34" },
		{ "os.date(\"*t\").yday/isdst", "local t = os.date('!*t', "
		    "86400 * 31) print(t.yday, t.isdst, t.month, t.day)",
		    "32\tfalse\t2\t1" },
		{ "os.time{...}: string fields, \"05.25\"",
		    "local a = os.time{year = '2021', month = '05.25', day = "
		    "'07', hour = 0} log(os.date('%Y-%m-%d', a))",
		    "2021-05-07" },
		{ "os.time missing day", ERR "ERR(os.time, {year = 2021, "
		    "month = 5})", "<string>:1: field 'day' missing in date "
		    "table: write day = 1 for the first of the month" },
		{ "os.time normalises", "log(os.date('%F', os.time{year = "
		    "2021, month = 14, day = -3}))", "2022-01-28" },
		{ "os.difftime floats", "log(os.difftime(10.9, 5.2))", "5" },
		{ "os.getenv(\"EMPTY\")", "print(os.getenv('EMPTY'), "
		    "os.getenv('SET'), os.getenv('NOPE'))",
		    "nil\tvalue\tnil" },
		{ "os.execute", ERR "ERR(function() os.execute('x') end)",
		    "<string>:1: " REFUSED("os.execute", "they start no "
		    "programs; use the functions of image, tag, manifest and "
		    "repo") },
		{ "os.remove, rename, tmpname", ERR "ERR(function() "
		    "os.rename('a', 'b') end)", "<string>:1: "
		    REFUSED("os.rename", "they reach no files") },
		{ "os.setenv", ERR "ERR(function() os.setenv('a', 'b') end)",
		    "<string>:1: " REFUSED("os.setenv", "use a variable") },
		{ "dofile", ERR "ERR(function() dofile('x') end)",
		    "<string>:1: " REFUSED("dofile", "use require") },
		{ "io.popen", ERR "ERR(function() io.popen('ls') end)",
		    "<string>:1: " REFUSED("io.popen", "they start no "
		    "programs") },
		{ "print, io.write", "io.write('a', 10 / 2) print('b', nil, "
		    "1.5) io.stderr:write('c\\n')", "a5b\tnil\t1.5\nc" },
	};

	CHECK(rows);
}

/* Rows about how a run ends. */
Test(compat, ends)
{
	struct vmrig rig = { .timeout_ms = 50 };

	vmrig_run(&rig, "while true do end");
	cr_expect(rig.result.failed);
	vmrig_free(&rig);
	rig = (struct vmrig){ .timeout_ms = 0 };
	vmrig_run(&rig, "os.exit(3) log('not reached')");
	cr_expect(rig.result.failed && rig.result.exit_code == 3);
	cr_expect_str_eq(rig.log, "");
	vmrig_free(&rig);
	rig = (struct vmrig){ .timeout_ms = 0 };
	vmrig_run(&rig, "error({})");
	cr_expect(rig.result.failed);
	cr_expect_eq(strncmp(rig.result.text, "table: 0x", 9), 0, "%s",
	    rig.result.text);
	vmrig_free(&rig);
	rig = (struct vmrig){ .timeout_ms = 0 };
	vmrig_run(&rig, "local function f()\nerror('e') end\nf()");
	cr_expect_str_eq(rig.result.text, "<string>:2: e\nstack traceback:\n"
	    "\t[C]: in function 'error'\n\t<string>:2: in function 'f'\n"
	    "\t<string>:3: in main chunk\n\t[C]: ?");
	vmrig_free(&rig);
}
