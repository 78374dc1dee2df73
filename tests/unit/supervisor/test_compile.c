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
		cr_expect_eq(message_u64(m, 3), (uint64_t)JOB_COMPILE);
		childrig_note("%s:%d ", message_str(m, 0),
		    (int)message_u64(m, 1));
	} else
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
begin(const char *scripts)
{
	static const struct compile_ops ops = { on_broken, on_over };
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
	rig.compile = compile_start(&rig.env, rig.config, &ops, NULL);
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
