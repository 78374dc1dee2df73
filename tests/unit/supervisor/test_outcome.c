/* SPDX-License-Identifier: Apache-2.0 */
/* test_outcome.c - the last words of a run. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/config/config.h"
#include "supervisor/outcome.h"

static struct config_script scripts[12];
static char names[12][8];
static struct outcome *o;

static void
begin(void)
{
	for (size_t i = 0; i < 12; i++) {
		snprintf(names[i], sizeof(names[i]), "s%zu", i);
		scripts[i].name = names[i];
	}
	o = outcome_new(12);
}

static void
expect(bool json, const char *want)
{
	struct loop *l = loop_new();
	char got[2048];
	const char *at;
	struct log *g;
	ssize_t n;
	int p[2];

	cr_assert_eq(pipe(p), 0);
	g = log_new(l, p[1], LOG_ERROR + 4, json);
	outcome_write(o, g);
	log_free(g);
	close(p[1]);
	n = read(p[0], got, sizeof(got) - 1);
	cr_assert_geq(n, 0);
	got[n] = '\0';
	close(p[0]);
	loop_free(l);
	at = json && n != 0 ? strstr(got, "\"level\"") : got;
	cr_assert_not_null(at, "%s", got);
	cr_expect_str_eq(at, want);
}

Test(outcome, nothing_failed, .init = begin)
{
	cr_expect_eq(outcome_status(o), 0);
	expect(false, "");
	expect(true, "");
	outcome_free(o);
}

Test(outcome, one_failed_twice, .init = begin)
{
	outcome_failed(o, &scripts[3], "<string>:1: a\n\ttrace\n");
	outcome_failed(o, &scripts[3], "b");
	cr_expect_eq(outcome_status(o), 1);
	expect(false, "<string>:1: a\n\ttrace\nscript \"s3\" failed\n");
	expect(true, "\"level\":\"ERROR\",\"msg\":\"script \\\"s3\\\" failed\","
	    "\"script\":\"s3\",\"error\":\"<string>:1: a\\n\\ttrace\\n\","
	    "\"failed\":1}\n");
	outcome_free(o);
}

Test(outcome, many_failed, .init = begin)
{
	outcome_failed(o, &scripts[2], "x");
	outcome_failed(o, &scripts[1], "y");
	expect(false, "x\n2 of 12 scripts failed: \"s2\" (with the error "
	    "above), \"s1\"\n");
	for (size_t i = 0; i < 12; i++)
		outcome_failed(o, &scripts[i], "z");
	expect(false, "x\n12 of 12 scripts failed: \"s2\" (with the error "
	    "above), \"s1\", \"s0\", \"s3\", \"s4\", \"s5\", \"s6\", \"s7\", "
	    "\"s8\", \"s9\" and 2 more\n");
	outcome_free(o);
}

Test(outcome, not_started, .init = begin)
{
	outcome_not_started(o, 1);
	cr_expect_eq(outcome_status(o), 1);
	expect(false, "1 script was not started\n");
	outcome_not_started(o, 2);
	outcome_failed(o, &scripts[0], "stopped");
	expect(false, "stopped\nscript \"s0\" failed; 2 scripts were not "
	    "started\n");
	outcome_free(o);
}

/* The last line is one line, and no terminal's code. */
Test(outcome, names_are_anything, .init = begin)
{
	scripts[0].name = (char *)"a\n\x1b[31m";
	outcome_failed(o, &scripts[0], "e");
	expect(false, "e\nscript \"a \\x1b[31m\" failed\n");
	outcome_free(o);
}
