/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - one exchange with a broker: a request waits for a place on its
 * broker's channel, is sent, and ends when END arrives or its broker is gone.
 */
#include "worker/client/client_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

void
client_request_free(struct client_request *r)
{
	for (int i = 0; i < r->nfields; i++)
		free(r->fields[i].text);
	free(r->upload);
	r->broker->client->bodies -= r->answer.body.len;
	client_answer_clear(&r->answer);
	free(r);
}

struct client_request *
client_request_new(struct client_broker *b, enum message_type type,
    client_request_fn *event, void *arg)
{
	struct client_request *r = mem_alloc(sizeof(*r));

	r->broker = b;
	r->type = type;
	r->event = event;
	r->arg = arg;
	client_answer_init(&r->answer);
	return r;
}

void
client_request_put_str(struct client_request *r, const char *s)
{
	r->fields[r->nfields++].text = mem_strdup(s != NULL ? s : "");
}

void
client_request_put_u64(struct client_request *r, uint64_t v)
{
	r->fields[r->nfields++].number = v;
}

void
client_request_start(struct client_request *r)
{
	r->state = REQUEST_WAITING;
	TAILQ_INSERT_TAIL(&r->broker->waiting, r, entry);
	client_broker_pump(r->broker);
}

static void
send_plain(struct client_request *r, enum message_type type)
{
	struct message_out o;

	if (r->broker->channel == NULL)
		return;
	message_start(&o, type, r->id);
	(void)channel_send(r->broker->channel, &o, -1, NULL);
}

void
client_request_reserve(struct client_request *r)
{
	r->reserved = true;
	send_plain(r, MSG_RESERVE);
}

void
client_request_go(struct client_request *r)
{
	r->went = true;
	send_plain(r, MSG_GO);
}

void
client_request_cancel(struct client_request *r)
{
	if (r->state == REQUEST_WAITING) {
		TAILQ_REMOVE(&r->broker->waiting, r, entry);
		error_set(&r->answer.err, ERROR_CANCELED, "canceled");
		client_request_end(r);
	} else if (r->state == REQUEST_SENT && !r->canceled) {
		r->canceled = true;
		send_plain(r, MSG_CANCEL);
	}
}

void
client_request_abandon(struct client_request *r)
{
	r->event = NULL;
	r->broker->client->bodies -= r->answer.body.len;
	buffer_free(&r->answer.body);
	if (r->state == REQUEST_NEW)
		client_request_free(r);
	else
		client_request_cancel(r);
}

void
client_request_end(struct client_request *r)
{
	client_answer_forget_credit(r);
	if (r->event != NULL)
		r->event(r->arg, r, REQUEST_END);
	client_request_free(r);
}

void
client_request_reset(struct client_request *r)
{
	r->broker->client->bodies -= r->answer.body.len;
	client_answer_clear(&r->answer);
	client_answer_init(&r->answer);
	r->uploaded = 0;
	r->number = 0;
	r->reserved = r->got_meta = r->got_rate = false;
	r->got_upload = r->got_held = r->went = false;
	r->id = 0;
	r->state = REQUEST_WAITING;
}

static uint32_t
next_id(struct client_broker *b)
{
	struct client_request *r;
	bool used;

	do {
		used = ++b->last_id == 0;
		TAILQ_FOREACH(r, &b->sent, entry)
			used = used || r->id == b->last_id;
	} while (used);
	return b->last_id;
}

void
client_request_send(struct client_request *r)
{
	struct client_broker *b = r->broker;
	struct message_out o;

	r->id = next_id(b);
	message_start(&o, r->type, r->id);
	for (int i = 0; i < r->nfields; i++)
		if (r->fields[i].text != NULL)
			message_put_str(&o, r->fields[i].text);
		else
			message_put_u64(&o, r->fields[i].number);
	if (channel_send(b->channel, &o, -1, &r->answer.err) == -1) {
		r->answer.err.kind = ERROR_INPUT;
		client_request_end(r);
		return;
	}
	r->state = REQUEST_SENT;
	TAILQ_INSERT_TAIL(&b->sent, r, entry);
	b->nsent++;
	if (r->body_max != 0)
		client_answer_grant(r);
	if (r->event != NULL)
		r->event(r->arg, r, REQUEST_IS_SENT);
}

bool
client_request_orphaned(struct client_request *r, const struct error *why)
{
	struct error *err = &r->answer.err;
	const char *registry = r->broker->registry;

	if (err->kind != ERROR_NONE)
		return false;
	if (r->canceled)
		error_set(err, ERROR_CANCELED, "canceled");
	else if (why->kind != ERROR_NONE)
		error_set(err, why->kind, "the process that talks to %s was "
		    "given up: %s", registry, why->text);
	else if (message_writes(r->type))
		error_set(err, ERROR_PEER, "the process that talks to %s "
		    "died; the request was not repeated because it writes",
		    registry);
	else if (r->type == MSG_BLOB_READ || r->type == MSG_URL_READ)
		error_set(err, ERROR_PEER, "the process that talks to %s "
		    "died", registry);
	else if (r->repeated)
		error_set(err, ERROR_PEER, "the process that talks to %s "
		    "died, and again when the request was repeated",
		    registry);
	else
		return r->event != NULL;
	return false;
}
