/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - the command once, and what a signal does. */
#include "supervisor/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/jobs/progress.h"
#include "supervisor/run_private.h"
#include "supervisor/signals.h"

static void
write_line(struct run_state *r, int level, const char *message)
{
	struct log_record rec;

	log_record_init(&rec, level, message);
	log_write(r->env->log, &rec);
}

static void
on_empty(void *arg)
{
	struct run_state *r = arg;

	loop_stop(r->env->loop);
}

/* What was printed is waited for, however slow its reader is. */
static void
on_quit_done(void *arg)
{
	struct run_state *r = arg;

	if (r->env->output != NULL)
		output_finish(r->env->output, on_empty, r);
	else
		loop_stop(r->env->loop);
}

void
run_end(struct run_state *r)
{
	if (r->ending)
		return;
	r->ending = true;
	jobs_quit(r->env->jobs, on_quit_done, r);
}

static void next_script(struct run_state *r);

static void
on_once_done(void *arg, bool failed, const char *text, bool stopped)
{
	const struct run_task *t = arg;

	(void)stopped;
	t->run->running--;
	if (failed)
		outcome_failed(t->run->outcome, t->script, text);
	next_script(t->run);
}

/* One at a time, in order, or as many as are allowed. */
static void
next_script(struct run_state *r)
{
	struct config *c = r->env->config;
	size_t most = c->has_parallel && c->parallel > 0 ? JOBS_MAX : 1;

	while (r->stopping == 0 && r->next < r->ntasks && r->running < most &&
	    jobs_starting(r->env->jobs) < STARTS_MAX) {
		struct run_task *t = &r->tasks[r->next++];

		r->running++;
		jobs_start(r->env->jobs, t->config, t->script, on_once_done,
		    t);
	}
	if (r->running == 0)
		run_end(r);
}

static void
on_started(void *arg)
{
	struct run_state *r = arg;

	r->more(r);
}

/* Only said: what a worker claims of a script stops no run of it. */
static void
on_broken(void *arg, size_t script, const char *text)
{
	struct run_state *r = arg;
	struct run_task *t = &r->tasks[script];

	job_write_error(r->env->log, "Syntax error in script", t->config,
	    t->script, text);
}

static void
on_compiled(void *arg)
{
	struct run_state *r = arg;

	compile_free(r->compile);
	r->compile = NULL;
	r->go(r);
}

static const struct compile_ops compile_ops = {
	.broken = on_broken, .over = on_compiled
};

/* A syntax error in the last script should be told before the first one has
 * worked for hours. */
void
run_compile(struct run_state *r, void (*go)(struct run_state *r))
{
	r->go = go;
	r->compile = compile_start(r->env->children, r->env->config,
	    &compile_ops, r);
}

static void
on_signal(void *arg, int sig)
{
	struct run_state *r = arg;
	bool soon;

	compile_free(r->compile);
	r->compile = NULL;
	if (r->stopping++ == 0) {
		write_line(r, LOG_DEBUG, "Interrupt received, stopping");
		if (r->server)
			write_line(r, LOG_INFO, "Stopping server");
	}
	if (r->agenda != NULL)
		agenda_stop(r->agenda);
	TAILQ_INIT(&r->waiting);
	/* Asked again while only brokers are left: nothing is waited for. */
	soon = clock_now() - r->stopped < (int64_t)FORCE_MS * NS_PER_MS;
	if (!soon)
		r->stopped = clock_now();
	if (r->ending && r->stopping > 1 && !soon) {
		jobs_abandon(r->env->jobs);
		loop_stop(r->env->loop);
		return;
	}
	if (r->env->output != NULL && r->ending)
		output_abandon(r->env->output);
	jobs_stop(r->env->jobs, stop_of_signal(sig), r->stopping > 1);
	if (r->running == 0)
		run_end(r);
}

int
run_begin(struct run_state *r, const struct run_env *env, bool server,
    void (*more)(struct run_state *r))
{
	struct error err;

	memset(r, 0, sizeof(*r));
	r->env = env;
	r->server = server;
	r->more = more;
	TAILQ_INIT(&r->waiting);
	r->signals = signals_new(env->loop, on_signal, r, &err);
	if (r->signals == NULL) {
		log_plain(env->log, err.text);
		return -1;
	}
	jobs_watch_starts(env->jobs, on_started, r);
	r->progress = progress_new(env->loop, env->log, env->jobs);
	r->outcome = outcome_new(env->config->nscripts);
	r->ntasks = env->config->nscripts;
	r->tasks = mem_array(r->ntasks, sizeof(r->tasks[0]));
	for (size_t i = 0; i < r->ntasks; i++) {
		r->tasks[i].run = r;
		r->tasks[i].config = config_ref(env->config);
		r->tasks[i].script = &env->config->scripts[i];
	}
	return 0;
}

int
run_finish(struct run_state *r)
{
	int status = jobs_left(r->env->jobs) ? 1 : outcome_status(r->outcome);

	progress_free(r->progress);
	signals_free(r->signals);
	/* Nobody listens. */
	if (r->env->output == NULL || !output_is_lost(r->env->output))
		outcome_write(r->outcome, r->env->log);
	outcome_free(r->outcome);
	compile_free(r->compile);
	agenda_free(r->agenda);
	for (size_t i = 0; i < r->ntasks; i++)
		config_unref(r->tasks[i].config);
	free(r->tasks);
	return status;
}

int
run_once(const struct run_env *env)
{
	struct run_state r;

	if (run_begin(&r, env, false, next_script) == -1)
		return 1;
	if (r.ntasks > 1)
		run_compile(&r, next_script);
	else
		next_script(&r);
	loop_run(env->loop);
	/* A script that was stopped has failed; these did not even begin. */
	outcome_not_started(r.outcome, r.ntasks - r.next);
	return run_finish(&r);
}
