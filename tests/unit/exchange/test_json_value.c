/* SPDX-License-Identifier: Apache-2.0 */
/* test_json_value.c - Lua values as JSON and back; inputs as Lua values. */
#include <criterion/criterion.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/wire/message.h"
#include "worker/exchange/globals.h"
#include "worker/library/json_value.h"

static lua_State *L;
static struct buffer out;
static struct error err;

static void
setup(void)
{
	L = luaL_newstate();
	luaL_openlibs(L);
	buffer_init(&out, 4096);
}

static void
teardown(void)
{
	lua_close(L);
	buffer_free(&out);
}

TestSuite(json_value, .init = setup, .fini = teardown);

/* The JSON of a Lua expression, or its error. */
static const char *
json(const char *expression)
{
	char chunk[512];
	int r;

	snprintf(chunk, sizeof(chunk), "return %s", expression);
	cr_assert_eq(luaL_dostring(L, chunk), LUA_OK, "%s",
	    lua_tostring(L, -1));
	buffer_clear(&out);
	r = json_encode(L, -1, NULL, NULL, &out, &err);
	cr_expect_eq(lua_gettop(L), 1);
	lua_settop(L, 0);
	return r == 0 ? buffer_str(&out) : err.text;
}

#define IS(expression, text) cr_expect_str_eq(json(expression), text)

Test(json_value, scalars)
{
	IS("nil", "null");
	IS("true", "true");
	IS("false", "false");
	IS("5", "5");
	IS("-9223372036854775807 - 1", "-9223372036854775808");
	IS("10 / 2", "5");
	IS("-0.0", "0");
	IS("0.1", "0.1");
	IS("1/3", "0.3333333333333333");
	IS("1e300", "1e+300");
	IS("2^53", "9007199254740992");
	IS("'a\"\\n\\0<\\xff'", "\"a\\\"\\n\\u0000<\\ufffd\"");
}

Test(json_value, tables)
{
	IS("{}", "[]");
	IS("{1, {2}, 'x'}", "[1,[2],\"x\"]");
	IS("{b = 1, a = {}, B = 2, ab = 3}",
	    "{\"B\":2,\"a\":[],\"ab\":3,\"b\":1}");
	IS("{['1'] = 1}", "{\"1\":1}");
	IS("{[1.0] = 1}", "[1]");
	/* Raw: nothing of the script runs. */
	IS("setmetatable({1}, {__index = error, __len = error})", "[1]");
	/* The same table twice is no circle. */
	IS("(function() local t = {1} return {a = t, b = t} end)()",
	    "{\"a\":[1],\"b\":[1]}");
}

Test(json_value, what_json_cannot_hold)
{
	IS("{1, nil, 3}", "it is a list with gaps");
	IS("{1, x = 2}", "it is both a list and a table with names, and JSON "
	    "has only one or the other");
	IS("{a = {[7] = 1}}", "a has a key that is neither a name nor a place "
	    "in a list without gaps");
	IS("{[true] = 1}", "it has a key that is neither a name nor a place "
	    "in a list without gaps");
	IS("{a = {1, {b = print}}}", "a[2].b is a function, which JSON cannot "
	    "hold: tostring() gives its text");
	IS("{0/0}", "[1] is not a finite number, and JSON has no other");
	IS("(function() local t = {} t.a = {t} return t end)()",
	    "a[1] contains itself");
}

Test(json_value, limits)
{
	IS("('x'):rep(4094)", buffer_str(&out));
	cr_expect_eq(out.len, 4096);
	cr_expect_str_eq(json("('x'):rep(4095)"),
	    "it is larger than 4096 bytes as JSON, which is the limit");
	cr_expect_str_eq(json("{a = ('x'):rep(4090)}"),
	    "it is larger than 4096 bytes as JSON, which is the limit");
	cr_expect_str_eq(json("(function() local t = {} for _ = 1, 32 do t = "
	    "{t} end return t end)()"), "it is nested deeper than 32 levels");
	cr_expect_eq(json("(function() local t = {} for _ = 1, 31 do t = "
	    "{t} end return t end)()")[0], '[');
}

/* What a text becomes as an input: its JSON, or the error. */
static const char *
input(uint64_t format, const char *text, size_t len)
{
	struct client_input in = { .name = "i", .format = format };
	int r;

	buffer_init(&in.text, 0);
	buffer_put(&in.text, text, len);
	error_clear(&err);
	r = input_push(L, &in, &err);
	buffer_free(&in.text);
	buffer_clear(&out);
	if (r == -1)
		return err.text;
	cr_assert_eq(json_encode(L, -1, NULL, NULL, &out, &err), 0, "%s", err.text);
	lua_settop(L, 0);
	return buffer_str(&out);
}

#define BECOMES(format, text, json) \
	cr_expect_str_eq(input(format, text, sizeof(text) - 1), json)

Test(json_value, lines)
{
	BECOMES(INPUT_AUTO, "", "[]");
	BECOMES(INPUT_AUTO, "a\n\n b \r\nc", "[\"a\",\" b \",\"c\"]");
	BECOMES(INPUT_AUTO, "\xef\xbb\xbf" "a\n", "[\"a\"]");
	BECOMES(INPUT_LINES, "{\n}\n", "[\"{\",\"}\"]");
	BECOMES(INPUT_LINES, "a\0b", "it has a zero byte, so it is not text");
	BECOMES(INPUT_AUTO, "5", "[\"5\"]");
}

Test(json_value, json)
{
	BECOMES(INPUT_AUTO, " \n{\"a\": [1, 2.0, null, {\"b\": null}]}\n",
	    "{\"a\":[1,2,false,[]]}");
	BECOMES(INPUT_AUTO, "\xef\xbb\xbf[]", "[]");
	BECOMES(INPUT_JSON, "5", "5");
	BECOMES(INPUT_JSON, "[18446744073709551615, -9223372036854775808]",
	    "[1.8446744073709552e+19,-9223372036854775808]");
	BECOMES(INPUT_JSON, "{\"a\": \"\\u0000\"}", "{\"a\":\"\\u0000\"}");
	BECOMES(INPUT_JSON, "", "it is empty, not JSON");
	BECOMES(INPUT_JSON, "a", "it is not valid JSON: unexpected character "
	    "at byte 1");
	BECOMES(INPUT_AUTO, "[section]\nx", "it is not valid JSON: unexpected "
	    "character at byte 2 (it begins as JSON does; with \"format: "
	    "lines\" it is a list of lines)");
}

/* Tables that name each other many times, with next to no text: two to the
 * power of 28 of them. */
Test(json_value, in_time)
{
	struct worker w = { .deadline = clock_now() + 50 * NS_PER_MS };
	int64_t begin = clock_now();

	buffer_free(&out);
	buffer_init(&out, (size_t)1 << 30);
	cr_assert_eq(luaL_dostring(L, "local t = {} for i = 1, 28 do "
	    "t = {a = t, b = t} end return t"), LUA_OK);
	cr_expect_eq(json_encode(L, -1, NULL, &w, &out, &err), -1);
	cr_expect(w.deadline <= clock_now());
	cr_expect_lt(out.len, (size_t)1 << 30);
	cr_expect_lt(clock_now() - begin, 5 * NS_PER_S);
}
