/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_job_worker.c - a job and its worker: what the worker is told, what it
 * may say, how the job ends.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "supervisor/jobs/jobs.h"
#include "tests/unit/supervisor/childrig.h"
#include "tests/unit/supervisor/configrig.h"

static struct child_env env;
static size_t script_bytes;
static bool over, failed, stopped;
static char text[1024];		/* of the end */
static int log_pipe[2];
static struct jobs *jobs;
static struct config *config;

static void
on_sent(const struct message *m)
{
	if (m->type == MSG_JOB)
		childrig_note("%s,%u,%u,%u ", message_str(m, 0),
		    (unsigned)message_u64(m, 1),
		    (unsigned)(message_u64(m, 2) / 1000000000),
		    (unsigned)message_u64(m, 3));
	if (m->type == MSG_GETENV)
		childrig_note("%s=%s ", message_str(m, 0), message_str(m, 1));
	if (m->type == MSG_SCRIPT)
		script_bytes += m->f[0].len;
}

static void
on_done(void *arg, bool how, const char *why, bool was_stopped)
{
	(void)arg;
	over = true;
	failed = how;
	stopped = was_stopped;
	snprintf(text, sizeof(text), "%s", why);
}

static void
start(const char *yaml, bool dry_run)
{
	struct jobs_options options = { .slots = 1, .dry_run = dry_run };
	struct buffer warnings;
	struct error err;

	child.program = "regbot-worker";
	child.from = W2S;
	child.to = S2W;
	child.on_sent = on_sent;
	rig_no_docker();
	config = rig_parse(yaml, &warnings, &err);
	cr_assert_not_null(config, "%s", err.text);
	buffer_free(&warnings);
	cr_assert_eq(pipe2(log_pipe, O_NONBLOCK), 0);
	env.loop = loop_new();
	env.log = log_new(env.loop, log_pipe[1], LOG_DEBUG, false);
	jobs = jobs_new(&env, config, &options);
	jobs_start(jobs, config, &config->scripts[0], on_done, NULL);
}

static void
tear_down(void)
{
	jobs_free(jobs);
	config_unref(config);
	log_free(env.log);
	loop_free(env.loop);
}

static int
done(uint64_t how, const char *why, struct error *err)
{
	const uint64_t zero = 0;

	return childrig_say(err, MSG_DONE, 0, "uusuuuuu", how, zero, why, zero,
	    zero, zero, zero, zero);
}

static void
gone(enum error_kind kind, const char *why)
{
	struct error how;

	error_clear(&how);
	if (kind != ERROR_NONE)
		error_set(&how, kind, "%s", why);
	child.ops->gone(child.arg, &how);
}

#define ONE "scripts: [{name: n, script: 'log(1)', timeout: 5s}]\n"

TestSuite(job_worker, .fini = tear_down);

Test(job_worker, is_told_its_job_when_it_is_ready)
{
	setenv("GIVEN", "v", 1);
	setenv("OTHER", "v", 1);
	start("defaults: {parallel: 2}\nscripts: [{name: n, script: 'log(1)', "
	    "timeout: 5s, env: [GIVEN, MISSING]}]\n", false);
	cr_expect_str_eq(child.sent, "");
	child.ops->ready(child.arg);
	cr_expect_str_eq(child.sent, "JOB n,6,5,0 GETENV GIVEN=v SCRIPT ", "%s",
	    child.sent);
	cr_expect_eq(script_bytes, 6);
}

Test(job_worker, knows_that_it_is_a_dry_run)
{
	start(ONE, true);
	child.ops->ready(child.arg);
	cr_expect_str_eq(child.sent, "JOB n,6,5,3 SCRIPT ", "%s", child.sent);
}

Test(job_worker, has_an_exit_code_of_one_byte)
{
	const uint64_t zero = 0, one = 1;
	struct error err;

	start(ONE, false);
	child.ops->ready(child.arg);
	cr_expect_eq(childrig_say(&err, MSG_DONE, 0, "uusuuuuu", one,
	    (uint64_t)256, "x", zero, zero, zero, zero, zero), -1);
	cr_expect_eq(err.kind, ERROR_PROTOCOL);
	cr_expect_eq(childrig_say(&err, MSG_DONE, 0, "uusuuuuu", one,
	    (uint64_t)255, "x", zero, zero, zero, zero, zero), 0, "%s",
	    err.text);
	gone(ERROR_NONE, "");
	cr_expect_eq(jobs_exit_status(jobs), 255);
}

Test(job_worker, gets_a_long_script_in_pieces)
{
	size_t n = 3 * CHUNK_MAX;
	char *yaml = mem_printf("scripts: [{name: n, script: '%*s'}]\n",
	    (int)n, "x");

	start(yaml, false);
	child.ops->ready(child.arg);
	cr_expect_not_null(strstr(child.sent, "SCRIPT SCRIPT SCRIPT "), "%s", child.sent);
	cr_expect_eq(script_bytes, config->scripts[0].text_len);
	free(yaml);
}

Test(job_worker, succeeds)
{
	struct error err;

	start(ONE, false);
	child.ops->ready(child.arg);
	cr_expect_eq(done(0, "", &err), 0);
	cr_expect_not(over, "its process is still there");
	gone(ERROR_NONE, "");
	cr_expect(over && !failed && !stopped);
}

Test(job_worker, fails)
{
	struct error err;

	start(ONE, false);
	child.ops->ready(child.arg);
	cr_expect_eq(done(1, "<string>:1: boom", &err), 0);
	gone(ERROR_NONE, "");
	cr_expect(over && failed);
	cr_expect_str_eq(text, "<string>:1: boom");
}

/* A worker that says it is done, and dies, has done its work. */
Test(job_worker, done_counts_not_how_it_ended)
{
	struct error err;

	start(ONE, false);
	child.ops->ready(child.arg);
	cr_expect_eq(done(0, "", &err), 0);
	gone(ERROR_PEER, "it was killed");
	cr_expect(over && !failed);
}

Test(job_worker, that_ends_without_done_has_failed)
{
	start(ONE, false);
	child.ops->ready(child.arg);
	gone(ERROR_NONE, "");
	cr_expect(over && failed);
	cr_expect_str_eq(text, "the worker ended before the script was over");
}

Test(job_worker, that_dies_has_failed)
{
	start(ONE, false);
	child.ops->ready(child.arg);
	gone(ERROR_PEER, "the worker was killed by SIGSYS");
	cr_expect(over && failed);
	cr_expect_str_eq(text, "the worker was killed by SIGSYS before the "
	    "script was over");
}

Test(job_worker, done_comes_once_and_not_before_the_job)
{
	struct error err;

	start(ONE, false);
	cr_expect_eq(done(0, "", &err), -1);
	cr_expect_eq(err.kind, ERROR_PROTOCOL);
	child.ops->ready(child.arg);
	cr_expect_eq(done(0, "", &err), 0);
	cr_expect_eq(done(0, "", &err), -1);
	gone(ERROR_NONE, "");
}

Test(job_worker, asks_only_while_its_script_runs)
{
	struct error err;

	start(ONE, false);
	cr_expect_eq(childrig_say(&err, MSG_SLOT, 1, ""), -1);
	child.ops->ready(child.arg);
	cr_expect_eq(childrig_say(&err, MSG_SLOT, 0, ""), -1);
	cr_expect_not_null(strstr(err.text, "has no id"));
	child.sent[0] = '\0';
	cr_expect_eq(childrig_say(&err, MSG_SLOT, 1, ""), 0);
	cr_expect_str_eq(child.sent, "GRANTED ");
	cr_expect_eq(done(0, "", &err), 0);
	cr_expect_eq(childrig_say(&err, MSG_RELEASE, 1, ""), -1);
	gone(ERROR_NONE, "");
}

Test(job_worker, its_lines_have_its_scripts_name)
{
	struct error err;
	char got[2048] = "";

	start(ONE, false);
	child.ops->ready(child.arg);
	cr_expect_eq(childrig_say(&err, MSG_LOG, 0, "usb",
	    (uint64_t)(LOG_INFO + LOG_LEVEL_BIAS), "hello"), 0);
	cr_expect_gt(read(log_pipe[0], got, sizeof(got) - 1), 0);
	cr_expect_not_null(strstr(got, "msg=\"Starting script\" script=n"));
	cr_expect_not_null(strstr(got, "msg=hello"));
}

Test(job_worker, that_is_stopped_before_it_began_never_begins)
{
	start(ONE, false);
	jobs_stop(jobs, STOP_SIGINT, false);
	cr_expect_eq(child.kills, 1);
	child.ops->ready(child.arg);	/* it was under way */
	cr_expect_str_eq(child.sent, "");
	gone(ERROR_PEER, "killed");
	cr_expect(over && failed && stopped);
}

Test(job_worker, that_is_stopped_is_told)
{
	start(ONE, false);
	child.ops->ready(child.arg);
	child.sent[0] = '\0';
	jobs_stop(jobs, STOP_SIGINT, false);
	cr_expect_str_eq(child.sent, "STOP ");
	cr_expect_eq(message_u64(&child.last, 0), STOP_SIGINT);
	cr_expect_eq(child.kills, 0);
	jobs_stop(jobs, STOP_SIGINT, true);
	cr_expect_eq(child.kills, 1);
	gone(ERROR_PEER, "killed");
	cr_expect(over && failed && stopped);
}
