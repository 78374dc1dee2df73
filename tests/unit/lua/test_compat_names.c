/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of arguments name the function in full, however it was called. */
#include <criterion/criterion.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/lua/vmrig.h"

static void
check(const char *script, const char *want)
{
	struct vmrig rig = { 0 };

	vmrig_run(&rig, script);
	cr_expect_not(rig.result.failed, "%s: %s", script, rig.result.text);
	cr_expect_str_eq(rig.log, want, "%s: got %s", script, rig.log);
	vmrig_free(&rig);
}

/* A function, wrong arguments for it, the argument and what is said of it. */
static const struct {
	const char *function, *arguments;
	int arg;
	const char *what;
} rows[] = {
	{ "getmetatable", "", 1, "value expected" },
	{ "ipairs", "nil", 1, "table expected, got nil" },
	{ "next", "1", 1, "table expected, got number" },
	{ "pairs", "'x'", 1, "table expected, got string" },
	{ "rawequal", "1", 2, "value expected" },
	{ "rawget", "1, 2", 1, "table expected, got number" },
	{ "rawset", "1, 2, 3", 1, "table expected, got number" },
	{ "require", "nil", 1, "string expected, got nil" },
	{ "select", "{}", 1, "number expected, got table" },
	{ "setmetatable", "1", 1, "table expected, got number" },
	{ "setmetatable", "{}, 1", 2, "nil or table expected" },
	{ "tonumber", "", 1, "value expected" },
	{ "tonumber", "'1', 'x'", 2, "number expected, got string" },
	{ "tostring", "", 1, "value expected" },
	{ "unpack", "nil", 1, "table expected, got nil" },
	{ "xpcall", "print, 1", 2, "function expected, got number" },
	{ "log", "nil", 1, "string expected, got nil" },
	{ "string.byte", "nil", 1, "string expected, got nil" },
	{ "string.byte", "'x', {}", 2, "number expected, got table" },
	{ "string.char", "65, 'x'", 2, "number expected, got string" },
	{ "string.find", "'x'", 2, "string expected, got nil" },
	{ "string.format", "nil", 1, "string expected, got nil" },
	{ "string.format", "'%d', 'x'", 2, "number expected, got string" },
	{ "string.format", "'%s %s', 1", 3, "no value" },
	{ "string.gfind", "'x'", 2, "string expected, got nil" },
	{ "string.gmatch", "'x'", 2, "string expected, got nil" },
	{ "string.gsub", "'x', 'x'", 3,
	    "string/function/table expected, got nil" },
	{ "string.len", "nil", 1, "string expected, got nil" },
	{ "string.lower", "{}", 1, "string expected, got table" },
	{ "string.match", "nil, 'x'", 1, "string expected, got nil" },
	{ "string.rep", "'x'", 2, "number expected, got nil" },
	{ "string.rep", "'x', 1e300", 2,
	    "number has no integer representation" },
	{ "string.reverse", "true", 1, "string expected, got boolean" },
	{ "string.sub", "'x', 'y'", 2, "number expected, got string" },
	{ "string.upper", "nil", 1, "string expected, got nil" },
	{ "table.concat", "nil", 1, "table expected, got nil" },
	{ "table.concat", "{}, {}", 2, "string expected, got table" },
	{ "table.getn", "1", 1, "table expected, got number" },
	{ "table.insert", "nil, 1", 1, "table expected, got nil" },
	{ "table.insert", "{}, 'x', 1", 2, "number expected, got string" },
	{ "table.maxn", "1", 1, "table expected, got number" },
	{ "table.remove", "nil", 1, "table expected, got nil" },
	{ "table.sort", "nil", 1, "table expected, got nil" },
	{ "table.sort", "{}, 1", 2, "function expected, got number" },
	{ "table.unpack", "nil", 1, "table expected, got nil" },
	{ "coroutine.create", "1", 1, "function expected, got number" },
	{ "coroutine.resume", "1", 1, "coroutine expected, got number" },
	{ "coroutine.status", "nil", 1, "coroutine expected, got nil" },
	{ "coroutine.wrap", "nil", 1, "function expected, got nil" },
	{ "math.floor", "'x'", 1, "number expected, got string" },
	{ "math.max", "1, 'x'", 2, "number expected, got string" },
	{ "math.min", "", 1, "number expected, got nil" },
	{ "math.pow", "2", 2, "number expected, got nil" },
	{ "math.random", "'x'", 1, "number expected, got string" },
	{ "math.sqrt", "nil", 1, "number expected, got nil" },
	{ "os.date", "{}", 1, "string expected, got table" },
	{ "os.date", "'%Y', {}", 2, "number expected, got table" },
	{ "os.difftime", "nil", 1, "number expected, got nil" },
	{ "os.exit", "{}", 1, "number expected, got table" },
	{ "os.getenv", "nil", 1, "string expected, got nil" },
	{ "os.time", "1", 1, "table expected, got number" },
	{ "io.write", "{}", 1, "string expected, got table" },
};

Test(compat, names_of_functions)
{
	/* By its name, under another one, and called by pcall. */
	static const char *const calls[] = {
		"local _, e = pcall(function() return (%s(%s)) end) log(e)",
		"local x = %s local _, e = pcall(function() return (x(%s)) "
		    "end) log(e)",
		"local _, e = pcall(function(...) local ok, e = pcall(%s, "
		    "...) error(e, 0) end, %s) log(e)",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t c = 0; c < 3; c++) {
			const char *a = rows[i].arguments;
			char *script, *want;

			if (c == 2 && *a == '\0')
				continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			script = mem_printf(calls[c], rows[i].function, a);
#pragma GCC diagnostic pop
			want = mem_printf("<string>:1: bad argument #%d to "
			    "'%s' (%s)", rows[i].arg, rows[i].function,
			    rows[i].what);
			check(script, want);
			free(script);
			free(want);
		}
}

/* A method counts itself as the first argument, as the function does. */
Test(compat, names_of_methods)
{
	check("local _, e = pcall(function() return ('x'):rep({}) end) "
	    "log(e)", "<string>:1: bad argument #2 to 'string.rep' (number "
	    "expected, got table)");
	check("local s = 'x' local _, e = pcall(function() return "
	    "s:find() end) log(e)", "<string>:1: bad argument #2 to "
	    "'string.find' (string expected, got nil)");
}
