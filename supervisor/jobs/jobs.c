/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs.c - the running jobs by id: brokers and slots answer an id, the worker
 * of that job gets the message.
 */
#include "supervisor/jobs/jobs.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "common/mem.h"
#include "supervisor/jobs/control.h"

struct jobs_entry {
	TAILQ_ENTRY(jobs_entry) next;
	struct jobs *all;
	struct job *job;
	jobs_done_fn *done;
	void *arg;
	bool starting;
};

struct jobs {
	struct child_env *env;
	bool dry_run;
	struct control control;
	uint64_t last_id;	/* ids rise and are never used twice */
	uint64_t moved;
	int exit_status;	/* of the job that was over last */
	size_t starting;
	void (*started)(void *arg);
	void *started_arg;
	TAILQ_HEAD(, jobs_entry) list;
};

static struct job *
find(const struct jobs *all, uint64_t id)
{
	const struct jobs_entry *e;

	TAILQ_FOREACH(e, &all->list, next)
		if (job_id(e->job) == id)
			return e->job;
	return NULL;
}

static void
on_opened(void *arg, uint64_t job, uint32_t id, uint64_t generation, int fd)
{
	struct job *j = find(arg, job);
	struct message_out o;

	if (j == NULL) {
		close(fd);
		return;
	}
	message_start(&o, MSG_OPENED, id);
	message_put_u64(&o, generation);
	job_send(j, &o, fd);
}

static void
on_refused(void *arg, uint64_t job, uint32_t id, const struct error *why)
{
	struct job *j = find(arg, job);

	if (j != NULL)
		job_refuse(j, id, why);
}

static void
on_moved(void *arg, uint64_t job, uint64_t bytes)
{
	struct jobs *all = arg;
	struct job *j = find(all, job);

	all->moved += bytes;
	if (j != NULL)
		job_add_moved(j, bytes);
}

static const struct brokers_ops brokers_ops = {
	on_opened, on_refused, on_moved
};

static void
on_granted(void *arg, uint64_t job, uint32_t id)
{
	struct job *j = find(arg, job);
	struct message_out o;

	if (j == NULL)
		return;
	message_start(&o, MSG_GRANTED, id);
	job_send(j, &o, -1);
}

static void
on_printed(void *arg, uint64_t number)
{
	struct job *j = find(arg, CONTROL_PRINT_JOB(number));
	struct message_out o;

	if (j == NULL)
		return;
	message_start(&o, MSG_PRINTED, CONTROL_PRINT_ID(number));
	job_send(j, &o, -1);
}

struct jobs *
jobs_new(struct child_env *env, struct config *config,
    const struct jobs_options *options)
{
	struct jobs *all = mem_alloc(sizeof(*all));

	all->env = env;
	all->dry_run = options->dry_run;
	all->control.slots = slots_new(options->slots, on_granted, all);
	all->control.brokers = brokers_new(env, config, options->dry_run,
	    &brokers_ops, all);
	all->control.modules_here = options->modules_here;
	all->control.output = options->output;
	all->control.printed = on_printed;
	all->control.arg = all;
	TAILQ_INIT(&all->list);
	return all;
}

static void
drop(struct jobs_entry *e)
{
	TAILQ_REMOVE(&e->all->list, e, next);
	job_free(e->job);
	free(e);
}

void
jobs_free(struct jobs *all)
{
	struct jobs_entry *e;

	while ((e = TAILQ_FIRST(&all->list)) != NULL)
		drop(e);
	brokers_free(all->control.brokers);
	slots_free(all->control.slots);
	free(all);
}

static int
on_request(void *arg, struct job *j, const struct message *m,
    struct error *err)
{
	const struct jobs_entry *e = arg;

	return control_request(&e->all->control, j, m, err);
}

/* One less is starting, for whatever reason. */
static void
not_starting(struct jobs_entry *e)
{
	if (e->starting)
		e->all->starting--;
	e->starting = false;
}

static void
on_started(void *arg)
{
	struct jobs_entry *e = arg;

	not_starting(e);
	if (e->all->started != NULL)
		e->all->started(e->all->started_arg);
}

static void
on_over(void *arg, struct job *j, bool failed, const char *text, bool stopped)
{
	struct jobs_entry *e = arg;
	struct jobs *all = e->all;

	not_starting(e);
	/* Out of the list first: done may start and stop others. */
	TAILQ_REMOVE(&all->list, e, next);
	slots_forget(all->control.slots, job_id(j));
	brokers_forget(all->control.brokers, job_id(j));
	all->exit_status = job_exit_status(j);
	e->done(e->arg, failed, text, stopped);
	job_free(j);
	free(e);
}

static const struct job_ops job_ops = { on_request, on_started, on_over };

void
jobs_start(struct jobs *all, struct config *config,
    const struct config_script *script, jobs_done_fn *done, void *arg)
{
	struct jobs_entry *e = mem_alloc(sizeof(*e));

	e->all = all;
	e->done = done;
	e->arg = arg;
	/* A command that gives it input may take its time. */
	e->starting = script->inputs.n == 0;
	all->starting += e->starting ? 1 : 0;
	e->job = job_start(all->env, config, script, ++all->last_id,
	    all->dry_run, &job_ops, e);
	TAILQ_INSERT_TAIL(&all->list, e, next);
}

size_t
jobs_starting(const struct jobs *all)
{
	return all->starting;
}

void
jobs_watch_starts(struct jobs *all, void (*started)(void *arg), void *arg)
{
	all->started = started;
	all->started_arg = arg;
}

void
jobs_stop(struct jobs *all, enum stop_reason why, bool now)
{
	struct jobs_entry *e;

	TAILQ_FOREACH(e, &all->list, next)
		job_stop(e->job, why, now);
}

void
jobs_each(const struct jobs *all, void (*fn)(void *arg, const struct job *j),
    void *arg)
{
	const struct jobs_entry *e;

	TAILQ_FOREACH(e, &all->list, next)
		fn(arg, e->job);
}

uint64_t
jobs_moved(const struct jobs *all)
{
	return all->moved;
}

int
jobs_exit_status(const struct jobs *all)
{
	return all->exit_status;
}

void
jobs_quit(struct jobs *all, void (*done)(void *arg), void *arg)
{
	brokers_quit(all->control.brokers, done, arg);
}

void
jobs_abandon(struct jobs *all)
{
	brokers_abandon(all->control.brokers);
}

bool
jobs_left(const struct jobs *all)
{
	return brokers_left(all->control.brokers);
}
