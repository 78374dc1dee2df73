/* SPDX-License-Identifier: Apache-2.0 */
/* The source pre-pass: what it writes, and that no meaning changes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lualib.h>

#include "common/buffer.h"
#include "common/mem.h"
#include "tests/unit/lua/vmrig.h"
#include "worker/lua/vm.h"
#include "worker/prepass/prepass.h"

#define O "((" PREPASS_NUMBER_TEXT ")("
#define C ")))"

static const struct {
	const char *in, *out;
} rows[] = {
	{ "", "" },
	{ "x = a .. b", "x = " O "a ,( b" C },
	{ "x = a..b..c", "x = " O "a,b,(c" C },
	{ "x = 'a'..f()", "x = " O "'a',(f()" C },
	{ "return -a + b .. c * d == e", "return " O "-a + b ,( c * d" C
	    " == e" },
	{ "x = a .. b << c .. d", "x = " O "a ,( b" C " << " O "c ,( d" C },
	{ "x = (a .. b) .. c", "x = " O "(" O "a ,( b" C ") ,( c" C },
	{ "f(a..b, ...)", "f(" O "a,(b" C ", ...)" },
	{ "f 'x' .. y", "f 'x' .. y" },		/* no statement */
	{ "x = f 'x' .. y", "x = " O "f 'x' ,( y" C },
	{ "x = {a..1, [b..2] = c..3}", "x = {" O "a,(1" C ", [" O "b,(2" C
	    "] = " O "c,(3" C "}" },
	{ "x = a --..\n .. --[[..]] b", "x = " O "a --..\n ,( --[[..]] b" C },
	{ "x = [[a..b]] .. '..'", "x = " O "[[a..b]] ,( '..'" C },
	{ "function f(...) return ... .. 'x' end",
	    "function f(...) return " O "... ,( 'x'" C " end" },
	{ "x = 1..2", "x = 1..2" },		/* malformed in any Lua */
	{ "x = 1 ..2", "x = " O "1 ,(2" C },
	{ "x = a...b", "x = a...b" },
	{ "x = a.b..c.d", "x = " O "a.b,(c.d" C },
	{ "x = a .. b y = c .. d", "x = " O "a ,( b" C " y = " O "c ,( d" C },
	{ "x = a .. function() return b .. c end",
	    "x = " O "a ,( function() return " O "b ,( c" C " end" C },
	{ "x = a .. 'b'\n(f)()", "x = " O "a ,( 'b'" C "\n;(f)()" },
	{ "x = {a .. 1 (f)}", "x = {a .. 1 (f)}" },
	{ "x = = a .. b", "x = = a .. b" },
	{ "x = a .. b .. ", "x = a .. b .. " },
	{ "x = 'a' .. 'b", "x = 'a' .. 'b" },
	{ "x = '\\d\\.\\-\\n\\065\\\\d'", "x = 'd.-\\n\\065\\\\d'" },
	{ "x = '\\x41\\xg\\u{41}\\u41'", "x = '\\x41xg\\u{41}u41'" },
	{ "x = [[\\d]] -- \\d", "x = [[\\d]] -- \\d" },
	{ "x = = '\\d' 'a", "x = = 'd' 'a" },
	{ "x = '\\\n' .. a", "x = " O "'\\\n' ,( a" C },
};

Test(prepass, rewrites)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n;
		char *out = prepass(rows[i].in, strlen(rows[i].in), &n);

		cr_expect_str_eq(out, rows[i].out, "%s: %s", rows[i].in, out);
		cr_expect_eq(n, strlen(out));
		free(out);
	}
}

Test(prepass, names_an_operand)
{
	static const char src[] = "x = 1\ny = a .. b.c .. -d .. e()\n"
	    "z = p .. q\nz = {p .. q, p .. q}\n";
	char name[16];
	bool field;

	cr_expect(prepass_operand(src, sizeof(src) - 1, 2, 4, 0, name, 16,
	    &field));
	cr_expect_str_eq(name, "a");
	cr_expect_not(field);
	cr_expect(prepass_operand(src, sizeof(src) - 1, 2, 4, 1, name, 16,
	    &field));
	cr_expect_str_eq(name, "c");
	cr_expect(field);
	cr_expect_not(prepass_operand(src, sizeof(src) - 1, 2, 4, 2, name, 16,
	    &field));
	cr_expect_not(prepass_operand(src, sizeof(src) - 1, 2, 4, 3, name, 16,
	    &field));
	cr_expect_not(prepass_operand(src, sizeof(src) - 1, 2, 3, 0, name, 16,
	    &field));
	cr_expect(prepass_operand(src, sizeof(src) - 1, 3, 2, 1, name, 16,
	    &field));
	cr_expect_str_eq(name, "q");
	/* Two chains of that shape on one line: it cannot be told which. */
	cr_expect_not(prepass_operand(src, sizeof(src) - 1, 4, 2, 1, name, 16,
	    &field));
}

/* Random expressions, in types, so that none is an error. */
static void number(struct buffer *b, int depth);
static void boolean(struct buffer *b, int depth);

static void
text(struct buffer *b, int depth)
{
	int n;

	if (depth <= 0) {
		buffer_printf(b, "'%c'", 'a' + rand() % 26);
		return;
	}
	switch (rand() % 4) {
	case 0:
		buffer_puts(b, "(");
		boolean(b, depth - 1);
		buffer_puts(b, " and ");
		text(b, depth - 1);
		buffer_puts(b, " or ");
		text(b, depth - 1);
		buffer_puts(b, ")");
		return;
	case 1:
		buffer_puts(b, "f(");
		text(b, depth - 1);
		buffer_puts(b, ")");
		return;
	default:
		n = 2 + rand() % 4;
		for (int i = 0; i < n; i++) {
			buffer_puts(b, i != 0 ? " .. " : "");
			rand() % 2 ? text(b, depth - 1) :
			    number(b, depth - 1);
		}
	}
}

static void
number(struct buffer *b, int depth)
{
	static const char *const ops[] = { " + ", " - ", " * " };

	if (depth <= 0) {
		buffer_printf(b, "%d", rand() % 100);
		return;
	}
	switch (rand() % 4) {
	case 0:
		buffer_puts(b, "#(");
		text(b, depth - 1);
		buffer_puts(b, ")");
		return;
	case 1:
		buffer_puts(b, "- ");
		number(b, 0);
		return;
	default:
		number(b, depth - 1);
		buffer_puts(b, ops[rand() % 3]);
		number(b, depth - 1);
	}
}

static void
boolean(struct buffer *b, int depth)
{
	static const char *const ops[] = { " == ", " ~= ", " < ", " >= " };

	buffer_puts(b, rand() % 4 == 0 ? "(not (" : "((");
	text(b, depth - 1);
	buffer_puts(b, ops[rand() % 4]);
	text(b, depth - 1);
	buffer_puts(b, ")");
	if (rand() % 3 == 0) {
		buffer_puts(b, rand() % 2 ? " and " : " or ");
		boolean(b, depth - 1);
	}
	buffer_puts(b, ")");
}

/* Lua's own ".." and ours agree on what has no floats in it. */
Test(prepass, changes_no_meaning)
{
	static const char head[] = "function f(x) return x .. 1, 2 end\n"
	    "local a, b, c, d = 1, 2, 3, 4 return ";
	lua_State *L = luaL_newstate();

	srand(4711);
	luaL_openlibs(L);
	for (int i = 0; i < 150; i++) {
		struct buffer b;
		struct vmrig rig = { 0 };
		char *script;

		buffer_init(&b, 0);
		text(&b, 1 + i % 5);
		script = mem_printf("%s%s", head, buffer_str(&b));
		cr_assert_eq(luaL_dostring(L, script), 0, "%s",
		    lua_tostring(L, -1));
		free(script);
		script = mem_printf("log((function() %s%s end)())", head,
		    buffer_str(&b));
		vmrig_run(&rig, script);
		cr_expect_not(rig.result.failed, "%s", rig.result.text);
		cr_expect_str_eq(rig.log, lua_tostring(L, 1), "%s",
		    buffer_str(&b));
		vmrig_free(&rig);
		free(script);
		buffer_free(&b);
		lua_settop(L, 0);
	}
	lua_close(L);
}
