/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs, as far as they need no worker. */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/children/brokers.h"
#include "supervisor/jobs/job.h"
#include "supervisor/jobs/slots.h"
#include "tests/unit/supervisor/configrig.h"

static struct supervisor sv;

static void
on_done(void *arg, bool failed, const char *text, bool stopped)
{
	(void)arg;
	cr_expect(failed);
	cr_expect_not(stopped);
	cr_expect_not_null(strstr(text, "the script is not run: \"allow\""),
	    "%s", text);
	loop_stop(sv.loop);
}

/* Its script belongs to a configuration that nobody else holds any more. */
Test(job, outlives_the_supervisors_configuration, .init = rig_no_docker)
{
	struct buffer warnings;
	struct error err;
	struct config *c = rig_parse("scripts: [{name: old, allow: []}]\n",
	    &warnings, &err);
	char out[1024];
	ssize_t n;
	int p[2];

	cr_assert_not_null(c);
	cr_assert_eq(pipe(p), 0);
	sv.loop = loop_new();
	sv.log = log_new(sv.loop, p[1], LOG_WARN, false);
	sv.slots = slots_new(1);
	sv.brokers = brokers_new(&sv);
	job_start(&sv, c, &c->scripts[0], on_done, NULL);
	config_unref(c);
	loop_run(sv.loop);
	brokers_free(sv.brokers);
	slots_free(sv.slots);
	log_free(sv.log);
	loop_free(sv.loop);
	n = read(p[0], out, sizeof(out) - 1);
	cr_assert_gt(n, 0);
	out[n] = '\0';
	cr_expect_not_null(strstr(out, "script=old"), "%s", out);
	close(p[0]);
	close(p[1]);
	buffer_free(&warnings);
}
