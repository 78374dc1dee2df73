/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - which scripts run when, and what a signal does to them. */
#include "supervisor/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/duration.h"
#include "common/mem.h"
#include "common/text.h"
#include "supervisor/jobs/compile.h"
#include "supervisor/jobs/progress.h"
#include "supervisor/outcome.h"
#include "supervisor/signals.h"

struct run_task {		/* a script */
	struct run_state *run;
	struct config *config;	/* a reference: script is a part of it */
	const struct config_script *script;
	int64_t next;		/* server only, as timer: wall clock */
	struct timer *timer;
	bool running;
};

struct run_state {
	const struct run_env *env;
	int stopping;		/* stop signals received so far */
	int64_t stopped;	/* when the last one that counts came */
	struct signals *signals;
	struct progress *progress;
	struct compile *compile;	/* while scripts are looked at */
	size_t next;		/* once, in order: the script to run next */
	size_t running;
	bool server;
	struct outcome *outcome;
	struct run_task *tasks;
	size_t ntasks;
	bool ending;
};

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

/* All have ended. */
static void
end(struct run_state *r)
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
		end(r);
}

static void
on_started(void *arg)
{
	struct run_state *r = arg;

	if (!r->server)
		next_script(r);
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
	if (!r->server)
		next_script(r);
}

static const struct compile_ops compile_ops = {
	.broken = on_broken, .over = on_compiled
};

/* A syntax error in the last script should be told before the first one has
 * worked for hours. */
static void
compile(struct run_state *r)
{
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
	for (size_t i = 0; i < r->ntasks; i++)
		if (r->tasks[i].timer != NULL)
			timer_disarm(r->tasks[i].timer);
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
		end(r);
}

static int
begin(struct run_state *r, const struct run_env *env, bool server)
{
	struct error err;

	memset(r, 0, sizeof(*r));
	r->env = env;
	r->server = server;
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

static int
finish(struct run_state *r)
{
	int status = jobs_left(r->env->jobs) ? 1 : outcome_status(r->outcome);

	progress_free(r->progress);
	signals_free(r->signals);
	/* Nobody listens. */
	if (r->env->output == NULL || !output_is_lost(r->env->output))
		outcome_write(r->outcome, r->env->log);
	outcome_free(r->outcome);
	compile_free(r->compile);
	for (size_t i = 0; i < r->ntasks; i++) {
		timer_free(r->tasks[i].timer);
		config_unref(r->tasks[i].config);
	}
	free(r->tasks);
	return status;
}

int
run_once(const struct run_env *env)
{
	struct run_state r;

	if (begin(&r, env, false) == -1)
		return 1;
	if (r.ntasks > 1)
		compile(&r);
	else
		next_script(&r);
	loop_run(env->loop);
	/* A script that was stopped has failed; these did not even begin. */
	outcome_not_started(r.outcome, r.ntasks - r.next);
	return finish(&r);
}

static void
on_server_done(void *arg, bool failed, const char *text, bool stopped)
{
	struct run_task *t = arg;

	t->running = false;
	t->run->running--;
	if (failed && !stopped)
		outcome_failed(t->run->outcome, t->script, text);
	if (t->run->stopping != 0 && t->run->running == 0)
		end(t->run);
}

static void
write_task(struct run_task *t, int level, const char *message)
{
	struct log_record rec;

	log_record_init(&rec, level, message);
	log_record_string(&rec, "name", t->script->name);
	log_write(t->run->env->log, &rec);
}

/* A clock that is being adjusted may show a run a little early: the next is
 * not the same one. */
static void
arm(struct run_task *t)
{
	int64_t wall = clock_wall();

	if (schedule_next(t->script->schedule, wall > t->next ? wall : t->next,
	    &t->next) == 0)
		timer_arm(t->timer, t->next - wall);
}

static void
on_tick(void *arg)
{
	struct run_task *t = arg;
	struct run_state *r = t->run;

	arm(t);
	if (t->running || r->running >= JOBS_MAX) {
		write_task(t, LOG_DEBUG, "Skipped task, it is still running");
		return;
	}
	write_task(t, LOG_DEBUG, "Running task");
	t->running = true;
	r->running++;
	jobs_start(r->env->jobs, t->config, t->script, on_server_done, t);
}

/* What a server says at its start: when the script runs first. */
static void
write_next(struct run_task *t)
{
	const struct schedule *s = t->script->schedule;
	char interval[DURATION_TEXT];
	struct log_record rec;
	struct buffer when;

	log_record_init(&rec, LOG_INFO, "Scheduled task");
	log_record_string(&rec, "name", t->script->name);
	if (schedule_interval(s) != 0) {
		duration_format(schedule_interval(s), interval);
		log_record_string(&rec, "interval", interval);
	} else
		log_record_string(&rec, "schedule", schedule_text(s));
	buffer_init(&when, 0);
	schedule_time(s, t->next, &when);
	log_record_string(&rec, "next", buffer_str(&when));
	buffer_free(&when);
	log_write(t->run->env->log, &rec);
}

static void
write_refused(struct run_task *t)
{
	struct log_record rec;

	log_record_init(&rec, LOG_ERROR, "Script will not run");
	log_record_string(&rec, "name", t->script->name);
	log_record_string(&rec, "err", t->script->refused);
	log_write(t->run->env->log, &rec);
}

static void
schedule(struct run_task *t)
{
	if (t->script->refused != NULL) {
		write_refused(t);
		return;
	}
	if (t->script->schedule == NULL) {
		write_task(t, LOG_ERROR, "No schedule or interval found, "
		    "ignoring");
		return;
	}
	t->timer = loop_timer(t->run->env->loop, on_tick, t);
	arm(t);
	write_next(t);
}

int
run_server(const struct run_env *env)
{
	size_t scheduled = 0;
	struct run_state r;
	char *text;

	if (begin(&r, env, true) == -1)
		return 1;
	for (size_t i = 0; i < r.ntasks; i++) {
		schedule(&r.tasks[i]);
		scheduled += r.tasks[i].timer != NULL ? 1 : 0;
	}
	if (scheduled != 0) {
		compile(&r);
		loop_run(env->loop);
		return finish(&r);
	}
	finish(&r);
	text = mem_printf("there is nothing to run on a schedule: give at least "
	    "one script of %s an \"interval\" such as 1h, or use the command "
	    "once", env->config->path);
	log_plain(env->log, text);
	free(text);
	return RUN_NOTHING;
}
