/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.c - calls that the supervisor answers (action slots, modules), and
 * how its answers find the call that asked.
 */
#include "worker/client/client_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

uint32_t
client_next_id(struct client *c)
{
	if (++c->last_id == 0)
		c->last_id = 1;
	return c->last_id;
}

int
client_send(struct client *c, struct message_out *o, struct error *err)
{
	return channel_send(c->control, o, -1, err);
}

int
client_refusal(const struct message *m, struct error *why, struct error *err)
{
	uint64_t kind = message_u64(m, 0);

	if (kind == ERROR_NONE || kind >= ERROR_KINDS)
		return error_set(err, ERROR_PROTOCOL,
		    "REFUSED has an unknown error kind");
	error_set(why, (enum error_kind)kind, "%s", message_str(m, 1));
	return 0;
}

static int
off_topic(const struct message *m, struct error *err)
{
	return error_set(err, ERROR_PROTOCOL, "%s answers something else",
	    message_name(m->type));
}

static void
control_refused(struct client_call *call, const struct error *why)
{
	call->control_id = 0;
	call->answer.err = *why;
	call_finish(call);
}

static int
slot_granted(struct client_call *call, const struct message *m,
    struct error *err)
{
	if (m->type != MSG_GRANTED)
		return off_topic(m, err);
	call_finish(call);
	return 0;
}

static void
slot_release(struct client_call *call)
{
	client_slot_release(call->client, call);
}

static const struct client_call_ops slot_ops = {
	.message = slot_granted, .refused = control_refused,
	.release = slot_release
};

struct client_call *
client_slot(struct client *c, answer_fn *done, void *arg)
{
	struct client_call *call = call_new(c, &slot_ops, done, arg);
	struct message_out o;

	if (c->gone) {
		error_set(&call->answer.err, ERROR_PEER,
		    "the supervisor is gone");
		call_finish(call);
		return call;
	}
	/* The script's own. */
	if (c->job.parallel_unset && c->width > 1) {
		call_finish(call);
		return call;
	}
	call->control_id = client_next_id(c);
	message_start(&o, MSG_SLOT, call->control_id);
	client_send(c, &o, NULL);
	return call;
}

/* Whether the slot is awaited, held, or was refused. */
void
client_slot_release(struct client *c, struct client_call *slot)
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

static int
module_part(struct client_call *call, const struct message *m,
    struct error *err)
{
	struct buffer *body = &call->answer.body;

	if (m->type != MSG_MODULE_INFO && m->type != MSG_MODULE_DATA)
		return off_topic(m, err);
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

static const struct client_call_ops module_ops = {
	.message = module_part, .refused = control_refused
};

struct client_call *
client_module(struct client *c, const char *name, answer_fn *done, void *arg)
{
	struct client_call *call = call_new(c, &module_ops, done, arg);
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
		    "\"%s\" is not a module name: printable, without spaces, at "
		    "most %u characters", name, MODULE_NAME_MAX);
		call->control_id = 0;
		call_finish(call);
	}
	return call;
}

static int
printed(struct client_call *call, const struct message *m,
    struct error *err)
{
	if (m->type != MSG_PRINTED)
		return off_topic(m, err);
	call->control_id = 0;
	call_finish(call);
	return 0;
}

static const struct client_call_ops print_ops = {
	.message = printed, .refused = control_refused
};

struct client_call *
client_print(struct client *c, const void *p, size_t n, answer_fn *done,
    void *arg)
{
	struct client_call *call = call_new(c, &print_ops, done, arg);
	struct message_out o;

	if (c->gone) {
		error_set(&call->answer.err, ERROR_PEER,
		    "the supervisor is gone");
		call_finish(call);
		return call;
	}
	call->control_id = client_next_id(c);
	message_start(&o, MSG_PRINT, call->control_id);
	message_put_bytes(&o, p, n);
	client_send(c, &o, NULL);
	return call;
}

static struct client_call *
call_of_id(struct client *c, uint32_t id)
{
	struct client_call *call;

	if (id != 0)
		TAILQ_FOREACH(call, &c->calls, entry)
			if (call->control_id == id && !call->finished)
				return call;
	return NULL;
}

int
client_control(struct client *c, const struct message *m, struct error *err)
{
	struct client_call *call = call_of_id(c, m->id);
	struct error why = { .kind = ERROR_NONE };

	if (call == NULL)
		return 0;
	if (m->type == MSG_REFUSED) {
		if (client_refusal(m, &why, err) == -1)
			return -1;
		call->ops->refused(call, &why);
		return 0;
	}
	if (call->ops->message == NULL)
		return off_topic(m, err);
	return call->ops->message(call, m, err);
}

void
client_control_gone(struct client *c)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_call *call;

	error_set(&err, ERROR_PEER, "the supervisor is gone");
	TAILQ_FOREACH(call, &c->calls, entry)
		if (call->control_id != 0 && !call->finished)
			call->ops->refused(call, &err);
}
