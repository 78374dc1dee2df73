/* SPDX-License-Identifier: Apache-2.0 */
/* run_server.c - the command server: what starts when. */
#include <stdlib.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/duration.h"
#include "common/mem.h"
#include "supervisor/run_private.h"

#define LATE_NS (60 * NS_PER_S)	/* a run that begins later is mentioned */

static void
begin_record(const struct run_task *t, struct log_record *rec, int level,
    const char *message)
{
	log_record_init(rec, level, message);
	log_record_string(rec, "name", t->script->name);
}

static void
write_task(const struct run_task *t, int level, const char *message)
{
	struct log_record rec;

	begin_record(t, &rec, level, message);
	log_write(t->run->env->log, &rec);
}

/* A time as the script's schedule names it. */
static void
add_time(struct log_record *rec, const char *key, const struct run_task *t,
    int64_t wall)
{
	struct buffer b;

	buffer_init(&b, 0);
	schedule_time(t->script->schedule, wall, &b);
	log_record_string(rec, key, buffer_str(&b));
	buffer_free(&b);
}

static void
write_time(const struct run_task *t, int level, const char *message,
    const char *key, int64_t wall)
{
	struct log_record rec;

	begin_record(t, &rec, level, message);
	add_time(&rec, key, t, wall);
	log_write(t->run->env->log, &rec);
}

static void start_waiting(struct run_state *r);

static void
on_done(void *arg, bool failed, const char *text, bool stopped)
{
	struct run_task *t = arg;
	struct run_state *r = t->run;

	t->running = false;
	r->running--;
	if (failed && !stopped)
		outcome_failed(r->outcome, t->script, text);
	start_waiting(r);
	if (r->stopping != 0 && r->running == 0)
		run_end(r);
}

static void
start(struct run_task *t)
{
	write_task(t, LOG_DEBUG, "Running task");
	t->running = true;
	t->told = false;
	t->since = clock_wall();
	t->run->running++;
	jobs_start(t->run->env->jobs, t->config, t->script, on_done, t);
}

static bool
is_room(const struct run_state *r)
{
	return r->running < JOBS_MAX && jobs_starting(r->env->jobs) <
	    STARTS_MAX;
}

static void
start_waiting(struct run_state *r)
{
	struct run_task *t;

	while (is_room(r) && (t = TAILQ_FIRST(&r->waiting)) != NULL) {
		TAILQ_REMOVE(&r->waiting, t, link);
		t->waiting = false;
		start(t);
	}
}

/* The warning comes once in a run: it may take an hour and be due each
 * second. */
static void
skip(struct run_task *t)
{
	write_time(t, t->told ? LOG_DEBUG : LOG_WARN, "Skipped task, it is "
	    "still running", "since", t->since);
	t->told = true;
}

/* Starts the script, or has it wait for one of the others. */
static void
run_task(struct run_task *t)
{
	if (t->running)
		skip(t);
	else if (t->waiting)
		write_task(t, LOG_DEBUG, "Skipped task, it still waits for "
		    "its turn");
	else if (is_room(t->run))
		start(t);
	else {
		t->waiting = true;
		TAILQ_INSERT_TAIL(&t->run->waiting, t, link);
	}
}

static void
on_due(void *arg, int64_t due)
{
	struct run_task *t = arg;

	if (clock_wall() - due > LATE_NS)
		write_time(t, LOG_INFO, "Task is late", "due", due);
	run_task(t);
}

/* What a server says at its start: when the script runs first. */
static void
write_next(const struct run_task *t)
{
	const struct schedule *s = t->script->schedule;
	char text[DURATION_TEXT];
	struct log_record rec;

	begin_record(t, &rec, LOG_INFO, "Scheduled task");
	if (schedule_interval(s) != 0) {
		duration_format(schedule_interval(s), text);
		log_record_string(&rec, "interval", text);
	} else
		log_record_string(&rec, "schedule", schedule_text(s));
	if (t->script->jitter != 0) {
		duration_format(t->script->jitter, text);
		log_record_string(&rec, "jitter", text);
	}
	add_time(&rec, "next", t, agenda_due(t->item));
	log_write(t->run->env->log, &rec);
}

static void
write_refused(const struct run_task *t)
{
	struct log_record rec;

	begin_record(t, &rec, LOG_ERROR, "Script will not run");
	log_record_string(&rec, "err", t->script->refused);
	log_write(t->run->env->log, &rec);
}

static void
add_task(struct run_task *t)
{
	const struct config_script *s = t->script;

	if (s->refused != NULL) {
		write_refused(t);
		return;
	}
	if (s->schedule != NULL) {
		t->item = agenda_add(t->run->agenda, s->schedule, s->jitter,
		    on_due, t);
		write_next(t);
	} else if (!s->run_at_start)
		write_task(t, LOG_ERROR, "No schedule or interval found, "
		    "ignoring");
}

static void
run_at_start(struct run_state *r)
{
	for (size_t i = 0; i < r->ntasks; i++)
		if (r->tasks[i].script->run_at_start &&
		    r->tasks[i].script->refused == NULL)
			run_task(&r->tasks[i]);
}

static void
say_nothing(const struct run_env *env)
{
	char *text = mem_printf("there is nothing to run on a schedule: give "
	    "at least one script of %s an \"interval\" such as 1h or a "
	    "\"schedule\" such as \"@daily\", or use the command once",
	    env->config->path);

	log_plain(env->log, text);
	free(text);
}

int
run_server(const struct run_env *env)
{
	size_t scheduled = 0;
	struct run_state r;
	uint64_t seed = 0;

	if (run_begin(&r, env, true, start_waiting) == -1)
		return 1;
	(void)!getrandom(&seed, sizeof(seed), 0);
	r.agenda = agenda_new(env->loop, seed);
	for (size_t i = 0; i < r.ntasks; i++) {
		add_task(&r.tasks[i]);
		scheduled += r.tasks[i].item != NULL ? 1 : 0;
	}
	if (scheduled == 0) {
		run_finish(&r);
		say_nothing(env);
		return RUN_NOTHING;
	}
	run_compile(&r, run_at_start);
	loop_run(env->loop);
	return run_finish(&r);
}
