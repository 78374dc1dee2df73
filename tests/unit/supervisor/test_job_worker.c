/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_job_worker.c - a job and its worker: what the worker is told, what it
 * may say, how the job ends. The worker's process is this file's: it defines
 * all of child.h.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "supervisor/jobs/jobs.h"
#include "tests/unit/supervisor/configrig.h"

struct child {
	const struct child_ops *ops;
	void *arg;
	char killed[256];	/* why, or "" */
};

static struct child_env env;
static struct child *worker;
static char sent[1024];		/* the messages that it got, a word each */
static struct message last;
static size_t script_bytes;
static bool over, failed, stopped;
static char text[1024];		/* of the end */
static int log_pipe[2];
static struct jobs *jobs;
static struct config *config;

struct child *
child_start(struct child_env *e, const char *program, const char *what,
    unsigned paths, const struct child_ops *ops, void *arg, struct error *err)
{
	(void)e;
	(void)what;
	(void)err;
	cr_assert_str_eq(program, "regbot-worker");
	cr_assert_eq(paths, W2S);
	worker = mem_alloc(sizeof(*worker));
	worker->ops = ops;
	worker->arg = arg;
	return worker;
}

void
child_free(struct child *c)
{
	free(c);
}

bool
child_is_dying(const struct child *c)
{
	(void)c;
	return false;
}

bool
child_is_traced(const struct child *c)
{
	(void)c;
	return false;
}

bool
child_is_full(const struct child *c)
{
	(void)c;
	return false;
}

int
child_send(struct child *c, struct message_out *o, int fd, struct error *err)
{
	(void)c;
	(void)fd;
	cr_assert_eq(message_finish(o, err), 0);
	cr_assert_eq(message_decode(&last, o->frame.data, o->frame.len, S2W,
	    err), 0);
	snprintf(sent + strlen(sent), sizeof(sent) - strlen(sent), "%s ",
	    message_name(last.type));
	if (last.type == MSG_JOB)
		snprintf(sent + strlen(sent), sizeof(sent) - strlen(sent),
		    "%s,%u,%u,%u ", message_str(&last, 0),
		    (unsigned)message_u64(&last, 1),
		    (unsigned)(message_u64(&last, 2) / 1000000000),
		    (unsigned)message_u64(&last, 3));
	if (last.type == MSG_GETENV)
		snprintf(sent + strlen(sent), sizeof(sent) - strlen(sent),
		    "%s=%s ", message_str(&last, 0), message_str(&last, 1));
	if (last.type == MSG_SCRIPT)
		script_bytes += last.f[0].len;
	message_out_free(o);
	return 0;
}

void
child_kill(struct child *c, const char *reason)
{
	snprintf(c->killed, sizeof(c->killed), "%s",
	    reason != NULL ? reason : "killed");
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

/* The worker says it. fields: s "text", u a number, b nothing. */
static int
say(enum message_type type, uint32_t id, const char *fields, const char *s,
    uint64_t u, struct error *err)
{
	static struct message m;
	struct message_out o;

	message_start(&o, type, id);
	for (; *fields != '\0'; fields++)
		if (*fields == 's')
			message_put_str(&o, s);
		else if (*fields == 'b')
			message_put_bytes(&o, "", 0);
		else {
			message_put_u64(&o, u);
			u = 0;
		}
	error_clear(err);
	cr_assert_eq(message_finish(&o, err), 0, "%s", err->text);
	cr_assert_eq(message_decode(&m, o.frame.data, o.frame.len, W2S, err),
	    0);
	message_out_free(&o);
	return worker->ops->message(worker->arg, &m, err);
}

static int
done(uint64_t how, const char *why, struct error *err)
{
	return say(MSG_DONE, 0, "uusuuuuu", why, how, err);
}

static void
gone(enum error_kind kind, const char *why)
{
	struct error how;

	error_clear(&how);
	if (kind != ERROR_NONE)
		error_set(&how, kind, "%s", why);
	worker->ops->gone(worker->arg, &how);
}

#define ONE "scripts: [{name: n, script: 'log(1)', timeout: 5s}]\n"

TestSuite(job_worker, .fini = tear_down);

Test(job_worker, is_told_its_job_when_it_is_ready)
{
	setenv("GIVEN", "v", 1);
	setenv("OTHER", "v", 1);
	start("defaults: {parallel: 2}\nscripts: [{name: n, script: 'log(1)', "
	    "timeout: 5s, env: [GIVEN, MISSING]}]\n", false);
	cr_expect_str_eq(sent, "");
	worker->ops->ready(worker->arg);
	cr_expect_str_eq(sent, "JOB n,6,5,0 GETENV GIVEN=v SCRIPT ", "%s",
	    sent);
	cr_expect_eq(script_bytes, 6);
}

Test(job_worker, knows_that_it_is_a_dry_run)
{
	start(ONE, true);
	worker->ops->ready(worker->arg);
	cr_expect_str_eq(sent, "JOB n,6,5,3 SCRIPT ", "%s", sent);
}

Test(job_worker, gets_a_long_script_in_pieces)
{
	size_t n = 3 * CHUNK_MAX;
	char *yaml = mem_printf("scripts: [{name: n, script: '%*s'}]\n",
	    (int)n, "x");

	start(yaml, false);
	worker->ops->ready(worker->arg);
	cr_expect_not_null(strstr(sent, "SCRIPT SCRIPT SCRIPT "), "%s", sent);
	cr_expect_eq(script_bytes, config->scripts[0].text_len);
	free(yaml);
}

Test(job_worker, succeeds)
{
	struct error err;

	start(ONE, false);
	worker->ops->ready(worker->arg);
	cr_expect_eq(done(0, "", &err), 0);
	cr_expect_not(over, "its process is still there");
	gone(ERROR_NONE, "");
	cr_expect(over && !failed && !stopped);
}

Test(job_worker, fails)
{
	struct error err;

	start(ONE, false);
	worker->ops->ready(worker->arg);
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
	worker->ops->ready(worker->arg);
	cr_expect_eq(done(0, "", &err), 0);
	gone(ERROR_PEER, "it was killed");
	cr_expect(over && !failed);
}

Test(job_worker, that_ends_without_done_has_failed)
{
	start(ONE, false);
	worker->ops->ready(worker->arg);
	gone(ERROR_NONE, "");
	cr_expect(over && failed);
	cr_expect_str_eq(text, "the worker ended before the script was over");
}

Test(job_worker, that_dies_has_failed)
{
	start(ONE, false);
	worker->ops->ready(worker->arg);
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
	worker->ops->ready(worker->arg);
	cr_expect_eq(done(0, "", &err), 0);
	cr_expect_eq(done(0, "", &err), -1);
	gone(ERROR_NONE, "");
}

Test(job_worker, asks_only_while_its_script_runs)
{
	struct error err;

	start(ONE, false);
	cr_expect_eq(say(MSG_SLOT, 1, "", "", 0, &err), -1);
	worker->ops->ready(worker->arg);
	cr_expect_eq(say(MSG_SLOT, 0, "", "", 0, &err), -1);
	cr_expect_not_null(strstr(err.text, "has no id"));
	sent[0] = '\0';
	cr_expect_eq(say(MSG_SLOT, 1, "", "", 0, &err), 0);
	cr_expect_str_eq(sent, "GRANTED ");
	cr_expect_eq(done(0, "", &err), 0);
	cr_expect_eq(say(MSG_RELEASE, 1, "", "", 0, &err), -1);
	gone(ERROR_NONE, "");
}

Test(job_worker, its_lines_have_its_scripts_name)
{
	struct error err;
	char got[2048] = "";

	start(ONE, false);
	worker->ops->ready(worker->arg);
	cr_expect_eq(say(MSG_LOG, 0, "usb", "hello",
	    LOG_INFO + LOG_LEVEL_BIAS, &err), 0);
	cr_expect_gt(read(log_pipe[0], got, sizeof(got) - 1), 0);
	cr_expect_not_null(strstr(got, "msg=\"Starting script\" script=n"));
	cr_expect_not_null(strstr(got, "msg=hello"));
}

Test(job_worker, that_is_stopped_before_it_began_never_begins)
{
	start(ONE, false);
	jobs_stop(jobs, STOP_SIGINT, false);
	cr_expect_str_neq(worker->killed, "");
	worker->ops->ready(worker->arg);	/* it was under way */
	cr_expect_str_eq(sent, "");
	gone(ERROR_PEER, "killed");
	cr_expect(over && failed && stopped);
}

Test(job_worker, that_is_stopped_is_told)
{
	start(ONE, false);
	worker->ops->ready(worker->arg);
	sent[0] = '\0';
	jobs_stop(jobs, STOP_SIGINT, false);
	cr_expect_str_eq(sent, "STOP ");
	cr_expect_eq(message_u64(&last, 0), STOP_SIGINT);
	cr_expect_str_eq(worker->killed, "");
	jobs_stop(jobs, STOP_SIGINT, true);
	cr_expect_str_neq(worker->killed, "");
	gone(ERROR_PEER, "killed");
	cr_expect(over && failed && stopped);
}
