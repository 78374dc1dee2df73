/* SPDX-License-Identifier: Apache-2.0 */
/* parallel(), against a registry in memory (modrig.h): what it is for. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "tests/unit/modules/modrig.h"

static struct modrig rig;

static void
setup(void)
{
	char tag[16];

	modrig_init(&rig);
	for (int i = 1; i <= 9; i++) {
		snprintf(tag, sizeof(tag), "t%d", i);
		modrig_image(&rig, "reg:1/app", tag, "{\"os\":\"linux\"}");
	}
}

static void
teardown(void)
{
	cr_assert_eq(rig.left, 0, "%d calls are left", rig.left);
	cr_assert_eq(rig.slots, 0, "%d slots are held", rig.slots);
	modrig_free(&rig);
}

TestSuite(parallel, .init = setup, .fini = teardown);

#define MESSAGE "INFO User script message script=t message="
/* The nine tags of reg:1/app. */
#define LIST "local list = tag.ls('reg:1/app')\n"
/* Something that waits. */
#define HEAD "manifest.head('reg:1/app:' .. t)\n"

static void
run_ok(const char *script)
{
	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s: %s", script, rig.result.text);
}

static void
check_said(const char *message)
{
	char *line = mem_printf(MESSAGE "%s", message);

	cr_assert_not_null(strstr(rig.log, line), "no \"%s\" in %s", message,
	    rig.log);
	free(line);
}

/* What a script says last. */
static void
check(const char *script, const char *message)
{
	run_ok(script);
	check_said(message);
}

static void
check_error(const char *script, const char *want)
{
	char *nl;

	modrig_run(&rig, script);
	cr_assert(rig.result.failed, "%s did not fail", script);
	if ((nl = strstr(rig.result.text, "\nstack traceback:")) != NULL)
		*nl = '\0';
	cr_assert_str_eq(rig.result.text, want);
}

Test(parallel, results_are_in_the_order_of_the_list)
{
	check(LIST "local r = parallel(4, list, function(t, i)\n"
	    /* Later items finish first. */
	    "for _ = i, 9 do " HEAD " end\n"
	    "if i ~= 3 then return t .. i, 'more' end end)\n"
	    "log(r.n .. r[1] .. r[2] .. tostring(r[3]) .. r[9])",
	    "9t11t22nilt99");
	cr_assert_eq(rig.most, 4);
}

Test(parallel, as_many_at_once_as_it_was_told)
{
	static const int widths[][2] = { { 1, 1 }, { 3, 3 }, { 64, 9 } };
	char script[256];

	for (size_t i = 0; i < 3; i++) {
		snprintf(script, sizeof(script), LIST "parallel(%d, list, "
		    "function(t) " HEAD " end)", widths[i][0]);
		run_ok(script);
		cr_expect_eq(rig.most, widths[i][1], "%d: %d", widths[i][0],
		    rig.most);
	}
}

Test(parallel, all_functions_wait)
{
	rig.catalog = "{\"repositories\":[\"app\"]}";
	run_ok("local fns = {\n"
	    "function() return #tag.ls('reg:1/app') end,\n"
	    "function() return #repo.ls('reg:1') end,\n"
	    "function() return manifest.get('reg:1/app:t1'):descriptor().size "
	    "end,\n"
	    "function() return tostring(image.config('reg:1/app:t2')):match('linux') end,\n"
	    "function() return manifest.head('reg:1/app:t3'):get() end,\n"
	    "function() image.copy('reg:1/app:t4', 'oth:1/app:t4') end,\n"
	    "function() tag.delete('reg:1/app:t5') end,\n"
	    "function() return manifest.get('reg:1/app:t6'):put('reg:1/x:y') "
	    "end,\n"
	    "function() return image.ratelimitWait('reg:1/app:t7', 1) end,\n"
	    "function() return pcall(require, 'none') end,\n"
	    "}\n"
	    "local r = parallel(10, fns, function(f) return f() end)\n"
	    "log(r[1] .. ' ' .. r[4] .. ' ' .. tostring(r[9]))");
	check_said("9 linux true");
	cr_assert_not_null(modrig_find(&rig, "oth:1/app", "t4"));
	cr_assert_null(modrig_find(&rig, "reg:1/app", "t5"));
	cr_assert_not_null(modrig_find(&rig, "reg:1/x", "y"));
	cr_assert_geq(rig.most, 9);
}

Test(parallel, a_function_of_c)
{
	run_ok("parallel(4, {'reg:1/app:t1', 'reg:1/app:t2'}, tag.delete)");
	cr_assert_null(modrig_find(&rig, "reg:1/app", "t1"));
	cr_assert_null(modrig_find(&rig, "reg:1/app", "t2"));
}

Test(parallel, errors_are_collected)
{
	check_error(LIST "parallel(4, list, function(t, i)\n" HEAD
	    "if i % 4 == 0 then error('boom ' .. t) end\n"
	    "if i == 6 then " HEAD HEAD " error({}) end end)",
	    "<string>:2: parallel: 3 of 9 items failed:\n"
	    "  item 4 (\"t4\"): <string>:4: boom t4\n"
	    "  item 6 (\"t6\"): the error is a table\n"
	    "  item 8 (\"t8\"): <string>:4: boom t8");
}

Test(parallel, one_error)
{
	check_error("parallel(2, {'a', {}, reference.new('h:1/r:t')}, "
	    "function(t, i)\n"
	    "if i == 3 then manifest.head('reg:1/app:no') end end)",
	    "<string>:1: parallel: item 3 (\"h:1/r:t\"): <string>:2: Failed "
	    "retrieving \"reg:1/app:no\" manifest: failed to request manifest "
	    "head reg:1/app:no: request failed: not found [http 404]: ");
}

Test(parallel, many_errors_are_counted)
{
	const char *s;
	int n = 0;

	modrig_run(&rig, "local t = {} for i = 1, 500 do t[i] = 500 - i end\n"
	    "parallel(64, t, function(x, i)\n"
	    "if i <= 3 then manifest.head('reg:1/app:t1') end error('e' .. x) end)");
	for (s = rig.result.text; (s = strstr(s, "\n  item ")) != NULL; s++)
		n++;
	cr_assert_eq(n, PARALLEL_ERRORS_MAX);
	cr_assert_not_null(strstr(rig.result.text, "parallel: 500 of 500 items "
	    "failed:\n  item 1 (\"499\"): <string>:3: e499\n  item 2 "));
	cr_assert_not_null(strstr(rig.result.text, "\n  and 480 more"));
}

Test(parallel, stop_ends_at_the_first_error)
{
	check_error(LIST "parallel(3, list, function(t, i)\n"
	    "if i == 2 then error('boom') end\n"
	    "parallel(2, {1, 2}, function() " HEAD " end)\n"
	    "log('done ' .. t) end, {stop = true})",
	    "<string>:2: parallel: item 2 (\"t2\"): <string>:3: boom");
	cr_assert_null(strstr(rig.log, "done"));
	cr_assert_gt(rig.cancelled, 0);
}

Test(parallel, bad_arguments)
{
	static const char *const rows[][2] = {
		{ "parallel()", "#1 to 'parallel' (number expected, got "
		    "nil)" },
		{ "parallel({}, {}, log)", "#1 to 'parallel' (number "
		    "expected, got table)" },
		{ "parallel(0, {}, log)", "#1 to 'parallel' (a number from 1 "
		    "to 64 expected, got 0)" },
		{ "parallel(65, {}, log)", "#1 to 'parallel' (a number from 1 "
		    "to 64 expected, got 65)" },
		{ "parallel(0/0, {}, log)", "#1 to 'parallel' (a number from 1 "
		    "to 64 expected, got -nan)" },
		{ "parallel(2)", "#2 to 'parallel' (table expected, got nil)" },
		{ "parallel(2, 'x', log)", "#2 to 'parallel' (table expected, "
		    "got string)" },
		{ "parallel(2, {1, nil, 3}, log)", "#2 to 'parallel' (its item "
		    "2 is nil)" },
		{ "parallel(2, {})", "#3 to 'parallel' (function expected, "
		    "got nil)" },
		{ "parallel(2, {}, log, 5)", "#4 to 'parallel' (table "
		    "expected, got number)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		modrig_run(&rig, rows[i][0]);
		cr_assert(rig.result.failed);
		cr_expect_not_null(strstr(rig.result.text, rows[i][1]),
		    "%s: %s", rows[i][0], rig.result.text);
	}
}

Test(parallel, an_empty_list)
{
	check("local r = parallel(2, {}, function() error('x') end)\n"
	    "log(r.n .. #r)", "00");
}

Test(parallel, the_list_is_copied)
{
	check(LIST "local n = 0\n"
	    "parallel(2, list, function(t) " HEAD
	    "table.remove(list, 1) n = n + 1 end)\n"
	    "log(n .. ' ' .. #list)", "9 0");
}

Test(parallel, within_itself)
{
	check(LIST "local r = parallel(3, list, function(t)\n"
	    "return table.concat(parallel(5, list, function(u)\n" HEAD
	    "return t .. u end), ',') end)\n"
	    "log(r[2])", "t2t1,t2t2,t2t3,t2t4,t2t5,t2t6,t2t7,t2t8,t2t9");
	cr_assert_eq(rig.most, 15);
}

/* All together they are no more than one alone may be. */
Test(parallel, within_itself_many)
{
	rig.hang = true;
	rig.timeout_ms = 100;
	modrig_run(&rig, "local l = {} for i = 1, 64 do l[i] = 't1' end\n"
	    "parallel(64, {1, 2, 3}, function() parallel(64, l, function(t) "
	    HEAD " end) end)");
	cr_assert(rig.result.failed);
	cr_assert_eq(rig.most, PARALLEL_MAX - 1);
	cr_assert_not_null(strstr(rig.result.text, "under way: item 1 (\"1\")"
	    "\n"));
	modrig_run(&rig, "local l = {} for i = 1, 64 do l[i] = 't1' end\n"
	    "parallel(64, l, function() parallel(64, l, function(t) "
	    HEAD " end) end)");
	cr_assert_leq(rig.most, PARALLEL_MAX);
}

Test(parallel, not_too_deep_within_itself)
{
	modrig_run(&rig, "local function f() parallel(1, {1}, f) end f()");
	cr_assert(rig.result.failed);
	cr_assert_not_null(strstr(rig.result.text, "parallel is called within "
	    "itself more than 8 deep"));
}

Test(parallel, waits_pass_through_what_lua_can_yield_across)
{
	check(LIST "local mt = {__index = function(_, t) " HEAD
	    "return t end, __lt = function(a, b) local t = 't1' " HEAD
	    "return true end, __concat = function(a, b) local t = 't1' " HEAD
	    "return 'c' end, __call = function(_, t) " HEAD " return t end}\n"
	    "local function iter(l, i) local t = l[i + 1] if t then " HEAD
	    " return i + 1, t end end\n"
	    "local r = parallel(3, list, function(t)\n"
	    "local o = setmetatable({}, mt)\n"
	    "local s = o.t2 .. o('t3') .. tostring(o < o) .. (o .. 'x')\n"
	    "local _, e = pcall(function() " HEAD " error('e', 0) end)\n"
	    "local _, f = xpcall(function() " HEAD " error('f', 0) end, "
	    "function(m) return m .. '!' end)\n"
	    "local n = 0 for i, u in iter, list, 0 do n = n + 1 end\n"
	    "return s .. e .. f .. n end)\n"
	    "log(r[1] .. r[9])", "t2t3truecef!9t2t3truecef!9");
	cr_assert_eq(rig.most, 3);
}

Test(parallel, waits_pass_through_coroutines_unseen)
{
	check(LIST "local r = parallel(3, list, function(t)\n"
	    "local s = ''\n"
	    "local co = coroutine.create(function(a)\n" HEAD
	    "local b = coroutine.yield(a .. 1)\n" HEAD
	    "for x in coroutine.wrap(function() for i = 1, 2 do " HEAD
	    "coroutine.yield(i) end end) do b = b .. x end\n"
	    "return b, 'end' end)\n"
	    "local _, v = coroutine.resume(co, 'a') s = s .. v\n"
	    "s = s .. coroutine.status(co)\n"
	    "local _, w, x = coroutine.resume(co, 'b')\n"
	    "local ok, dead = coroutine.resume(co)\n"
	    "return s .. w .. x .. coroutine.status(co) .. dead end)\n"
	    "log(r[1] .. '|' .. r[9])",
	    "a1suspendedb12enddeadcannot resume dead coroutine|a1suspended"
	    "b12enddeadcannot resume dead coroutine");
	cr_assert_eq(rig.most, 3);
}

/* Made outside, used inside, one after the other by several branches. */
Test(parallel, coroutines_from_outside)
{
	check(LIST "local co = coroutine.wrap(function(t) while true do "
	    HEAD "t = coroutine.yield('got ' .. t) end end)\n"
	    "log(co('t1'))\n"
	    "local r = parallel(1, list, function(t) return co(t) end)\n"
	    "log(r[3] .. co('t5'))", "got t3got t5");
}

Test(parallel, a_module_is_loaded_once)
{
	rig.modules[0].name = "m";
	rig.modules[0].text = "log('loading') manifest.head('reg:1/app:t1') "
	    "manifest.head('reg:1/app:t2') return {}";
	rig.modules[1].name = "outer";
	rig.modules[1].text = "return {require 'm'}";
	check(LIST "local r = parallel(4, list, function(t, i)\n"
	    "return i % 2 == 0 and require 'outer'[1] or require 'm' end)\n"
	    "for i = 2, 9 do assert(r[i] == r[1]) end log('same')", "same");
	cr_assert_null(strstr(strstr(rig.log, "loading") + 1, "loading"));
}

Test(parallel, modules_that_need_each_other)
{
	rig.modules[0].name = "a";
	rig.modules[0].text = "manifest.head('reg:1/app:t1') require 'b'";
	rig.modules[1].name = "b";
	rig.modules[1].text = "manifest.head('reg:1/app:t1') require 'a'";
	rig.modules[2].name = "bad";
	rig.modules[2].text = "manifest.head('reg:1/app:t1') error('oops')";
	modrig_run(&rig, "parallel(2, {'a', 'b'}, function(m) require(m) "
	    "end)");
	cr_assert(rig.result.failed);
	cr_assert_not_null(strstr(rig.result.text,
	    "loop or previous error loading module"));
	modrig_run(&rig, "parallel(2, {'bad', 'bad'}, require)");
	cr_assert_not_null(strstr(rig.result.text, "oops"));
	cr_assert_not_null(strstr(rig.result.text,
	    "loop or previous error loading module: bad"));
}

/* What stop cuts off in the midst of a module leaves it to the next. */
Test(parallel, a_module_that_was_cut_off)
{
	rig.modules[0].name = "m";
	rig.modules[0].text = "log('loading') manifest.head('reg:1/app:t1') "
	    "manifest.head('reg:1/app:t2') return {7}";
	check("local function cut() return pcall(parallel, 2, {1, 2}, "
	    "function(i)\n"
	    "if i == 1 then return require 'm' end\n"
	    "manifest.head('reg:1/app:t3') error('stop')\n"
	    "end, {stop = true}) end\n"
	    "assert(not cut() and package.loaded.m == nil)\n"
	    "log('after ' .. require('m')[1])", "after 7");
	cr_assert_not_null(strstr(strstr(rig.log, "loading") + 1, "loading"));
	/* One that waits for it elsewhere loads it itself. */
	check("local r = parallel(2, {1, 2}, function(i)\n"
	    "if i == 1 then manifest.head('reg:1/app:t4') "
	    "return require('m')[1] end\n"
	    "return select(2, pcall(parallel, 2, {1, 2}, function(k)\n"
	    "if k == 1 then return require 'm' end\n"
	    "manifest.head('reg:1/app:t3') manifest.head('reg:1/app:t4')\n"
	    "error('stop') end, {stop = true})) end)\n"
	    "log(r[1] .. ' ' .. r[2])", "7 <string>:3: parallel: item 2 "
	    "(\"2\"): <string>:6: stop");
}

Test(parallel, a_dry_run_sees_what_it_pretends)
{
	rig.dry_run = true;
	check(LIST "parallel(4, list, function(t)\n"
	    "image.copy('reg:1/app:' .. t, 'oth:1/app:' .. t)\n"
	    "image.copy('reg:1/app:' .. t, 'oth:1/app:' .. t)\n"
	    "if t > 't5' then tag.delete('oth:1/app:' .. t) end end)\n"
	    "log(table.concat(tag.ls('oth:1/app'), ' '))", "t1 t2 t3 t4 t5");
	cr_assert_eq(rig.tally.copied, 9);
	cr_assert_eq(rig.tally.up_to_date, 9);
	cr_assert_eq(rig.tally.deleted, 4);
}
