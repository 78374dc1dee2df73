/* SPDX-License-Identifier: Apache-2.0 */
/* test_job.c - jobs, as far as they need no worker. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/jobs/jobs.h"
#include "tests/unit/supervisor/configrig.h"

static struct child_env env;

static void
on_done(void *arg, bool failed, const char *text, bool stopped)
{
	(void)arg;
	cr_expect(failed);
	cr_expect_not(stopped);
	cr_expect_not_null(strstr(text, "the script is not run: \"allow\""),
	    "%s", text);
	loop_stop(env.loop);
}

/* Its script belongs to a configuration that nobody else holds any more. */
Test(job, outlives_the_supervisors_configuration, .init = rig_no_docker)
{
	struct jobs_options options = { .slots = 1 };
	struct buffer warnings;
	struct jobs *jobs;
	struct error err;
	struct config *now = rig_parse("", &warnings, &err), *old;
	char out[1024];
	ssize_t n;
	int p[2];

	cr_assert_not_null(now);
	buffer_free(&warnings);
	old = rig_parse("scripts: [{name: old, allow: [], script: x}]\n",
	    &warnings, &err);
	cr_assert_not_null(old);
	cr_assert_eq(pipe(p), 0);
	env.loop = loop_new();
	env.log = log_new(env.loop, p[1], LOG_WARN, false);
	jobs = jobs_new(&env, now, &options);
	jobs_start(jobs, old, &old->scripts[0], on_done, NULL);
	config_unref(old);
	loop_run(env.loop);
	jobs_free(jobs);
	config_unref(now);
	log_free(env.log);
	loop_free(env.loop);
	n = read(p[0], out, sizeof(out) - 1);
	cr_assert_gt(n, 0);
	out[n] = '\0';
	cr_expect_not_null(strstr(out, "script=old"), "%s", out);
	close(p[0]);
	close(p[1]);
	buffer_free(&warnings);
}
