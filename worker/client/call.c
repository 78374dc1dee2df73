/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/client/client_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

void
answer_init(struct answer *a)
{
	memset(a, 0, sizeof(*a));
	a->media_type = mem_strdup("");
	a->digest = mem_strdup("");
	a->next = mem_strdup("");
	a->rate.policies = mem_strdup("");
	a->size = -1;
	buffer_init(&a->body, 0);
}

void
answer_clear(struct answer *a)
{
	free(a->media_type);
	free(a->digest);
	free(a->next);
	free(a->rate.policies);
	buffer_free(&a->body);
	memset(a, 0, sizeof(*a));
}

struct call *
call_new(struct client *c, enum call_kind kind, answer_fn *done, void *arg)
{
	struct call *call = mem_alloc(sizeof(*call));

	call->client = c;
	call->kind = kind;
	call->done = done;
	call->arg = arg;
	answer_init(&call->answer);
	TAILQ_INSERT_TAIL(&c->calls, call, entry);
	return call;
}

void
call_free(struct call *call)
{
	struct client *c = call->client;

	if (call->request != NULL)
		request_abandon(call->request);
	if (call->stream != NULL)
		stream_abandon(call->stream);
	c->bodies -= call->answer.body.len;
	answer_clear(&call->answer);
	TAILQ_REMOVE(&c->calls, call, entry);
	free(call);
}

void
call_finish(struct call *call)
{
	struct client *c = call->client;

	if (call->finished)
		return;
	call->finished = call->queued = true;
	TAILQ_INSERT_TAIL(&c->ready, call, ready);
	if (!c->over && !timer_armed(c->deliver))
		timer_arm(c->deliver, 0);
}

struct call *
call_failed(struct client *c, const struct error *err, answer_fn *done,
    void *arg)
{
	struct call *call = call_new(c, CALL_REQUEST, done, arg);

	call->answer.err = *err;
	call_finish(call);
	return call;
}

/* A slot stays until it is released, even one that was refused. */
static void
call_deliver_one(struct call *call)
{
	struct client *c = call->client;
	size_t had = call->answer.body.len;

	call->delivering = true;
	call->done(call->arg, &call->answer);
	call->delivering = false;
	c->bodies -= had;
	buffer_free(&call->answer.body);
	if (call->kind != CALL_SLOT || call->released)
		call_free(call);
}

void
call_deliver(void *client)
{
	struct client *c = client;
	struct call *call;

	/* done may run the loop, which comes here again: pop, then call. */
	while (!c->over && (call = TAILQ_FIRST(&c->ready)) != NULL) {
		TAILQ_REMOVE(&c->ready, call, ready);
		call->queued = false;
		if (!TAILQ_EMPTY(&c->ready))
			timer_arm(c->deliver, 0);
		call_deliver_one(call);
	}
}

static void
call_withdraw(struct call *call)
{
	if (call->queued)
		TAILQ_REMOVE(&call->client->ready, call, ready);
	call_free(call);
}

void
call_cancel(struct call *call)
{
	if (call == NULL)
		return;
	if (call->kind == CALL_SLOT) {
		client_slot_release(call->client, call);
		return;
	}
	if (!call->delivering)
		call_withdraw(call);
}

struct call *
client_slot(struct client *c, answer_fn *done, void *arg)
{
	struct call *call = call_new(c, CALL_SLOT, done, arg);
	struct message_out o;

	if (c->gone) {
		error_set(&call->answer.err, ERROR_PEER,
		    "the supervisor is gone");
		call_finish(call);
		return call;
	}
	call->control_id = client_next_id(c);
	message_start(&o, MSG_SLOT, call->control_id);
	client_send(c, &o, NULL);
	return call;
}

/* Whether it waits, is held, or was refused. */
void
client_slot_release(struct client *c, struct call *slot)
{
	struct message_out o;

	if (slot == NULL || slot->released)
		return;
	slot->released = true;
	if (slot->control_id != 0) {
		message_start(&o, MSG_RELEASE, slot->control_id);
		client_send(c, &o, NULL);
		slot->control_id = 0;
	}
	if (!slot->delivering)
		call_withdraw(slot);
}

struct call *
client_module(struct client *c, const char *name, answer_fn *done, void *arg)
{
	struct call *call = call_new(c, CALL_MODULE, done, arg);
	struct message_out o;

	if (c->gone) {
		error_set(&call->answer.err, ERROR_PEER,
		    "the supervisor is gone");
		call_finish(call);
		return call;
	}
	call->control_id = client_next_id(c);
	message_start(&o, MSG_MODULE, call->control_id);
	message_put_str(&o, name);
	if (client_send(c, &o, &call->answer.err) == -1) {
		error_set(&call->answer.err, ERROR_INPUT,
		    "\"%s\" is no module name: printable, without spaces, at "
		    "most %u characters", name, MODULE_NAME_MAX);
		call->control_id = 0;
		call_finish(call);
	}
	return call;
}

static struct call *
call_of_id(struct client *c, uint32_t id)
{
	struct call *call;

	if (id != 0)
		TAILQ_FOREACH(call, &c->calls, entry)
			if (call->control_id == id && !call->finished)
				return call;
	return NULL;
}

static int
module_part(struct call *call, const struct message *m, struct error *err)
{
	struct buffer *body = &call->answer.body;

	if (m->type == MSG_MODULE_INFO) {
		if (call->module_info || message_u64(m, 1) > MODULE_MAX)
			return error_set(err, ERROR_PROTOCOL,
			    "MODULE_INFO came twice or is too large");
		call->module_info = true;
		call->module_size = message_u64(m, 1);
		free(call->answer.media_type);
		call->answer.media_type = mem_strdup(message_str(m, 0));
		call->answer.size = (int64_t)call->module_size;
		buffer_init(body, MODULE_MAX);
	} else {
		if (!call->module_info ||
		    m->f[0].len > call->module_size - body->len)
			return error_set(err, ERROR_PROTOCOL,
			    "MODULE_DATA is more than was announced");
		(void)buffer_put(body, m->f[0].p, m->f[0].len);
		call->client->bodies += m->f[0].len;
	}
	if (body->len == call->module_size) {
		call->control_id = 0;
		call_finish(call);
	}
	return 0;
}

int
call_control(struct client *c, const struct message *m, struct error *err)
{
	struct call *call = call_of_id(c, m->id);
	struct error why = { .kind = ERROR_NONE };

	if (call == NULL)
		return 0;
	if (m->type == MSG_MODULE_INFO || m->type == MSG_MODULE_DATA) {
		if (call->kind != CALL_MODULE)
			return error_set(err, ERROR_PROTOCOL,
			    "%s answers something else",
			    message_name(m->type));
		return module_part(call, m, err);
	}
	if (m->type == MSG_GRANTED) {
		if (call->kind != CALL_SLOT)
			return error_set(err, ERROR_PROTOCOL,
			    "GRANTED answers something else");
		call_finish(call);
		return 0;
	}
	if (client_refusal(m, &why, err) == -1)
		return -1;
	if (call->kind == CALL_STREAM) {
		stream_refused(call, &why);
		return 0;
	}
	call->control_id = 0;
	call->answer.err = why;
	call_finish(call);
	return 0;
}

void
call_supervisor_gone(struct client *c)
{
	struct call *call;

	TAILQ_FOREACH(call, &c->calls, entry) {
		if (call->control_id == 0 || call->finished ||
		    call->kind == CALL_STREAM)
			continue;
		call->control_id = 0;
		error_set(&call->answer.err, ERROR_PEER,
		    "the supervisor is gone");
		call_finish(call);
	}
}
