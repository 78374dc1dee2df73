/* SPDX-License-Identifier: Apache-2.0 */
/* parallel(), against scripts that are wrong or mean harm. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "tests/unit/modules/modrig.h"

static struct modrig rig;

static void
setup(void)
{
	modrig_init(&rig);
	modrig_image(&rig, "reg:1/app", "t1", "{\"os\":\"linux\"}");
}

static void
teardown(void)
{
	cr_assert_eq(rig.left, 0, "%d calls are left", rig.left);
	cr_assert_eq(rig.slots, 0, "%d slots are held", rig.slots);
	modrig_free(&rig);
}

TestSuite(parallel_hostile, .init = setup, .fini = teardown, .timeout = 60);

#define MESSAGE "INFO User script message script=t message="
#define HEAD "manifest.head('reg:1/app:t1')\n"

static void
check_says(const char *script, const char *message)
{
	modrig_run(&rig, script);
	cr_assert(!rig.result.failed, "%s: %s", script, rig.result.text);
	cr_assert_not_null(strstr(rig.log, message), "no \"%s\" in %s",
	    message, rig.log);
}

static void
check_fails(const char *script, const char *text)
{
	modrig_run(&rig, script);
	cr_assert(rig.result.failed, "%s did not fail", script);
	cr_assert_not_null(strstr(rig.result.text, text), "no \"%s\" in %s",
	    text, rig.result.text);
}

#define NO_WAIT "a branch of parallel cannot wait for a registry here"

Test(parallel_hostile, where_lua_cannot_yield)
{
	static const char *const bodies[] = {
		"table.sort({2, 1}, function() " HEAD " end)",
		"string.gsub('x', 'x', function() " HEAD " end)",
		"tostring(setmetatable({}, {__tostring = function() " HEAD
		    " end}))",
		"table.concat(setmetatable({}, {__len = function() " HEAD
		    " end}))",
		"load(function() " HEAD " end)",
		/* The coroutine could yield; what resumes it could not. */
		"table.sort({2, 1}, function() coroutine.wrap(function() "
		    HEAD " end)() end)",
		"table.sort({2, 1}, function() assert(coroutine.resume("
		    "coroutine.create(function() " HEAD " end))) end)",
		"table.sort({2, 1}, function() parallel(1, {1}, function() "
		    "end) end)",
		"table.sort({2, 1}, function() tag.delete('reg:1/app:t1') end)",
	};
	char script[512];

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		snprintf(script, sizeof(script), "parallel(2, {1}, function() "
		    "%s end)", bodies[i]);
		check_fails(script, NO_WAIT);
	}
	cr_assert_not_null(modrig_find(&rig, "reg:1/app", "t1"));
	/* What does not wait works there, and everything outside. */
	check_says("table.sort({2, 1}, function(a, b) " HEAD " return a < b "
	    "end)\n"
	    "local m = manifest.get('reg:1/app:t1')\n"
	    "local s = parallel(1, {1}, function() return ("
	    "string.gsub('x', 'x', function() return #tostring(m) .. "
	    "tostring(reference.new('a/b:c')) end)) end)\n"
	    "log('fine ' .. s[1])", "fine ");
}

Test(parallel_hostile, a_branch_does_not_yield_by_itself)
{
	check_fails("parallel(1, {1}, function() coroutine.yield(1) end)",
	    "<string>:1: attempt to yield from outside a coroutine");
	check_fails("parallel(1, {1}, coroutine.yield)",
	    "attempt to yield from outside a coroutine");
}

Test(parallel_hostile, nobody_else_resumes_a_branch)
{
	check_says("local co, other\n"
	    "parallel(2, {1, 2}, function(i)\n"
	    "if i == 1 then co = coroutine.running() " HEAD HEAD " else\n"
	    "log(tostring(coroutine.status(co)) .. ' ' .. "
	    "select(2, coroutine.resume(co, 'evil'))) end end)\n"
	    "log('after ' .. coroutine.status(co) .. ' ' .. "
	    "select(2, coroutine.resume(co)))",
	    MESSAGE "normal cannot resume non-suspended coroutine");
	cr_assert_not_null(strstr(rig.log,
	    "after dead cannot resume dead coroutine"));
}

Test(parallel_hostile, nobody_else_resumes_what_waits)
{
	check_says("local shared = coroutine.create(function() " HEAD HEAD
	    "coroutine.yield('mine') return 'last' end)\n"
	    "local wrapped = coroutine.wrap(function() " HEAD HEAD
	    "return 'w' end)\n"
	    "local r = parallel(2, {1, 2}, function(i)\n"
	    "if i == 2 then log(coroutine.status(shared)) end\n"
	    "local ok, v = coroutine.resume(shared)\n"
	    "local fine, w = pcall(wrapped)\n"
	    "return tostring(ok) .. ':' .. v .. ':' .. tostring(fine) "
	    "end)\n"
	    "log('r ' .. r[1] .. ' ' .. r[2])",
	    "false:cannot resume non-suspended coroutine:");
	cr_assert_not_null(strstr(rig.log, MESSAGE "normal"));
	cr_assert_not_null(strstr(rig.log, "r true:mine:"));
}

/* The branch is gone, what it waited for as well; a script that kept its
 * coroutine gets nothing from it. */
Test(parallel_hostile, an_abandoned_branch_is_over)
{
	check_says("local co, mine\n"
	    "pcall(parallel, 2, {1, 2}, function(i)\n"
	    "if i == 2 then error('stop') end\n"
	    "co = coroutine.running()\n"
	    "mine = coroutine.create(function() " HEAD " log('ran') end)\n"
	    "coroutine.resume(mine) log('ran') end, {stop = true})\n"
	    "collectgarbage()\n"
	    "log(select(2, coroutine.resume(co)) .. '/' .. "
	    "select(2, coroutine.resume(mine)))\n" HEAD "log('on')",
	    "cannot resume non-suspended coroutine/cannot resume "
	    "non-suspended coroutine");
	cr_assert_null(strstr(rig.log, "=ran"));
	cr_assert_not_null(strstr(rig.log, "=on"));
	cr_assert_eq(rig.cancelled, 1);
}

Test(parallel_hostile, the_deadline_ends_branches_that_wait)
{
	rig.hang = true;
	rig.timeout_ms = 100;
	check_fails("parallel(2, {'a', 'b', 'c'}, function() while true do "
	    "pcall(manifest.head, 'reg:1/app:t1') end end)",
	    "<string>:1: parallel: ");
	cr_assert_not_null(strstr(rig.result.text, "; under way: item "));
	cr_assert_eq(rig.cancelled, 2);
}

Test(parallel_hostile, the_deadline_ends_branches_that_compute)
{
	static const char *const scripts[] = {
		"parallel(2, {1, 2}, function() while true do end end)",
		"parallel(2, {1, 2}, function() while true do pcall("
		    "function() while true do end end) end end)",
		"parallel(2, {1, 2}, function() while true do "
		    "coroutine.resume(coroutine.create(function() while true "
		    "do end end)) end end)",
		"parallel(2, {1, 2}, function() while true do pcall("
		    "manifest.head, 'reg:1/app:t1') end end)",
		"local t = {} for i = 1, 1000 do t[i] = i end\n"
		    "while true do pcall(parallel, 2, t, function() end) end",
		"local function f() pcall(parallel, 2, {1, 2}, f) end\n"
		    "while true do f() end",
	};

	rig.timeout_ms = 100;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		check_fails(scripts[i], "<string>:");
}

Test(parallel_hostile, the_memory_limit_ends_all)
{
	rig.memory = 8 * MIB;
	check_fails("parallel(4, {1, 2, 3, 4}, function(i) " HEAD
	    "local t = {} while i == 2 do t[#t + 1] = {} end "
	    "while true do " HEAD " end end)", "not enough memory");
	check_fails("parallel(4, {1, 2, 3, 4}, function() local t = {} while "
	    "true do pcall(function() while true do t[#t + 1] = {} end end) "
	    "end end)", "not enough memory");
}

Test(parallel_hostile, memory_runs_out_anywhere)
{
	int failed = 0, worked = 0;

	for (rig.memory = 100 * KIB; rig.memory < 600 * KIB;
	    rig.memory += 8999) {
		if (modrig_run(&rig, "local l = {} for i = 1, 40 do "
		    "l[i] = 'item' .. i end\n"
		    "local n = #parallel(8, l, function(t, i) " HEAD
		    "local c = coroutine.wrap(function() " HEAD
		    "return parallel(2, {1, 2}, function() " HEAD
		    "return t end) end)\n"
		    "return #c() .. tag.ls('reg:1/app')[1] end)\n"
		    "if n ~= 40 then os.exit(1) end") == -1)
			continue;
		cr_assert(rig.result.exit_code == 0, "%s", rig.result.text);
		cr_assert_eq(rig.left, 0);
		rig.result.failed ? failed++ : worked++;
	}
	cr_assert_gt(failed, 10);
	cr_assert_gt(worked, 10);
}

Test(parallel_hostile, os_exit_in_a_branch)
{
	modrig_run(&rig, "parallel(4, {1, 2, 3}, function(i) " HEAD
	    "if i == 2 then os.exit(7) end " HEAD " end)");
	cr_assert(rig.result.failed);
	cr_assert_eq(rig.result.exit_code, 7);
	cr_assert_eq(rig.pending, 0, "%d calls", rig.pending);
}

Test(parallel_hostile, errors_that_are_no_text)
{
	check_fails("parallel(1, {1}, function() error(nil) end)",
	    "item 1 (\"1\"): nil");
	check_fails("parallel(1, {1}, function() error(setmetatable({}, "
	    "{__tostring = function() return 'told' end})) end)",
	    "item 1 (\"1\"): told");
	check_fails("parallel(1, {1}, function() error(setmetatable({}, "
	    "{__tostring = function() " HEAD " end})) end)",
	    "an error that cannot be shown");
	check_fails("parallel(1, {setmetatable({}, {__tostring = function() "
	    "parallel(1, {1}, log) end})}, function() error('x') end)",
	    "item 1: an error that cannot be shown");
}

Test(parallel_hostile, deep_coroutines)
{
	check_says("local function deep(n) if n == 0 then " HEAD
	    "return 'bottom' end\n"
	    "return coroutine.wrap(deep)(n - 1) end\n"
	    "local r = parallel(4, {1, 2, 3, 4, 5}, function() "
	    "return deep(100) end)\n"
	    "log(r[5])\n"
	    "log(tostring(pcall(parallel, 2, {1}, function() deep(500) "
	    "end)))", "=bottom");
	cr_assert_not_null(strstr(rig.log, "=false"));
}
