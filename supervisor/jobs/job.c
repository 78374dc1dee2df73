/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/jobs/job.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/children/brokers.h"
#include "supervisor/children/child.h"
#include "common/clock.h"
#include "common/duration.h"
#include "supervisor/jobs/control.h"
#include "common/mem.h"
#include "supervisor/jobs/slots.h"

enum stop_reason { STOP_NONE = 0, STOP_CANCELED = 1, STOP_DEADLINE = 2 };

struct job {
	struct job *next;
	struct supervisor *sv;
	struct config *config;	/* a reference: script is a part of it */
	const struct config_script *script;
	struct child *child;	/* NULL before it starts and after it ended */
	uint64_t id;
	int64_t started;
	uint64_t moved;
	struct timer *deadline, *kill, *never;
	enum stop_reason stop;
	bool sent;		/* the worker has its job */
	bool done_said;
	bool failed;
	char *text;		/* of DONE, or why it could not run */
	char *late;		/* where the deadline found it */
	job_done_fn *done;
	void *arg;
};

struct job *
job_next(const struct job *j)
{
	return j->next;
}

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

void
job_add_moved(struct job *j, uint64_t bytes)
{
	j->moved += bytes;
}

struct job *
supervisor_job(const struct supervisor *sv, uint64_t id)
{
	for (struct job *j = sv->jobs; j != NULL; j = j->next)
		if (j->id == id)
			return j;
	return NULL;
}

void
supervisor_missing(struct supervisor *sv, const char *layer)
{
	struct log_record r;

	if (*layer == '\0' || sv->missing_said)
		return;
	sv->missing_said = true;
	log_record_init(&r, LOG_WARN, "This system does not offer a layer of "
	    "the sandbox, going on without it");
	log_record_string(&r, "layer", layer);
	log_write(sv->log, &r);
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

static void
write_debug(struct job *j, const char *message)
{
	struct log_record r;

	log_record_init(&r, LOG_DEBUG, message);
	log_record_string(&r, "script", j->script->name);
	log_write(j->sv->log, &r);
}

/* Unlinks the job, tells its owner, frees it. */
static void
finish(struct job *j)
{
	struct job **at = &j->sv->jobs;
	struct log_record r;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	slots_forget(j->sv->slots, j);
	brokers_forget(j->sv->brokers, j);
	if (j->failed) {
		log_record_init(&r, LOG_WARN, "Error running script");
		log_record_string(&r, "script", j->script->name);
		log_record_string(&r, "error", j->text);
		log_write(j->sv->log, &r);
	} else
		write_debug(j, "Finished script");
	j->done(j->arg, j->failed, j->text, j->stop == STOP_CANCELED);
	child_free(j->child);
	timer_free(j->deadline);
	timer_free(j->kill);
	timer_free(j->never);
	free(j->text);
	free(j->late);
	config_unref(j->config);
	free(j);
}

static void
set_failed(struct job *j, char *text)
{
	free(j->text);
	j->failed = true;
	j->text = text;
}

static void
on_gone(void *arg, const struct error *how)
{
	struct job *j = arg;
	char limit[DURATION_TEXT];
	const char *at = j->late != NULL ? j->late : "", *colon =
	    j->late != NULL ? ": " : "";

	if (!j->done_said && j->stop == STOP_DEADLINE) {
		duration_format(j->script->timeout, limit);
		set_failed(j, mem_printf("%s%scontext deadline exceeded: the "
		    "script %s its timeout of %s%s", at, colon, j->sent ?
		    "went on after" : "did not begin within", limit,
		    j->sent ? " and was killed" : ""));
	} else if (!j->done_said && j->stop == STOP_CANCELED)
		set_failed(j, mem_printf("%s%scontext canceled: the script "
		    "%s", at, colon, j->sent ? "did not stop when it was "
		    "told to and was killed" : "did not begin"));
	else if (!j->done_said)
		set_failed(j, mem_printf("%s before the script was over",
		    how->kind != ERROR_NONE ? how->text :
		    "the worker ended"));
	finish(j);
}

static void
on_kill(void *arg)
{
	struct job *j = arg;

	if (j->child != NULL)
		child_kill(j->child, NULL);
}

static void
stop(struct job *j, enum stop_reason why)
{
	struct message_out o;

	if (j->stop != STOP_NONE || j->child == NULL)
		return;
	j->stop = why;
	if (!j->sent) {		/* it must not begin any more */
		child_kill(j->child, NULL);
		return;
	}
	message_start(&o, MSG_STOP, 0);
	message_put_u64(&o, why);
	job_send(j, &o, -1);
	timer_arm(j->kill, KILL_AFTER_MS * NS_PER_MS);
}

static void
on_deadline(void *arg)
{
	stop(arg, STOP_DEADLINE);
}

void
job_stop(struct job *j, bool now)
{
	stop(j, STOP_CANCELED);
	if (now && j->child != NULL)
		child_kill(j->child, NULL);
}

static void
send_environment(struct job *j)
{
	struct message_out o;

	for (char **e = j->script->env; e != NULL && *e != NULL; e++) {
		const char *value = getenv(*e);

		if (value == NULL || strlen(value) > LOG_TEXT_MAX)
			continue;
		message_start(&o, MSG_GETENV, 0);
		message_put_str(&o, *e);
		message_put_str(&o, value);
		job_send(j, &o, -1);
	}
}

static void
on_ready(void *arg, const char *missing)
{
	struct job *j = arg;
	struct message_out o;
	size_t n;

	supervisor_missing(j->sv, missing);
	if (j->stop != STOP_NONE)
		return;		/* killed, and READY was under way */
	j->sent = true;
	message_start(&o, MSG_JOB, 0);
	message_put_str(&o, j->script->name);
	message_put_u64(&o, j->script->text_len);
	message_put_u64(&o, (uint64_t)j->script->timeout);
	message_put_u64(&o, (j->sv->dry_run ? 1 : 0) |
	    (j->config->has_parallel ? 0 : 2));
	message_put_u64(&o, (uint64_t)(j->sv->log_level + LOG_LEVEL_BIAS));
	message_put_u64(&o, WORKER_MEMORY);
	job_send(j, &o, -1);
	send_environment(j);
	for (size_t at = 0; at < j->script->text_len; at += n) {
		n = j->script->text_len - at;
		n = n > CHUNK_MAX ? CHUNK_MAX : n;
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, j->script->text + at, n);
		job_send(j, &o, -1);
	}
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
on_done(struct job *j, const struct message *m, struct error *err)
{
	if (j->done_said || !j->sent)
		return error_set(err, ERROR_PROTOCOL, "DONE is out of order");
	j->done_said = true;
	timer_disarm(j->deadline);
	/* It must be gone soon, whatever it still does. */
	timer_arm(j->kill, KILL_AFTER_MS * NS_PER_MS);
	free(j->text);
	j->failed = message_u64(m, 0) != 0;
	j->text = mem_strdup(message_str(m, 2));
	if (j->failed && message_u64(m, 1) != 0 && *j->text == '\0')
		set_failed(j, mem_printf("the script ended itself with exit "
		    "status %" PRIu64, message_u64(m, 1)));
	return 0;
}

/* All that a worker may say: its requests are in jobrequest.c. */
static int
on_message(void *arg, const struct message *m, struct error *err)
{
	struct job *j = arg;

	switch (m->type) {
	case MSG_LOG:
		return log_message(j->sv->log, m, j->script->name, err);
	case MSG_LATE:
		return on_late(j, m, err);
	case MSG_DONE:
		return on_done(j, m, err);
	default:
		if (!j->sent || j->done_said)
			return error_set(err, ERROR_PROTOCOL,
			    "%s is out of order", message_name(m->type));
		return jobrequest(j->sv, j, m, err);
	}
}

static const struct child_ops worker_ops = { on_ready, on_message, on_gone };

static void
on_never(void *arg)
{
	finish(arg);
}

void
job_start(struct supervisor *sv, struct config *config,
    const struct config_script *script, job_done_fn *done, void *arg)
{
	struct job *j = mem_alloc(sizeof(*j)), **tail;
	struct error err;
	char *what;

	j->sv = sv;
	j->config = config_ref(config);
	j->script = script;
	j->id = ++sv->last_job;
	j->started = clock_now();
	j->text = mem_strdup("");
	j->done = done;
	j->arg = arg;
	j->deadline = loop_timer(sv->loop, on_deadline, j);
	j->kill = loop_timer(sv->loop, on_kill, j);
	j->never = loop_timer(sv->loop, on_never, j);
	for (tail = &sv->jobs; *tail != NULL; tail = &(*tail)->next)
		;
	*tail = j;
	write_debug(j, "Starting script");
	if (script->refused != NULL) {
		set_failed(j, mem_strdup(script->refused));
		timer_arm(j->never, 0);
		return;
	}
	what = mem_printf("worker of script \"%.64s\"", script->name);
	j->child = child_start(sv->loop, "regbot-worker", what, W2S,
	    &worker_ops, j, &err);
	free(what);
	if (j->child == NULL) {
		set_failed(j, mem_strdup(err.text));
		timer_arm(j->never, 0);
		return;
	}
	if (script->timeout > 0)
		timer_arm(j->deadline, script->timeout);
}
