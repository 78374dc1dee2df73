/* SPDX-License-Identifier: Apache-2.0 */
/* handover.c - sends a worker its job; see handover.h. */
#include "supervisor/jobs/handover.h"

#include <stdlib.h>
#include <string.h>

static void
pass(struct child *worker, struct message_out *o)
{
	struct error err;

	if (child_send(worker, o, -1, &err) == -1)
		child_kill(worker, err.text);
}

static void
send_job(const struct handover *h, struct child *worker)
{
	struct message_out o;

	message_start(&o, MSG_JOB, 0);
	message_put_str(&o, h->script->name);
	message_put_u64(&o, h->script->text_len);
	message_put_u64(&o, (uint64_t)h->script->timeout);
	message_put_u64(&o, (h->dry_run ? JOB_DRY_RUN : 0) |
	    (h->config->has_parallel ? 0 : JOB_PARALLEL_UNSET) |
	    (log_columns(h->env->log) != 0 ? JOB_EXPECT : 0) |
	    (h->script->command != NULL ? JOB_PRINT : 0));
	message_put_u64(&o, (uint64_t)(h->env->log_level + LOG_LEVEL_BIAS));
	message_put_u64(&o, WORKER_MEMORY);
	pass(worker, &o);
}

static void
send_environment(const struct handover *h, struct child *worker)
{
	struct message_out o;

	for (char **e = h->script->env; e != NULL && *e != NULL; e++) {
		const char *value = getenv(*e);

		if (value == NULL || strlen(value) > LOG_TEXT_MAX)
			continue;
		message_start(&o, MSG_GETENV, 0);
		message_put_str(&o, *e);
		message_put_str(&o, value);
		pass(worker, &o);
	}
}

/* The chunk's name comes first. */
static void
send_arguments(const struct config_command *c, struct child *worker)
{
	struct message_out o;

	for (size_t i = 0; c != NULL && i <= c->nargs; i++) {
		const char *s = i == 0 ? c->chunk : c->args[i - 1];

		message_start(&o, MSG_ARGUMENT, 0);
		message_put_bytes(&o, s, strlen(s));
		pass(worker, &o);
	}
}

static void
send_copy(const struct config_copy *c, struct child *worker)
{
	uint64_t flags = (c->referrers ? COPY_REFERRERS : 0) |
	    (c->digest_tags ? COPY_DIGEST_TAGS : 0) |
	    (c->include_external ? COPY_EXTERNAL : 0) |
	    (c->force_recursive ? COPY_FORCE : 0);
	struct message_out o;

	if (flags != 0) {
		message_start(&o, MSG_COPY, 0);
		message_put_u64(&o, flags);
		pass(worker, &o);
	}
	for (char **p = c->platforms; p != NULL && *p != NULL; p++) {
		message_start(&o, MSG_COPY_PLATFORM, 0);
		message_put_str(&o, *p);
		pass(worker, &o);
	}
}

static void
send_script(const struct config_script *script, struct child *worker)
{
	struct message_out o;
	size_t n;

	for (size_t at = 0; at < script->text_len; at += n) {
		n = script->text_len - at;
		n = n > CHUNK_MAX ? CHUNK_MAX : n;
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, script->text + at, n);
		pass(worker, &o);
	}
}

void
handover_send(const struct handover *h, struct child *worker)
{
	send_job(h, worker);
	send_environment(h, worker);
	send_arguments(h->script->command, worker);
	send_copy(&h->script->copy, worker);
	outputs_send(h->outputs, worker);
	inputs_send(h->inputs, worker);
	send_script(h->script, worker);
}
