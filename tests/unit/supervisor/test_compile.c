/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_compile.c - all scripts are compiled by one worker, whatever it does.
 * The clock is the test's.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/bounds.h"
#include "common/clock.h"
#include "supervisor/jobs/compile.h"
#include "tests/unit/supervisor/childrig.h"
#include "tests/unit/supervisor/configrig.h"

static struct {
	struct child_env env;
	struct config *config;
	struct compile *compile;
	int out[2];
	int64_t now;
	/* What came of it. */
	char broken[256];
	int over;
	bool check;
} rig;

int64_t
clock_now(void)
{
	return rig.now;
}

int64_t
clock_wall(void)
{
	return rig.now;
}

static void
on_sent(const struct message *m)
{
	if (m->type == MSG_JOB) {
		cr_expect_eq(message_u64(m, 3), JOB_COMPILE |
		    (rig.check ? (uint64_t)JOB_CHECK : 0));
		childrig_note("%s:%d ", message_str(m, 0),
		    (int)message_u64(m, 1));
	} else if (m->type == MSG_REFUSED)
		childrig_note("%d ", (int)m->id);
	else
		childrig_note("%.*s ", m->f[0].len > 8 ? 8 :
		    (int)m->f[0].len, (const char *)m->f[0].p);
}

static void
on_broken(void *arg, size_t script, const char *text)
{
	char line[64];

	(void)arg;
	snprintf(line, sizeof(line), "%zu:%s;", script, text);
	strcat(rig.broken, line);
}

static void
on_over(void *arg)
{
	(void)arg;
	rig.over++;
	compile_free(rig.compile);
	rig.compile = NULL;
}

static void
on_said(void *arg, size_t script, struct log_record *r)
{
	char line[64];

	(void)arg;
	snprintf(line, sizeof(line), "%zu said %s;", script, r->message);
	strcat(rig.broken, line);
}

static void
on_failed(void *arg, const char *why)
{
	(void)arg;
	strcat(rig.broken, why);
}

static void
begin_as(const char *scripts, bool check)
{
	static const struct compile_ops plain = { .broken = on_broken,
	    .over = on_over }, closely = { on_broken, on_over, on_said,
	    on_failed };
	struct buffer warnings;
	struct error err;

	child.program = "regbot-worker";
	child.from = W2S;
	child.to = S2W;
	child.on_sent = on_sent;
	rig_no_docker();
	rig.config = rig_parse(scripts, &warnings, &err);
	cr_assert_not_null(rig.config, "%s", err.text);
	buffer_free(&warnings);
	cr_assert_eq(pipe(rig.out), 0);
	rig.env.loop = loop_new();
	rig.env.log = log_new(rig.env.loop, rig.out[1], LOG_DEBUG, false);
	rig.check = check;
	rig.compile = compile_start(&rig.env, rig.config, check ? &closely :
	    &plain, NULL);
}

static void
begin(const char *scripts)
{
	begin_as(scripts, false);
}

/* What was logged. */
static const char *
finish(void)
{
	static char out[2048];
	ssize_t n;

	compile_free(rig.compile);
	cr_expect_eq(rig.config->refs, 1u);
	cr_expect_eq(child.frees, child.cannot_start ? 0 : 1);
	config_unref(rig.config);
	log_free(rig.env.log);
	loop_free(rig.env.loop);
	close(rig.out[1]);
	n = read(rig.out[0], out, sizeof(out) - 1);
	cr_assert_geq(n, 0);
	out[n] = '\0';
	close(rig.out[0]);
	return out;
}

static int
answer(enum message_type type, const char *text)
{
	struct error err;

	return childrig_say(&err, type, 0, text != NULL ? "s" : "", text);
}

static const char three[] =
    "scripts:\n- {name: a, script: one}\n- {name: b, script: 'two ='}\n"
    "- {name: never, script: x, allow: []}\n- {name: c, script: three}\n";

/* All scripts, and what else is said of them. */
Test(compile, check)
{
	struct error err;

	begin_as(three, true);
	child.ops->ready(child.arg);
	cr_assert_eq(childrig_say(&err, MSG_LOG, 0, "usb",
	    (uint64_t)LOG_LEVEL_BIAS, "hm"), 0);
	cr_assert_eq(childrig_say(&err, MSG_MODULE, 7, "s", "no/such"), 0);
	cr_expect_str_eq(child.sent, "JOB a:3 SCRIPT one REFUSED 7 ");
	for (int i = 0; i < 4; i++)
		cr_assert_eq(answer(MSG_COMPILED, ""), 0);
	cr_expect_str_eq(rig.broken, "0 said hm;");
	cr_expect_not_null(strstr(child.sent, "JOB never:1"));
	cr_expect_eq(rig.over, 1);
	finish();
}

Test(compile, check_that_fails)
{
	begin_as(three, true);
	child.ops->ready(child.arg);
	child.ops->gone(child.arg, &(struct error){ .kind = ERROR_NONE });
	cr_expect_str_eq(rig.broken, "the worker ended");
	cr_expect_eq(rig.over, 1);
	cr_expect_str_eq(finish(), "");
}

/* None of that from a worker that only compiles. */
Test(compile, no_check)
{
	struct error err;

	begin(three);
	child.ops->ready(child.arg);
	cr_expect_eq(childrig_say(&err, MSG_LOG, 0, "usb",
	    (uint64_t)LOG_LEVEL_BIAS, "hm"), -1);
	cr_expect_eq(childrig_say(&err, MSG_MODULE, 7, "s", "x"), -1);
	finish();
}

Test(compile, one_after_the_other)
{
	begin(three);
	cr_expect_str_eq(child.sent, "", "before it is confined");
	child.ops->ready(child.arg);
	cr_expect_str_eq(child.sent, "JOB a:3 SCRIPT one ");
	cr_assert_eq(answer(MSG_COMPILED, ""), 0);
	cr_expect_str_eq(child.sent, "JOB a:3 SCRIPT one JOB b:5 "
	    "SCRIPT two = ");
	cr_assert_eq(answer(MSG_COMPILED, "<string>:1: no"), 0);
	/* One that is not run anyway is left out. */
	cr_expect_str_eq(child.sent, "JOB a:3 SCRIPT one JOB b:5 "
	    "SCRIPT two = JOB c:5 SCRIPT three ");
	cr_expect_eq(rig.over, 0);
	cr_assert_eq(answer(MSG_COMPILED, ""), 0);
	cr_expect_eq(rig.over, 1);
	cr_expect_str_eq(rig.broken, "1:<string>:1: no;");
	cr_expect_eq(child.starts, 1);
	cr_expect_str_eq(finish(), "");
}

Test(compile, says_anything_else)
{
	begin(three);
	child.ops->ready(child.arg);
	cr_expect_eq(answer(MSG_SLOT, NULL), -1);
	cr_expect_eq(answer(MSG_LATE, "x"), -1);
	cr_expect_eq(rig.over, 0);
	finish();
}

Test(compile, dies)
{
	struct error how;

	begin(three);
	child.ops->ready(child.arg);
	cr_assert_eq(answer(MSG_COMPILED, ""), 0);
	error_set(&how, ERROR_PEER, "it was killed by SIGSYS");
	child.ops->gone(child.arg, &how);
	cr_expect_eq(rig.over, 1);
	cr_expect_str_eq(rig.broken, "");
	cr_expect_not_null(strstr(finish(), "level=WARN msg=\"Scripts were not "
	    "checked before they run\" error=\"it was killed by SIGSYS\""));
}

Test(compile, hangs)
{
	begin(three);
	child.ops->ready(child.arg);
	rig.now += COMPILE_MS * NS_PER_MS - 1;
	loop_step(rig.env.loop, 0);
	cr_expect_eq(rig.over, 0);
	rig.now += 1;
	loop_step(rig.env.loop, 0);
	cr_expect_eq(rig.over, 1);
	cr_expect_not_null(strstr(finish(), "takes too long"));
}

Test(compile, cannot_start)
{
	child.cannot_start = true;
	begin(three);
	cr_expect_eq(rig.over, 0, "not before it returns");
	loop_step(rig.env.loop, 0);
	cr_expect_eq(rig.over, 1);
	cr_expect_str_eq(finish(), "", "a job says why");
}

Test(compile, is_freed_halfway)
{
	begin(three);
	child.ops->ready(child.arg);
	cr_expect_str_eq(finish(), "");
	cr_expect_eq(rig.over, 0);
}

/* A long text goes in pieces. */
Test(compile, long_script)
{
	size_t n = CHUNK_MAX + 1, at;
	char *text = malloc(n + 100);

	at = (size_t)sprintf(text, "scripts: [{name: a, script: '");
	memset(text + at, 'x', n);
	strcpy(text + at + n, "'}]");
	begin(text);
	child.ops->ready(child.arg);
	cr_expect_str_eq(child.sent, "JOB a:32769 SCRIPT xxxxxxxx "
	    "SCRIPT x ");
	finish();
	free(text);
}
