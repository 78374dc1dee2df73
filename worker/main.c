/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regbot-worker runs one script. It loads all it will need, gives up every
 * right, says READY, and gets its job over descriptor 3.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "policy/policy.h"
#include "worker/check/inspect.h"
#include "worker/branches/branches.h"
#include "worker/client/client.h"
#include "worker/compat/compat.h"
#include "worker/exchange/globals.h"
#include "worker/job/overlay.h"
#include "worker/job/worker.h"
#include "worker/library/library.h"
#include "worker/lua/vm.h"
#include "worker/modules/modules.h"
#include "worker/referrers/referrers.h"

#define CONTROL_FD 3

/* Everything that scripts find. */
static const struct vm_library libraries[] = {
	COMPAT_LIBRARIES, { library_open, NULL }, { modules_open, NULL },
	{ exchange_open, NULL }, { NULL, NULL }
};

static void
stop(void *arg, enum stop_reason why)
{
	struct worker *w = arg;

	w->stopped = why;
}

static _Noreturn void
fail(const struct error *err)
{
	(void)!write(STDERR_FILENO, err->text, strlen(err->text));
	_exit(1);
}

/* What reads files or builds tables once; nothing is opened afterwards. */
static void
warm_up(struct worker *w, struct error *err)
{
	tzset();
	w->L = vm_new(w, WORKER_MEMORY, libraries, err);
	if (w->L == NULL)
		fail(err);
}

static void
take_job(struct worker *w, const struct client_job *job)
{
	w->name = job->name;
	w->script = job->script;
	w->script_len = job->script_len;
	w->args = job->args;
	w->nargs = job->nargs;
	w->print = job->print;
	w->dry_run = job->dry_run;
	w->overlay = job->dry_run ? overlay_new() : NULL;
	w->log_level = job->log_level;
	w->timeout_ns = job->timeout_ns;
	if (job->timeout_ns != 0)
		w->deadline = clock_now() + job->timeout_ns;
	if (job->memory != 0)
		vm_set_memory(w->L, job->memory);
}

/* The scripts that are only compiled, until there is one to run. */
static int
get_job(struct worker *w, struct client_job *job, struct error *err)
{
	char *text;

	while (client_get_job(w->client, job, err) == 0) {
		if (!job->compile)
			return 0;
		w->log_level = job->log_level;
		w->name = job->name;
		w->script = job->script;
		w->script_len = job->script_len;
		text = job->check ? check_script(w) :
		    vm_compile(w->L, job->script, job->script_len);
		client_compiled(w->client, job, text);
		free(text);
	}
	return -1;
}

/* Runs the script, if everything for it is there. */
static void
run(struct worker *w, struct client_job *job, struct vm_result *result)
{
	char *failure = exchange_take(w->L, job);

	if (failure == NULL)
		vm_run(w->L, w->script, w->script_len, result);
	else
		*result = (struct vm_result){ .failed = true,
		    .text = failure };
	exchange_send(w);
}

static void
finish(const struct worker *w, const struct vm_result *result)
{
	const struct client_done done = {
		.failed = result->failed, .exit_code = result->exit_code,
		.text = result->text, .copied = w->tally.copied,
		.up_to_date = w->tally.up_to_date,
		.deleted = w->tally.deleted, .failures = w->tally.failed,
		.bytes = w->tally.bytes
	};

	client_finish(w->client, &done);
}

/* What the script has written to lists of referrers is safe from now on. */
static void
settle(struct worker *w, struct vm_result *result)
{
	struct error err;

	if (referrers_settle(w, &err) == 0 || result->failed)
		return;
	result->failed = true;
	free(result->text);
	result->text = mem_strdup(err.text);
}

int
main(void)
{
	static struct policy_plan plan;
	struct worker w = { .loop = loop_new() };
	struct client_job job = { 0 };
	struct vm_result result;
	struct error err = { 0 };

	warm_up(&w, &err);
	w.client = client_new(w.loop, CONTROL_FD, stop, &w);
	if (policy_plan_receive(CONTROL_FD, POLICY_WORKER, &plan, &err) == -1 ||
	    policy_confine(&plan, WORKER_SPACE, &err) == -1)
		fail(&err);
	client_ready(w.client);
	if (get_job(&w, &job, &err) == -1)
		fail(&err);
	take_job(&w, &job);
	run(&w, &job, &result);
	branches_end(w.branches);
	settle(&w, &result);
	finish(&w, &result);
	/* Nothing is closed: a script's objects have no say any more. */
	_exit(0);
}
