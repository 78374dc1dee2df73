/* SPDX-License-Identifier: Apache-2.0 */
/* job.c - a worker's life: it gets its script, reports, and ends. */
#include "supervisor/jobs/job.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/jobs/deadline.h"
#include "supervisor/jobs/handover.h"
#include "supervisor/jobs/position.h"
#include "supervisor/jobs/summary.h"

struct job {
	struct child_env *env;
	struct config *config;	/* a reference: script is a part of it */
	const struct config_script *script;
	struct inputs *inputs;		/* until the worker has them */
	struct outputs *outputs;
	struct child *child;		/* NULL: it was not started */
	struct deadline *deadline;	/* as child */
	uint64_t id;
	bool dry_run;
	int64_t started;
	uint64_t moved, expected;
	struct timer *not_started;	/* says so from the loop */
	enum stop_reason stopped;	/* before it was started */
	bool sent;		/* the worker has its job */
	bool done;		/* and sent DONE */
	bool failed;
	char *text;		/* of DONE, or why it could not run */
	char *late;		/* where the deadline found it, or NULL */
	struct summary summary;
	const struct job_ops *ops;
	void *arg;
};

uint64_t
job_id(const struct job *j)
{
	return j->id;
}

const char *
job_name(const struct job *j)
{
	return j->script->name;
}

const struct config *
job_config(const struct job *j)
{
	return j->config;
}

int64_t
job_started(const struct job *j)
{
	return j->started;
}

uint64_t
job_moved(const struct job *j)
{
	return j->moved;
}

uint64_t
job_expected(const struct job *j)
{
	return j->expected;
}

void
job_add_moved(struct job *j, uint64_t bytes)
{
	j->moved += bytes;
}

void
job_send(struct job *j, struct message_out *o, int fd)
{
	struct error err;

	if (child_send(j->child, o, fd, &err) == -1)
		child_kill(j->child, err.text);
}

void
job_refuse(struct job *j, uint32_t id, const struct error *why)
{
	struct message_out o;

	message_start(&o, MSG_REFUSED, id);
	message_put_u64(&o, why->kind);
	message_put_str(&o, why->text);
	job_send(j, &o, -1);
}

void
job_free(struct job *j)
{
	inputs_free(j->inputs);
	outputs_free(j->outputs);
	child_free(j->child);
	deadline_free(j->deadline);
	timer_free(j->not_started);
	free(j->text);
	free(j->late);
	config_unref(j->config);
	free(j);
}

static void
write_debug(struct job *j, const char *message)
{
	struct log_record r;

	log_record_init(&r, LOG_DEBUG, message);
	log_record_string(&r, "script", j->script->name);
	log_write(j->env->log, &r);
}

/* The worker's warnings are about its script, as are some of the lines at debug
 * level; at INFO the script speaks. That of a command is shown at any level. */
static bool
amend_record(void *arg, struct log_record *r)
{
	const struct job *j = arg;

	for (int i = 0; i < r->nattrs && r->level != LOG_INFO; i++)
		if (r->attrs[i].kind == ATTR_STRING &&
		    strcmp(r->attrs[i].key, "message") == 0) {
			position_add(j->config, j->script, r->attrs[i].text,
			    r);
			break;
		}
	return j->script->command != NULL && j->script->command->log_all &&
	    strcmp(r->message, LOG_SCRIPT_MESSAGE) == 0;
}

void
job_write_error(struct log *log, const char *message,
    const struct config *c, const struct config_script *script,
    const char *text)
{
	struct log_record r;

	log_record_init(&r, LOG_WARN, message);
	log_record_string(&r, "script", script->name);
	log_record_string(&r, "error", text);
	position_add(c, script, text, &r);
	log_write(log, &r);
}

static enum stop_reason
reason(const struct job *j)
{
	return j->child != NULL ? deadline_reason(j->deadline) : j->stopped;
}

int
job_exit_status(const struct job *j)
{
	int sig = stop_signal(reason(j));

	if (!j->failed || sig != 0)
		return j->failed ? 128 + sig : 0;
	return j->summary.exit_code != 0 ? (int)j->summary.exit_code : 1;
}

/* The end of a job: its owner frees it. */
static void
end(struct job *j)
{
	enum stop_reason why = reason(j);

	if (j->failed && j->script->command == NULL)
		job_write_error(j->env->log, "Error running script",
		    j->config, j->script, j->text);
	else if (!j->failed)
		write_debug(j, "Finished script");
	if (!j->summary.told)
		j->summary.bytes = j->moved;
	if (j->sent)
		summary_write(&j->summary, j->env->log, j->script->name,
		    j->dry_run, clock_now() - j->started);
	j->ops->over(j->arg, j, j->failed, j->text,
	    why != STOP_NONE && why != STOP_DEADLINE);
}

static void
set_failed(struct job *j, char *text)
{
	free(j->text);
	j->failed = true;
	j->text = text;
}

/* The script has ended by itself. */
static void
write_outputs(struct job *j)
{
	struct error err;

	if (outputs_write(j->outputs, j->env->log, j->failed, j->dry_run,
	    &err) == 0)
		return;
	if (j->failed)
		job_write_error(j->env->log, "Output was not written",
		    j->config, j->script, err.text);
	else
		set_failed(j, mem_strdup(err.text));
}

static void
on_gone(void *arg, const struct error *how)
{
	struct job *j = arg;
	char *text;

	if (!j->done) {
		text = deadline_text(j->deadline, j->late, j->sent);
		if (text == NULL)
			text = mem_printf("%s before the script was over",
			    how->kind != ERROR_NONE ? how->text :
			    "the worker ended");
		set_failed(j, text);
	} else
		write_outputs(j);
	end(j);
}

static void
on_kill(void *arg)
{
	struct job *j = arg;

	child_kill(j->child, NULL);
}

static void
on_stop(void *arg, enum stop_reason why)
{
	struct job *j = arg;
	struct message_out o;

	if (!j->sent) {		/* then it must not start */
		child_kill(j->child, NULL);
		return;
	}
	message_start(&o, MSG_STOP, 0);
	message_put_u64(&o, why);
	job_send(j, &o, -1);
}

static const struct deadline_ops deadline_ops = { on_stop, on_kill };

/* Its inputs are still being read. */
static void
stop_early(struct job *j, enum stop_reason why)
{
	struct error err;

	inputs_free(j->inputs);
	j->inputs = NULL;
	j->stopped = why;
	stop_error(why, 0, &err);
	set_failed(j, mem_printf("%s before the script started", err.text));
	timer_arm(j->not_started, 0);
}

void
job_stop(struct job *j, enum stop_reason why, bool now)
{
	if (j->child == NULL && j->inputs != NULL)
		stop_early(j, why);
	deadline_cancel(j->deadline, why);
	if (now && j->child != NULL)
		child_kill(j->child, NULL);
}

static void
on_ready(void *arg)
{
	struct job *j = arg;

	if (deadline_reason(j->deadline) != STOP_NONE)
		return;		/* killed, and READY was under way */
	j->sent = true;
	handover_send(&(struct handover){ j->env, j->config, j->script,
	    j->dry_run, j->inputs, j->outputs }, j->child);
	inputs_free(j->inputs);
	j->inputs = NULL;
	j->ops->started(j->arg);
}

static int
on_late(struct job *j, const struct message *m, struct error *err)
{
	(void)err;
	free(j->late);
	j->late = mem_strdup(message_str(m, 0));
	return 0;
}

static int
on_expect(struct job *j, const struct message *m, struct error *err)
{
	if (message_u64(m, 0) > INT64_MAX)
		return error_set(err, ERROR_PROTOCOL, "a number in EXPECT is "
		    "out of bounds");
	j->expected = message_u64(m, 0);
	return 0;
}

static int
on_output(struct job *j, const struct message *m, struct error *err)
{
	if (j->done || !j->sent)
		return error_set(err, ERROR_PROTOCOL, "OUTPUT is out of order");
	return outputs_take(j->outputs, m, err);
}

static int
on_done(struct job *j, const struct message *m, struct error *err)
{
	if (j->done || !j->sent)
		return error_set(err, ERROR_PROTOCOL, "DONE is out of order");
	if (summary_read(&j->summary, m, err) == -1)
		return -1;
	j->done = true;
	deadline_done(j->deadline);
	free(j->text);
	j->failed = message_u64(m, 0) != 0;
	/* A command says it by its exit status. */
	j->text = mem_strdup(j->script->command != NULL &&
	    j->summary.exit_code != 0 ? "" : message_str(m, 2));
	return 0;
}

/* Everything that a worker may say except for its requests (control.c). */
static int
on_message(void *arg, const struct message *m, struct error *err)
{
	struct job *j = arg;

	switch (m->type) {
	case MSG_LOG:
		return log_message(j->env->log, m, j->script->name,
		    amend_record, j, err);
	case MSG_LATE:
		return on_late(j, m, err);
	case MSG_EXPECT:
		return on_expect(j, m, err);
	case MSG_OUTPUT:
		return on_output(j, m, err);
	case MSG_DONE:
		return on_done(j, m, err);
	default:
		if (!j->sent || j->done)
			return error_set(err, ERROR_PROTOCOL,
			    "%s is out of order", message_name(m->type));
		return j->ops->request(j->arg, j, m, err);
	}
}

static const struct child_ops worker_ops = { on_ready, on_message, on_gone };

static void
on_not_started(void *arg)
{
	end(arg);
}

/* NULL, or why it could not be started; the caller frees it. */
static char *
start_worker(struct job *j)
{
	struct error err;
	char *what;

	what = mem_printf("worker of script \"%.64s\"", j->script->name);
	j->child = child_start(j->env, "regbot-worker", what, W2S,
	    &worker_ops, j, &err);
	free(what);
	if (j->child == NULL)
		return mem_strdup(err.text);
	j->deadline = deadline_new(j->env->loop, j->script->timeout,
	    &deadline_ops, j);
	return NULL;
}

static void
on_inputs(void *arg, const struct error *err)
{
	struct job *j = arg;
	char *failure = err != NULL ? mem_strdup(err->text) : start_worker(j);

	if (failure == NULL)
		return;
	set_failed(j, failure);
	end(j);
}

/* Starts with what comes first. NULL, or why it could not. */
static char *
start_first(struct job *j)
{
	if (j->script->refused != NULL)
		return mem_strdup(j->script->refused);
	if (j->script->inputs.n == 0)
		return start_worker(j);
	j->inputs = inputs_start(j->env, j->config, j->script, on_inputs, j);
	return NULL;
}

struct job *
job_start(struct child_env *env, struct config *config,
    const struct config_script *script, uint64_t id, bool dry_run,
    const struct job_ops *ops, void *arg)
{
	struct job *j = mem_alloc(sizeof(*j));
	char *failure;

	j->env = env;
	j->config = config_ref(config);
	j->script = script;
	j->id = id;
	j->dry_run = dry_run;
	j->started = clock_now();
	j->text = mem_strdup("");
	j->outputs = outputs_new(config, script);
	j->ops = ops;
	j->arg = arg;
	j->not_started = loop_timer(env->loop, on_not_started, j);
	write_debug(j, "Starting script");
	failure = start_first(j);
	if (failure != NULL) {
		set_failed(j, failure);
		timer_arm(j->not_started, 0);
	}
	return j;
}
