/* SPDX-License-Identifier: Apache-2.0 */
/* test_run_server.c - the command server: what is started when. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/supervisor/runrig.h"

#define EVERY(name, interval) \
	"- {name: " name ", script: x, interval: " interval "}\n"

Test(run_server, without_a_schedule)
{
	char out[4096];

	cr_expect_eq(run("scripts:\n" ONE("a") ONE("c"), run_server, out),
	    RUN_NOTHING);
	cr_expect_eq(rig.nstarted, 0);
	cr_expect_eq(rig.compiles, 0);
	cr_expect_eq(count(out, "No schedule or interval found"), 2);
	cr_expect_not_null(strstr(out, "\"interval\""));
	cr_expect_not_null(strstr(out, "\"schedule\""));
	cr_expect_not_null(strstr(out, "f.yml"));
}

/* Turns are 100 ms: 35 of them are three whole seconds and a half. */
Test(run_server, runs_on_whole_seconds)
{
	char out[4096];

	rig.tick = NS_PER_S / 10;
	rig.signal_at[0] = 35;
	cr_expect_eq(run("scripts:\n" EVERY("a", "1s") EVERY("c", "2s")
	    EVERY("d", "1h") ONE("e"), run_server, out), 0);
	cr_expect_str_eq(rig.started, "aaca");
	cr_expect_eq(rig.compiles, 1);
	cr_expect_eq(count(out, "level=INFO msg=\"Scheduled task\""), 3);
	cr_expect_not_null(strstr(out, "name=d interval=1h0m0s next=2026-11-"),
	    "%s", out);
	cr_expect_eq(count(out, "level=INFO msg=\"Stopping server\""), 1);
}

Test(run_server, does_not_run_a_script_twice_at_once)
{
	char out[4096];

	rig.tick = NS_PER_S / 10;
	rig.hold = true;
	rig.signal_at[0] = 35;
	rig.signal_at[1] = 60;
	cr_expect_eq(run("scripts:\n" EVERY("f", "1s"), run_server, out), 0,
	    "one that was stopped counts");
	cr_expect_str_eq(rig.started, "f");
	cr_expect_eq(count(out, "level=WARN msg=\"Skipped task, it is still "
	    "running\" name=f since=2026-11-"), 1, "%s", out);
	cr_expect_eq(count(out, "level=DEBUG msg=\"Skipped task, it is still "
	    "running\" name=f since=2026-11-"), 1, "once in a run");
	cr_expect_eq(rig.stops, 2);
}

Test(run_server, tells_of_schedules)
{
	char out[4096];

	rig.tick = NS_PER_S / 10;
	rig.signal_at[0] = 3;
	cr_expect_eq(run("defaults: {jitter: 10s}\nscripts:\n"
	    "- {name: a, script: x, schedule: TZ=Asia/Kathmandu 30 3 * * *}\n"
	    "- {name: c, script: x, interval: 1h, jitter: 1m}\n", run_server,
	    out), 0);
	cr_expect_eq(rig.nstarted, 0);
	cr_expect_not_null(strstr(out, "name=a schedule=\"TZ=Asia/Kathmandu 30 "
	    "3 * * *\" jitter=10s next=2026-11-25T03:30:0"), "%s", out);
	cr_expect_not_null(strstr(out, "+05:45\n"));
	cr_expect_not_null(strstr(out, "name=c interval=1h0m0s jitter=1m0s "
	    "next=2026-11-"), "%s", out);
}

Test(run_server, runs_at_the_start)
{
	char out[4096];

	rig.tick = NS_PER_S / 10;
	rig.signal_at[0] = 25;
	cr_expect_eq(run("defaults: {runAtStart: true}\nscripts:\n"
	    "- {name: a, script: x, interval: 1h}\n"
	    "- {name: c, script: x, interval: 1h, runAtStart: false}\n"
	    "- {name: d, script: x, interval: 1s, runAtStart: true}\n"
	    "- {name: e, script: x}\n", run_server, out), 0);
	cr_expect_str_eq(rig.started, "adedd");
	cr_expect_eq(count(out, "No schedule"), 0);
	cr_expect_eq(count(out, "Scheduled task"), 3);
}

Test(run_server, that_would_only_run_at_the_start)
{
	char out[4096];

	cr_expect_eq(run("scripts:\n- {name: a, script: x, runAtStart: "
	    "true}\n", run_server, out), RUN_NOTHING);
	cr_expect_eq(rig.nstarted, 0);
	cr_expect_not_null(strstr(out, "use the command once"), "%s", out);
}

/* All are due at once. */
static int
run_many(char out[4096])
{
	struct buffer text;
	int status;

	buffer_init(&text, 0);
	buffer_puts(&text, "defaults: {interval: 1h, runAtStart: true}\n"
	    "scripts:\n");
	for (int i = 0; i < JOBS_MAX + 2; i++)
		buffer_printf(&text, "- {name: %c, script: x}\n",
		    "acd"[i < JOBS_MAX ? 0 : i - JOBS_MAX + 1]);
	status = run(buffer_str(&text), run_server, out);
	buffer_free(&text);
	return status;
}

/* More are due at the same moment than may run: none is lost. */
Test(run_server, has_scripts_wait)
{
	char out[4096];

	rig.signal_at[0] = 900;
	cr_expect_eq(run_many(out), 0);
	cr_expect_eq(rig.most_starting, STARTS_MAX);
	cr_expect_eq(rig.most, JOBS_MAX);
	cr_expect_eq(rig.nstarted, JOBS_MAX + 2);
	cr_expect_str_eq(rig.started + JOBS_MAX, "cd");
}

/* A stop ends the waiting, too. */
Test(run_server, stopped_while_scripts_wait)
{
	char out[4096];

	rig.hold = true;
	rig.signal_at[0] = 100;
	rig.signal_at[1] = 300;
	cr_expect_eq(run_many(out), 0);
	cr_expect_geq(rig.nstarted, 90);
	cr_expect_leq(rig.nstarted, 110);
}

Test(run_server, is_late)
{
	char out[4096];

	rig.tick = 61 * NS_PER_S;
	rig.signal_at[0] = 5;
	cr_expect_eq(run("scripts:\n"
	    "- {name: a, script: x, interval: 1s}\n", run_server, out), 0);
	cr_expect_geq(count(out, "level=INFO msg=\"Task is late\" name=a due="
	    "2026-11-"), 1, "%s", out);
}

Test(run_server, is_in_time)
{
	char out[4096];

	rig.tick = 20 * NS_PER_S;
	rig.signal_at[0] = 20;
	cr_expect_eq(run("scripts:\n"
	    "- {name: a, script: x, interval: 110s}\n", run_server, out), 0);
	cr_expect_eq(rig.nstarted, 3);
	cr_expect_eq(count(out, "Task is late"), 0, "%s", out);
}

Test(run_server, says_what_failed)
{
	char out[4096];

	rig.tick = NS_PER_S / 10;
	rig.signal_at[0] = 35;
	cr_expect_eq(run("scripts:\n" EVERY("f", "1s") EVERY("b", "1s")
	    EVERY("c", "1s"), run_server, out), 1);
	cr_expect_eq(count(rig.started, "b"), 3, "a claim stops nothing");
	cr_expect_eq(count(rig.started, "f"), 3);
	cr_expect_eq(count(rig.started, "c"), 3);
	cr_expect_eq(count(out, "msg=\"Syntax error in script\" script=b"), 1);
	expect_last(out, "2 of 3 scripts failed: \"f\" (with the error above), "
	    "\"b\"");
}
