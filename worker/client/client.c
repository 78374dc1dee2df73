/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c - the life of a job over the control channel, and the dispatch of
 * what the supervisor sends.
 */
#include "worker/client/client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/text.h"
#include "policy/policy.h"
#include "worker/client/client_private.h"

static int
job_start(struct client *c, const struct message *m, struct error *err)
{
	struct client_job *j = &c->job;
	uint64_t size = message_u64(m, 1), level = message_u64(m, 4);

	if (c->job_state != JOB_WANTED)
		return error_set(err, ERROR_PROTOCOL, "JOB came twice");
	if (size > SCRIPT_MAX || message_u64(m, 2) > INT64_MAX ||
	    level > 2 * LOG_LEVEL_BIAS)
		return error_set(err, ERROR_PROTOCOL,
		    "a number in JOB is out of bounds");
	j->name = mem_strdup(message_str(m, 0));
	j->script = mem_alloc(size + 1);
	j->script_len = size;
	j->timeout_ns = (int64_t)message_u64(m, 2);
	j->dry_run = (message_u64(m, 3) & JOB_DRY_RUN) != 0;
	j->compile = (message_u64(m, 3) & JOB_COMPILE) != 0;
	j->check = (message_u64(m, 3) & JOB_CHECK) != 0;
	j->print = (message_u64(m, 3) & JOB_PRINT) != 0;
	j->expect = (message_u64(m, 3) & JOB_EXPECT) != 0;
	j->parallel_unset = (message_u64(m, 3) & JOB_PARALLEL_UNSET) != 0;
	j->log_level = (int)level - LOG_LEVEL_BIAS;
	j->memory = message_u64(m, 5);
	c->job_state = size == 0 ? JOB_COMPLETE : JOB_LOADING;
	return 0;
}

static int
job_script(struct client *c, const struct message *m, struct error *err)
{
	size_t n = m->f[0].len;

	if (c->job_state != JOB_LOADING ||
	    n > c->job.script_len - c->script_got)
		return error_set(err, ERROR_PROTOCOL,
		    "SCRIPT is longer than JOB announced");
	memcpy(c->job.script + c->script_got, m->f[0].p, n);
	c->script_got += n;
	if (c->script_got == c->job.script_len)
		c->job_state = JOB_COMPLETE;
	return 0;
}

/* An empty script is complete at once; its variables follow. */
static int
job_env(struct client *c, const struct message *m, struct error *err)
{
	if (c->job_state == JOB_WANTED || c->nenv == JOB_ENV_MAX ||
	    (c->job_state != JOB_LOADING && c->job.script_len != 0))
		return error_set(err, ERROR_PROTOCOL,
		    "GETENV came too often or at a wrong time");
	c->env = mem_resize(c->env, c->nenv + 1, sizeof(c->env[0]));
	c->env[c->nenv].name = mem_strdup(message_str(m, 0));
	c->env[c->nenv++].value = mem_strdup(message_str(m, 1));
	return 0;
}

static int
job_stop(struct client *c, const struct message *m, struct error *err)
{
	uint64_t why = message_u64(m, 0);

	if (why == STOP_NONE || why >= STOP_REASONS)
		return error_set(err, ERROR_PROTOCOL,
		    "STOP has an unknown reason");
	c->stopped = (enum stop_reason)why;
	c->stop(c->arg, c->stopped);
	return 0;
}

static int
registry_opened(struct client *c, const struct message *m, int fd,
    struct error *err)
{
	struct client_broker *b = client_broker_of_open(c, m->id);

	if (fd == -1)
		return error_set(err, ERROR_PROTOCOL,
		    "OPENED came without a descriptor");
	if (b == NULL)
		close(fd);
	else
		client_broker_opened(b, fd);
	return 0;
}

static int
refused(struct client *c, const struct message *m, struct error *err)
{
	struct client_broker *b = client_broker_of_open(c, m->id);
	struct error why = { .kind = ERROR_NONE };

	if (b == NULL)
		return client_control(c, m, err);
	if (client_refusal(m, &why, err) == -1)
		return -1;
	client_broker_refused(b, &why);
	return 0;
}

static int
control_message(void *arg, const struct message *m, int fd, struct error *err)
{
	struct client *c = arg;

	if (m->type == MSG_OPENED)
		return registry_opened(c, m, fd, err);
	if (fd != -1) {
		close(fd);
		return error_set(err, ERROR_PROTOCOL,
		    "%s came with a descriptor", message_name(m->type));
	}
	switch (m->type) {
	case MSG_JOB:
		return job_start(c, m, err);
	case MSG_SCRIPT:
		return job_script(c, m, err);
	case MSG_GETENV:
		return job_env(c, m, err);
	case MSG_COPY:
	case MSG_COPY_PLATFORM:
		return client_take_copy(c, m, err);
	case MSG_INPUT:
		return client_take_input(c, m, err);
	case MSG_OUTPUTS:
		return client_take_output_name(c, m, err);
	case MSG_ARGUMENT:
		return client_take_argument(c, m, err);
	case MSG_STOP:
		return job_stop(c, m, err);
	case MSG_REFUSED:
		return refused(c, m, err);
	default:
		return client_control(c, m, err);
	}
}

static void
control_closed(void *arg, const struct error *why)
{
	struct error err = { .kind = ERROR_NONE };
	struct client *c = arg;
	struct client_broker *b;

	(void)why;
	c->gone = true;
	error_set(&err, ERROR_PEER, "the supervisor is gone");
	TAILQ_FOREACH(b, &c->brokers, entry)
		if (b->state == BROKER_OPENING)
			client_broker_refused(b, &err);
	client_control_gone(c);
	if (c->stopped == STOP_NONE) {
		c->stopped = STOP_CANCELED;
		c->stop(c->arg, STOP_CANCELED);
	}
}

static const struct channel_ops control_ops = {
	control_message, control_closed
};

struct client *
client_new(struct loop *l, int fd,
    void (*stop)(void *arg, enum stop_reason why), void *arg)
{
	struct client *c = mem_alloc(sizeof(*c));

	c->loop = l;
	c->stop = stop;
	c->arg = arg;
	TAILQ_INIT(&c->calls);
	TAILQ_INIT(&c->ready);
	TAILQ_INIT(&c->brokers);
	TAILQ_INIT(&c->streams);
	c->deliver = loop_timer(l, call_deliver, c);
	c->control = channel_new(l, fd, S2W, true, &control_ops, c);
	return c;
}

void
client_free(struct client *c)
{
	struct client_broker *b;
	struct client_call *call;

	if (c == NULL)
		return;
	c->over = true;
	while ((call = TAILQ_FIRST(&c->calls)) != NULL)
		call_free(call);
	stream_free_all(c);
	while ((b = TAILQ_FIRST(&c->brokers)) != NULL)
		client_broker_free(b);
	for (size_t i = 0; i < c->nenv; i++) {
		free(c->env[i].name);
		free(c->env[i].value);
	}
	free(c->env);
	if (c->job_state != JOB_TAKEN) {
		free(c->job.name);
		free(c->job.script);
		client_exchange_free(&c->job);
	}
	channel_free(c->control);
	timer_free(c->deliver);
	free(c);
}

void
client_ready(struct client *c)
{
	struct message_out o;

	message_start(&o, MSG_READY, 0);
	message_put_str(&o, PACKAGE_VERSION);
	message_put_str(&o, policy_missing());
	message_put_str(&o, policy_absent_user());
	client_send(c, &o, NULL);
}

int
client_get_job(struct client *c, struct client_job *job, struct error *err)
{
	while (c->job_state != JOB_COMPLETE && c->stopped == STOP_NONE &&
	    !c->gone)
		loop_step(c->loop, -1);
	if (c->gone)
		return error_set(err, ERROR_PEER,
		    "the supervisor ended before it sent a job");
	if (c->stopped != STOP_NONE)
		return error_set(err, c->stopped == STOP_DEADLINE ?
		    ERROR_DEADLINE : ERROR_CANCELED,
		    "the job was stopped before it began");
	*job = c->job;
	c->job_state = JOB_TAKEN;
	return 0;
}

/* Puts as much of a text as fits, never half a UTF-8 sequence. */
static void
put_cut(struct message_out *o, const char *text, size_t max)
{
	char *cut = mem_strndup(text, text_cut(text, strlen(text), max));

	message_put_str(o, cut);
	free(cut);
}

void
client_compiled(struct client *c, struct client_job *job, const char *error)
{
	struct message_out o;

	message_start(&o, MSG_COMPILED, 0);
	put_cut(&o, error != NULL ? error : "", ERROR_TEXT_MAX);
	client_send(c, &o, NULL);
	free(job->name);
	free(job->script);
	client_exchange_free(job);
	memset(&c->job, 0, sizeof(c->job));
	c->script_got = 0;
	c->job_state = JOB_WANTED;
}

const char *
client_getenv(const struct client *c, const char *name)
{
	for (size_t i = 0; i < c->nenv; i++)
		if (strcmp(c->env[i].name, name) == 0)
			return c->env[i].value;
	return NULL;
}

void
client_late(struct client *c, const char *where)
{
	struct message_out o;

	message_start(&o, MSG_LATE, 0);
	put_cut(&o, where, ERROR_TEXT_MAX);
	client_send(c, &o, NULL);
	channel_drain(c->control, 0);
}

void
client_finish(struct client *c, const struct client_done *d)
{
	struct message_out o;

	c->over = true;
	timer_disarm(c->deliver);
	message_start(&o, MSG_DONE, 0);
	message_put_u64(&o, d->failed ? 1 : 0);
	message_put_u64(&o, (uint64_t)(unsigned)d->exit_code);
	put_cut(&o, d->text != NULL ? d->text : "", ERROR_TEXT_MAX);
	message_put_u64(&o, d->copied);
	message_put_u64(&o, d->up_to_date);
	message_put_u64(&o, d->deleted);
	message_put_u64(&o, d->failures);
	message_put_u64(&o, d->bytes);
	client_send(c, &o, NULL);
	channel_drain(c->control, 0);
}

void
client_expect(struct client *c, int64_t bytes)
{
	struct message_out o;

	if (!c->job.expect || bytes == 0)
		return;
	/* Sizes are what manifests say: their sum may be anything. */
	if (bytes > 0 && c->expected > INT64_MAX - bytes)
		c->expected = INT64_MAX;
	else if (bytes < 0 && c->expected < -bytes)
		c->expected = 0;
	else
		c->expected += bytes;
	message_start(&o, MSG_EXPECT, 0);
	message_put_u64(&o, (uint64_t)c->expected);
	client_send(c, &o, NULL);
}

void
client_log(struct client *c, const struct log_record *r)
{
	struct message_out o;
	struct buffer attrs;
	int level = r->level;

	if (level < -LOG_LEVEL_BIAS)
		level = -LOG_LEVEL_BIAS;
	buffer_init(&attrs, LOG_RECORD_MAX);
	log_record_put(r, &attrs);
	message_start(&o, MSG_LOG, 0);
	message_put_u64(&o, (uint64_t)(level + LOG_LEVEL_BIAS));
	put_cut(&o, r->message != NULL ? r->message : "", LOG_TEXT_MAX);
	message_put_bytes(&o, attrs.data, attrs.len);
	client_send(c, &o, NULL);
	buffer_free(&attrs);
	/* A script that only logs never runs the loop. */
	if (channel_queued(c->control) > LOG_QUEUE_MAX)
		channel_drain(c->control, LOG_QUEUE_MAX / 2);
}
