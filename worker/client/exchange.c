/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.c - what a job's script is given besides its text, and what it
 * gives: INPUT, OUTPUTS and OUTPUT.
 */
#include "worker/client/client_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* After JOB, before the script is complete; an empty script is complete at
 * once, and these follow. */
static bool
in_time(const struct client *c)
{
	return c->job_state == JOB_LOADING ||
	    (c->job_state == JOB_COMPLETE && c->job.script_len == 0);
}

static struct client_input *
input_of(struct client_job *j, const struct message *m)
{
	struct client_input *in;

	for (size_t i = 0; i < j->ninputs; i++)
		if (strcmp(j->inputs[i].name, message_str(m, 0)) == 0)
			return &j->inputs[i];
	if (j->ninputs == EXCHANGE_MAX)
		return NULL;
	j->inputs = mem_resize(j->inputs, j->ninputs + 1,
	    sizeof(j->inputs[0]));
	in = &j->inputs[j->ninputs++];
	memset(in, 0, sizeof(*in));
	in->name = mem_strdup(message_str(m, 0));
	in->place = mem_strdup(message_str(m, 1));
	in->format = message_u64(m, 2);
	buffer_init(&in->text, INPUT_BYTES_MAX);
	return in;
}

int
client_take_input(struct client *c, const struct message *m,
    struct error *err)
{
	struct client_input *in = in_time(c) && message_u64(m, 2) <=
	    INPUT_JSON ? input_of(&c->job, m) : NULL;

	if (in == NULL || m->f[3].len > INPUT_BYTES_MAX - c->input_bytes)
		return error_set(err, ERROR_PROTOCOL, "INPUT came too often, "
		    "with too much, or at a wrong time");
	c->input_bytes += m->f[3].len;
	buffer_put(&in->text, m->f[3].p, m->f[3].len);
	return 0;
}

int
client_take_output_name(struct client *c, const struct message *m,
    struct error *err)
{
	struct client_job *j = &c->job;

	if (!in_time(c) || j->noutputs == EXCHANGE_MAX)
		return error_set(err, ERROR_PROTOCOL, "OUTPUTS came too often "
		    "or at a wrong time");
	j->outputs = mem_resize(j->outputs, j->noutputs + 1,
	    sizeof(j->outputs[0]));
	j->outputs[j->noutputs++] = mem_strdup(message_str(m, 0));
	return 0;
}

int
client_take_argument(struct client *c, const struct message *m,
    struct error *err)
{
	struct client_job *j = &c->job;

	/* The chunk's name and arg[0] come before the arguments. */
	if (!in_time(c) || j->nargs == ARGUMENTS_MAX + 2)
		return error_set(err, ERROR_PROTOCOL, "ARGUMENT came too often "
		    "or at a wrong time");
	j->args = mem_resize(j->args, j->nargs + 1, sizeof(j->args[0]));
	j->args[j->nargs++] = mem_strndup(m->f[0].p, m->f[0].len);
	return 0;
}

void
client_inputs_free(struct client_job *j)
{
	for (size_t i = 0; i < j->ninputs; i++) {
		free(j->inputs[i].name);
		free(j->inputs[i].place);
		buffer_free(&j->inputs[i].text);
	}
	free(j->inputs);
	j->inputs = NULL;
	j->ninputs = 0;
}

void
client_exchange_free(struct client_job *j)
{
	client_inputs_free(j);
	for (size_t i = 0; i < j->noutputs; i++)
		free(j->outputs[i]);
	for (size_t i = 0; i < j->nargs; i++)
		free(j->args[i]);
	free(j->args);
	j->args = NULL;
	j->nargs = 0;
	free(j->outputs);
	j->outputs = NULL;
	j->noutputs = 0;
}

void
client_output(struct client *c, const char *name, const char *p, size_t len)
{
	struct message_out o;
	size_t n;

	for (size_t at = 0; at < len; at += n) {
		n = len - at > CHUNK_MAX ? CHUNK_MAX : len - at;
		message_start(&o, MSG_OUTPUT, 0);
		message_put_str(&o, name);
		message_put_bytes(&o, p + at, n);
		client_send(c, &o, NULL);
		if (channel_queued(c->control) > LOG_QUEUE_MAX)
			channel_drain(c->control, LOG_QUEUE_MAX / 2);
	}
}
