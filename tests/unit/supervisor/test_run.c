/* SPDX-License-Identifier: Apache-2.0 */
/* test_run.c - the command once: what is started when, what signals do. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/supervisor/runrig.h"

Test(run, once_in_order)
{
	char out[4096];

	cr_expect_eq(run("scripts:\n" ONE("a") ONE("c") ONE("d"), run_once,
	    out), 0);
	cr_expect_str_eq(rig.started, "acd");
	cr_expect_eq(rig.most, 1);
	cr_expect_eq(rig.compiles, 1);
	cr_expect_str_eq(out, "");
}

Test(run, once_a_failure_stops_nothing)
{
	char out[4096];

	cr_expect_eq(run("scripts:\n" ONE("f") ONE("c"), run_once, out), 1);
	cr_expect_str_eq(rig.started, "fc");
	expect_last(out, "script \"f\" failed");
}

Test(run, once_all_at_the_same_time)
{
	char out[4096];

	cr_expect_eq(run("defaults: {parallel: 2}\nscripts:\n" ONE("a")
	    ONE("c") ONE("d"), run_once, out), 0);
	cr_expect_eq(rig.most, 3);	/* slots are what is limited */
}

Test(run, once_few_start_at_the_same_time)
{
	char out[4096];

	cr_expect_eq(run("defaults: {parallel: 2}\nscripts:\n" ONE("a")
	    ONE("c") ONE("d") ONE("e") ONE("g") ONE("h") ONE("i"), run_once,
	    out), 0);
	cr_expect_eq(rig.most_starting, STARTS_MAX);
	cr_expect_eq(rig.most, 7);	/* the next comes at once */
}

Test(run, once_one_script_is_not_compiled_before)
{
	char out[4096];

	cr_expect_eq(run("scripts:\n" ONE("a"), run_once, out), 0);
	cr_expect_eq(rig.compiles, 0);
	cr_expect_str_eq(rig.started, "a");
}

Test(run, once_a_syntax_error_is_told_first)
{
	char out[4096];

	cr_expect_eq(run("scripts:\n" ONE("a") ONE("b") ONE("c"), run_once,
	    out), 1);
	cr_expect_str_eq(rig.started, "abc");
	cr_expect_eq(count(out, "msg=\"Syntax error in script\" script=b"), 1);
	expect_last(out, "script \"b\" failed");
}

Test(run, once_stopped)
{
	char out[4096];

	rig.hold = true;
	rig.signal_at[0] = 3;
	rig.signal_at[1] = 9;	/* the worker did not end: it is killed */
	cr_expect_eq(run("scripts:\n" ONE("a") ONE("b") ONE("c") ONE("d"),
	    run_once, out), 1);
	cr_expect_str_eq(rig.started, "a");
	cr_expect_eq(rig.stops, 2);
	cr_expect_eq(rig.killed, 1);
	cr_expect_eq(rig.why, STOP_SIGTERM);
	expect_last(out, "script \"a\" failed; 3 scripts were not started");
}

Test(run, once_stopped_while_scripts_are_compiled)
{
	char out[4096];

	rig.hold_compile = true;
	rig.signal_at[0] = 3;
	cr_expect_eq(run("scripts:\n" ONE("a") ONE("c"), run_once, out), 1);
	cr_expect_eq(rig.nstarted, 0);
	cr_expect_not(rig.compiling);
	expect_last(out, "2 scripts were not started");
}

Test(run, once_something_was_left)
{
	char out[4096];

	rig.left = true;
	cr_expect_eq(run("scripts:\n" ONE("a"), run_once, out), 1);
}
