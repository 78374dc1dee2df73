/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in modules semver, time and json. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/lua/vmrig.h"

#define CHECK(rows) vmrig_check(rows, sizeof(rows) / sizeof((rows)[0]))
#define ERR "local function ERR(f, ...) log(tostring(select(2, " \
	"pcall(f, ...)))) end "
#define S "local semver = require 'semver' "
#define T "local time = require 'time' "
#define J "local json = require 'json' "

Test(library, require)
{
	static const struct vmrig_row rows[] = {
		{ "once", S "print(require('semver') == semver, "
		    "package.loaded.semver == semver)", "true\ttrue" },
		{ "json is lunajson", "print(require('json').encode({1}), "
		    "require('lunajson').encode({1}))", "[1]\t[1]" },
		{ "a file comes first", "log(require('mymod') and 'file')",
		    "file" },
	};

	CHECK(rows);
}

Test(library, semver_objects)
{
	static const struct vmrig_row rows[] = {
		{ "fields", S "local v = semver('1.22.333-rc.1+b.5') "
		    "print(v.major, v.minor, v.patch, v.prerelease, v.build)",
		    "1\t22\t333\trc.1\tb.5" },
		{ "numbers", S "print(tostring(semver(1, 2, 3, 'a', 'b')), "
		    "tostring(semver(4)), semver(1).prerelease)",
		    "1.2.3-a+b\t4.0.0\tnil" },
		{ "string call", S "log(semver'2.5.1'.minor)", "5" },
		{ "v, short, zeros, text", S "local v = semver.parse("
		    "'v2024.01') print(tostring(v), v.text)",
		    "2024.1.0\tv2024.01" },
		{ "operators", S "local a, b = semver'1.2.3', semver'1.10.0' "
		    "print(a < b, a <= b, a == semver'v1.2.3', a > b, "
		    "a ~= b, semver'1.0.0' == semver'1.0.0+x')",
		    "true\ttrue\ttrue\tfalse\ttrue\ttrue" },
		{ "with a text", S "print(semver'1.2.3' < '1.3', "
		    "'2' > semver'1.9')", "true\ttrue" },
		{ "caret", S "print(semver'2.0.1' ^ semver'2.5.1', "
		    "semver'1.0.0' ^ semver'2.0.0', semver'2.5.1' ^ "
		    "semver'2.0.1', semver'0.1.0' ^ semver'0.2.0', "
		    "semver'0.1.0' ^ semver'0.1.0')",
		    "true\tfalse\tfalse\tfalse\ttrue" },
		{ "next", S "local v = semver'1.2.3-x' print(tostring("
		    "v:nextMajor()), tostring(v:nextMinor()), "
		    "tostring(v:nextPatch()))", "2.0.0\t1.3.0\t1.2.4" },
		{ "edited", S "local v = semver'1.2.3' v.minor = 9 "
		    "print(tostring(v), v > semver'1.8')", "1.9.3\ttrue" },
		{ "no metatable to change", S "print(getmetatable("
		    "semver'1'))", "false" },
		{ "bad", S ERR "ERR(semver, 'latest') ERR(semver, nil) "
		    "ERR(semver, 1, -1) ERR(semver, 1, 2, 3, 'a b')",
		    "<string>:1: Could not extract version number(s) from "
		    "\"latest\"\n<string>:1: bad argument #1 to 'semver' "
		    "(version or whole number expected)\n<string>:1: bad "
		    "argument #2 to 'semver' (whole number expected)\n"
		    "<string>:1: bad argument #4 to 'semver' (pre-release "
		    "expected)" },
		{ "bad operands", S ERR "ERR(function() return semver'1' < "
		    "'latest' end)", "<string>:1: bad argument #2 to "
		    "'semver.compare' (version expected)" },
	};

	CHECK(rows);
}

Test(library, semver_text)
{
	static const struct vmrig_row rows[] = {
		{ "parse", S "for _, t in ipairs{'1', '1.2', 'v1.2.3', "
		    "'1.2.3-alpine3.20', '0.0.0', '1.0.0-0.3.7', "
		    "'999999999999999.0.0'} do log(tostring(semver.parse(t))) "
		    "end", "1.0.0\n1.2.0\n1.2.3\n1.2.3-alpine3.20\n0.0.0\n"
		    "1.0.0-0.3.7\n999999999999999.0.0" },
		{ "not parsed", S "for _, t in ipairs{'', 'v', 'latest', "
		    "'1.', '.1', '1.2.3.4', '1..2', '1.2.3-', '1.2.3+', "
		    "'1.2.3-a..b', '1.2.3 ', ' 1', '1.x', '1.2.3-a_b', "
		    "'1.2.3\\0', '1000000000000000', 'vv1', '-1', "
		    "('1'):rep(300), '1.2.3-' .. ('a'):rep(300)} do if "
		    "semver.parse(t) ~= nil then "
		    "log(t) end end print(semver.parse(nil), "
		    "semver.parse(1.2), semver.parse({}), semver.parse())",
		    "nil\tnil\tnil\tnil" },
		{ "compare", S "print(semver.compare('1.2', '1.2.0'), "
		    "semver.compare('v1', '2'), semver.compare('2', "
		    "semver'1'), semver.compare('x', '1'))", "0\t-1\t1\tnil" },
		{ "precedence", S "local l = {'1.0.0', '1.0.0-rc.1', "
		    "'1.0.0-beta.11', '1.0.0-beta.2', '1.0.0-beta', "
		    "'1.0.0-alpha.beta', '1.0.0-alpha.1', '1.0.0-alpha', "
		    "'1.0.0-10', '1.0.0-9', "
		    "'1.0.0-99999999999999999999'} "
		    "log(table.concat(semver.sort(l), ' '))",
		    "1.0.0-9 1.0.0-10 1.0.0-99999999999999999999 1.0.0-alpha "
		    "1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 "
		    "1.0.0-beta.11 1.0.0-rc.1 1.0.0" },
		{ "sort", S "local a, b = semver.sort{'v1.10', 'latest', "
		    "'1.9', 5, '1.9.0', 'dev'} print(table.concat(a, ' '), "
		    "table.concat(b, ' '))", "1.9 1.9.0 v1.10\tlatest 5 dev" },
		{ "sort objects", S "local l = semver.sort{semver'2', '1'} "
		    "print(l[1], l[2].major)", "1\t2" },
		{ "sort in a range", S "local a, b = semver.sort({'1.5', "
		    "'2.0', '1.2', 'x', '1.6-rc'}, '^1') "
		    "print(table.concat(a, ' '), table.concat(b, ' '))",
		    "1.2 1.5\t2.0 x 1.6-rc" },
		{ "newest", S "local l = {'1.9', 'v1.10', '2.0-rc1', 'x'} "
		    "print(semver.newest(l), semver.newest(l, '<1.10'), "
		    "semver.newest(l, '*', {prerelease = true}), "
		    "semver.newest(l, '^3'), semver.newest({}))",
		    "v1.10\t1.9\t2.0-rc1\tnil\tnil" },
		{ "bad arguments", S ERR "ERR(semver.sort) "
		    "ERR(semver.satisfies, '1', {}) ERR(semver.newest, {}, "
		    "'>>1') ERR(semver.sort, {}, '1', 2)",
		    "<string>:1: bad argument #1 to 'semver.sort' (table "
		    "expected, got nil)\n<string>:1: bad argument #2 to "
		    "'semver.satisfies' (string expected, got table)\n"
		    "<string>:1: bad argument #2 to 'semver.newest' (\">>1\" "
		    "is not a range of versions, such as \">=1.2 <2\", "
		    "\"^1.2\", \"1.x || 3.x\": at \">1\")\n<string>:1: bad "
		    "argument #3 to 'semver.sort' (table expected, got "
		    "number)" },
	};

	CHECK(rows);
}

/* A range, versions that are in it, and some that are not. */
static const struct {
	const char *range, *in, *out;
} ranges[] = {
	{ ">=1.2 <2", "1.2.0 1.2 1.9.9 v1.5", "1.1.9 2.0.0 2.0.0-rc.1 x" },
	{ ">= 1.2, < 2", "1.2.0", "2" },
	{ "^1.2", "1.2.0 1.9.9", "1.1.9 2.0.0 1.3.0-rc.1" },
	{ "^1.2.3", "1.2.3 1.3.0", "1.2.2 2.0.0" },
	{ "^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2 1.0.0" },
	{ "^0.0.3", "0.0.3", "0.0.4 0.0.2" },
	{ "^0.0", "0.0.0 0.0.9", "0.1.0" },
	{ "^0", "0.9.9", "1.0.0" },
	{ "^1.x", "1.0.0 1.9", "2.0 0.9" },
	{ "~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0" },
	{ "~1.2", "1.2.0 1.2.9", "1.3.0" },
	{ "~1", "1.0 1.9", "2.0" },
	{ "~> 2.1", "2.1.5", "2.2" },
	{ "1.x", "1.0.0 1.9.9", "2.0.0 0.9" },
	{ "1.2.*", "1.2.0 1.2.7", "1.3.0" },
	{ "1.X.3", "1.0.0 1.9.9", "2.0.0" },
	{ "1.2", "1.2.0 1.2.7", "1.3.0 1.1" },
	{ "=1.2.3", "1.2.3 v1.2.3 1.2.3+b", "1.2.4" },
	{ "==1", "1.0 1.9", "2.0" },
	{ "!=1.2.3", "1.2.4 0.1", "1.2.3" },
	{ ">1.2", "1.3.0 2.0", "1.2.0 1.2.9" },
	{ ">1.2.3", "1.2.4", "1.2.3" },
	{ "<=1.2", "1.2.9 1.0", "1.3.0" },
	{ "<=1.2.3", "1.2.3", "1.2.4" },
	{ "<1.2", "1.1.9", "1.2.0" },
	{ "1.2 - 1.4", "1.2.0 1.4.9", "1.1 1.5.0" },
	{ "1.2.3 - 2.3.4", "1.2.3 2.3.4", "2.3.5" },
	{ "^1 || ^3", "1.5 3.1", "2.0 4.0" },
	{ "1.x||3.x", "1.5 3.1", "2.0" },
	{ "*", "0.0.0 9.9.9", "1.0.0-rc x" },
	{ "", "1.0 2.0", "1.0.0-rc" },
	{ ">*", "", "1.0 0.0" },
	{ ">=1.0.0-rc.1", "1.0.0-rc.1 1.0.0-rc.2 1.0.0 2.0.0",
	    "1.0.0-beta 2.0.0-rc.1" },
	{ "^1.2.3-beta.2", "1.2.3-beta.4 1.2.4 1.2.3",
	    "1.2.3-beta.1 1.2.4-beta.2 2.0.0" },
};

Test(library, semver_ranges)
{
	char script[1024];

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		struct vmrig_row row = { ranges[i].range, script, "" };

		snprintf(script, sizeof(script), S "for _, want in "
		    "ipairs{true, false} do for t in (want and '%s' or "
		    "'%s'):gmatch('%%S+') do if semver.satisfies(t, '%s') ~= "
		    "want then log(t) end end end", ranges[i].in,
		    ranges[i].out, ranges[i].range);
		vmrig_check(&row, 1);
	}
}

Test(library, semver_range_errors)
{
	static const struct vmrig_row rows[] = {
		{ "not ranges", S "for _, r in ipairs{'latest', '1.2.3.4', "
		    "'>', '^', '1 |', '1 | 2', '>= 1.2 beta', '!=1.2', "
		    "'1 -', '>=1.2.3_4', '1 - ', ('1 '):rep(40), "
		    "(' '):rep(300), '1\\0'} do if pcall(semver.satisfies, "
		    "'1', r) then log(r) end end", "" },
		{ "prereleases on request", S "local o = {prerelease = true} "
		    "print(semver.satisfies('1.3.0-rc', '^1.2', o), "
		    "semver.satisfies('2.0.0-rc', '^1.2', o), "
		    "semver.satisfies('2.0.0-rc', '<2', o), "
		    "semver.satisfies('2.0.0-rc', '<2.0.0', o))",
		    "true\tfalse\tfalse\ttrue" },
	};

	CHECK(rows);
}

Test(library, time)
{
	static const struct vmrig_row rows[] = {
		{ "parse", T "for _, t in ipairs{'1970-01-01T00:00:00Z', "
		    "'2021-01-01 00:00:00 +0000 UTC', "
		    "'2021-01-01 01:30:00.5 +0130 +0130', "
		    "'2021-01-01T00:00:00+01:00', '2021-01-01', "
		    "'2021-01-01T00:00:00', '2021-01-01t00:00:00z', "
		    "'2021-01-01 00:00:00 UTC', '2021-01-01 00:00:00 -0500 "
		    "EST m=+0.5', '2021-01-01T00:00:00.999999999-0030', "
		    "'0001-01-01 00:00:00 +0000 UTC'} do "
		    "print(time.parse(t)) end",
		    "0\t0\n1609459200\t0\n1609459200\t500000000\n"
		    "1609455600\t0\n1609459200\t0\n1609459200\t0\n"
		    "1609459200\t0\n1609459200\t0\n1609477200\t0\n"
		    "1609461000\t999999999\n-62135596800\t0" },
		{ "not parsed", T "for _, t in ipairs{'', 'today', "
		    "'2021-02-30', '2021-13-01', '2021-01-01T24:00:00Z', "
		    "'2021-01-01T00:00', '2021-01-01T00:00:00.Z', "
		    "'2021-01-01T00:00:00Zx', '2021-01-01 00:00:00 CET', "
		    "'2021-01-01T00:00:00+1:00', '2021-01-01T00:00:00 "
		    "+0000 ', '2021-01-01\\0', ('2'):rep(100), 1609459200} do "
		    "if time.parse(t) then log(t) end end "
		    "print(time.parse(nil), time.age('x'), time.parse())",
		    "nil\tnil\tnil" },
		{ "format", T "print(time.format(0), time.go(1609459200.9), "
		    "time.format(-1), time.format('86400'))",
		    "1970-01-01T00:00:00Z\t2021-01-01 00:00:00 +0000 UTC\t"
		    "1969-12-31T23:59:59Z\t1970-01-02T00:00:00Z" },
		{ "there and back", T "for _, s in ipairs{0, -62167219200, "
		    "253402300799, 1e9} do if time.parse(time.format(s)) ~= s "
		    "or time.parse(time.go(s)) ~= s then log(s) end end", "" },
		{ "format errors", T ERR "ERR(time.format, 253402300800) "
		    "ERR(time.go, 'x') ERR(time.format, 0/0)",
		    "<string>:1: bad argument #1 to 'time.format' (its year "
		    "has more than four digits)\n<string>:1: bad argument #1 "
		    "to 'time.go' (number expected, got string)\n<string>:1: "
		    "bad argument #1 to 'time.format' (its year has more than "
		    "four digits)" },
		{ "now, age", T "local n = time.now() print(n - os.time() "
		    "<= 1, math.type(n), time.age(time.format(n - 60)) - 60 "
		    "<= 1)", "true\tinteger\ttrue" },
		{ "older", T "local t = time.format(time.now() - 86400 * 31) "
		    "print(time.older(t, '30d'), time.older(t, '32d'), "
		    "time.older(t, 3600), time.older(nil, '1d'), "
		    "time.older('x', '1d'))", "true\tfalse\ttrue\tfalse\t"
		    "false" },
		{ "older errors", T ERR "ERR(time.older, nil, '30') "
		    "ERR(time.older, '2021-01-01')", "<string>:1: bad "
		    "argument #2 to 'time.older' (a duration such as \"30d\" "
		    "or \"12h\" expected)\n<string>:1: bad argument #2 to "
		    "'time.older' (a duration such as \"30d\" or \"12h\" "
		    "expected)" },
		{ "seconds", T "print(time.seconds('1h30m'), "
		    "time.seconds('30d'), time.seconds('1w2d12h'), "
		    "time.seconds('1.5s'), time.seconds('-1d'), "
		    "time.seconds('0'), time.seconds('0d'))",
		    "5400\t2592000\t820800\t1.5\t-86400\t0\t0" },
		{ "no duration", T "for _, t in ipairs{'', '1', 'd', '1d1w', "
		    "'1d1d', '1x', '+', '1d-1h', '1.5d', '1000000d', "
		    "'9999999999d', '1h1d', '1 d', '1d\\0', ('1'):rep(99) "
		    ".. 'h', 5} do if time.seconds(t) then log(t) end end",
		    "" },
		{ "duration", T "print(time.duration(5400), "
		    "time.duration(0.5), time.duration(86400 * 30), "
		    "time.duration(0), time.duration(-60))",
		    "1h30m\t500ms\t720h\t0s\t-1m" },
	};

	CHECK(rows);
}

Test(library, json_decode)
{
	static const struct vmrig_row rows[] = {
		{ "values", J "local t = json.decode('{\"a\": [1, 2.5, true, "
		    "null, \"x\"], \"b\": {\"c\": -1}}') print(t.a[1], "
		    "math.type(t.a[1]), t.a[2], t.a[3], t.a[4], t.a[5], "
		    "t.b.c)", "1\tinteger\t2.5\ttrue\tnil\tx\t-1" },
		{ "scalars", J "print(json.decode('5'), json.decode(' null '),"
		    " json.decode('\"a\\\\u00e9\"'), json.decode('false'), "
		    "json.decode('1e2'))", "5\tnil\ta\xc3\xa9\tfalse\t100" },
		{ "big numbers", J "print(json.decode('9223372036854775807'), "
		    "json.decode('-9223372036854775808'), "
		    "json.decode('18446744073709551615') > 1.8e19, "
		    "pcall(json.decode, '1e999'))",
		    "9223372036854775807\t-9223372036854775808\ttrue\tfalse\t"
		    "<string>:1: Failed decoding JSON: the text is not valid "
		    "JSON: NaN and Infinity are not numbers" },
		{ "null on request", J "local t = json.decode('[null, 1]', "
		    "nil, json.null) print(t[1] == json.null, #t)", "true\t2" },
		{ "lengths", J "local t = json.decode('[null, null]', nil, "
		    "nil, true) log(t[0])", "2" },
		{ "from", J "print(json.decode('xx[1]', 3)[1], "
		    "select(2, json.decode('xx[1]', 3)))", "1\t6" },
		{ "errors", J "for _, s in ipairs{'', '{', '[1,]', '{\"a\"}', "
		    "'nul', '1 2', \"{'a': 1}\", '<html>', 'NaN', "
		    "('['):rep(40), '\"\\1\"'} do local ok, e = "
		    "pcall(json.decode, s) if ok or not e:find('^<string>:1: "
		    "Failed decoding JSON: the text ') then log(s) end end",
		    "" },
		{ "depth", J "print(pcall(json.decode, ('['):rep(34) .. "
		    "(']'):rep(34)))", "false\t<string>:1: Failed decoding "
		    "JSON: the text is nested deeper than 32 levels" },
		{ "arguments", J ERR "ERR(json.decode) ERR(json.decode, '1', "
		    "9)", "<string>:1: bad argument #1 to 'json.decode' "
		    "(string expected, got nil)\n<string>:1: bad argument #2 "
		    "to 'json.decode' (a position in the text expected)" },
	};

	CHECK(rows);
}

Test(library, json_encode)
{
	static const struct vmrig_row rows[] = {
		{ "sorted keys", J "log(json.encode{b = 1, a = {2, 10/2, "
		    "'x'}, ['a-'] = false, z = 0.1})",
		    "{\"a\":[2,5,\"x\"],\"a-\":false,\"b\":1,\"z\":0.1}" },
		{ "empty tables", J "print(json.encode{}, "
		    "json.encode(json.array()), json.encode(json.array{}), "
		    "json.encode(json.decode('{\"a\":[],\"b\":{}}')), "
		    "json.encode{[0] = 0})",
		    "{}\t[]\t[]\t{\"a\":[],\"b\":{}}\t[]" },
		{ "an array that grew", J "local t = json.decode('[]') "
		    "t[1] = 'x' log(json.encode(t))", "[\"x\"]" },
		{ "null", J "print(json.encode(nil), json.encode({json.null, "
		    "'x'}), json.encode({1, 'N'}, 'N'), json.encode{[0] = "
		    "3, 1})", "null\t[null,\"x\"]\t[1,null]\t"
		    "[1,null,null]" },
		{ "strings", J "log(json.encode('a\"\\\\\\n\\0<\\xff'))",
		    "\"a\\\"\\\\\\n\\u0000<\\ufffd\"" },
		{ "numbers", J "print(json.encode(2^53), json.encode(-0.5), "
		    "json.encode(1e300), json.encode(9223372036854775807))",
		    "9007199254740992\t-0.5\t1e+300\t9223372036854775807" },
		{ "no metamethods", J "log(json.encode(setmetatable({a = 1}, "
		    "{__pairs = error, __index = error, __len = error})))",
		    "{\"a\":1}" },
		{ "errors", J "local c = {} c.c = c for _, v in ipairs{c, "
		    "{print}, 0/0, 1/0, {1, x = 2}, {[2] = 1}, {[{}] = 1}, "
		    "{[true] = 1}, {[0] = 1, x = 1}} do local ok, e = "
		    "pcall(json.encode, v) log(ok and 'ok' or "
		    "e:match('JSON: (.-),') or e:match('JSON: (.*)')) end",
		    "c contains itself\n[1] is a function\n"
		    "it is not a finite number\nit is not a finite number\n"
		    "it is both a list and a table with names\n"
		    "it has a key that is neither a name nor a place in a "
		    "list without gaps\n"
		    "it has a key that is neither a name nor a place in a "
		    "list without gaps\n"
		    "it has a key that is neither a name nor a place in a "
		    "list without gaps\n"
		    "it is both a list and a table with names" },
		{ "limit", J "local s = ('x'):rep(1e6) local t = {} for i = "
		    "1, 9 do t[i] = s end print(pcall(json.encode, t))",
		    "false\t<string>:1: Failed encoding JSON: it is larger "
		    "than 8388608 bytes as JSON, which is the limit" },
		{ "there and back", J "local s = '{\"a\":[1,{\"b\":[]},"
		    "\"\\\\u0000\"],\"c\":null}' log(json.encode(json.decode("
		    "s, nil, json.null)) == s and 'same')", "same" },
		{ "array", J ERR "ERR(json.array, setmetatable({}, {})) "
		    "ERR(json.array, 1)", "<string>:1: bad argument #1 to "
		    "'json.array' (a table without a metatable expected)\n"
		    "<string>:1: bad argument #1 to 'json.array' (table "
		    "expected, got number)" },
		{ "no finalizer", J "print(getmetatable(json.array()))",
		    "false" },
	};

	CHECK(rows);
}
