/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/client/client_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static const struct channel_ops broker_ops;

static void
request_free(struct client_request *r)
{
	for (int i = 0; i < r->nfields; i++)
		free(r->fields[i].text);
	free(r->upload);
	r->broker->client->bodies -= r->answer.body.len;
	answer_clear(&r->answer);
	free(r);
}

struct client_request *
request_new(struct client_broker *b, enum message_type type, request_fn *event,
    void *arg)
{
	struct client_request *r = mem_alloc(sizeof(*r));

	r->broker = b;
	r->type = type;
	r->event = event;
	r->arg = arg;
	answer_init(&r->answer);
	return r;
}

void
request_put_str(struct client_request *r, const char *s)
{
	r->fields[r->nfields++].text = mem_strdup(s != NULL ? s : "");
}

void
request_put_u64(struct client_request *r, uint64_t v)
{
	r->fields[r->nfields++].number = v;
}

void
request_start(struct client_request *r)
{
	r->state = REQUEST_WAITING;
	TAILQ_INSERT_TAIL(&r->broker->waiting, r, entry);
	broker_pump(r->broker);
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
request_reserve(struct client_request *r)
{
	r->reserved = true;
	send_plain(r, MSG_RESERVE);
}

void
request_go(struct client_request *r)
{
	r->went = true;
	send_plain(r, MSG_GO);
}

void
request_cancel(struct client_request *r)
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
request_abandon(struct client_request *r)
{
	r->event = NULL;
	r->broker->client->bodies -= r->answer.body.len;
	buffer_free(&r->answer.body);
	if (r->state == REQUEST_NEW)
		request_free(r);
	else
		request_cancel(r);
}

void
client_request_end(struct client_request *r)
{
	request_forget_credit(r);
	if (r->event != NULL)
		r->event(r->arg, r, REQUEST_END);
	request_free(r);
}

void
request_reset(struct client_request *r)
{
	r->broker->client->bodies -= r->answer.body.len;
	answer_clear(&r->answer);
	answer_init(&r->answer);
	r->uploaded = 0;
	r->number = 0;
	r->reserved = r->got_meta = r->got_rate = false;
	r->got_upload = r->got_held = r->went = false;
	r->id = 0;
	r->state = REQUEST_WAITING;
}

/* Asks the supervisor for a channel, or tells all that none will come. */
static void
broker_open(struct client_broker *b)
{
	struct client *c = b->client;
	struct error err = { .kind = ERROR_NONE };
	struct message_out o;

	if (c->gone) {
		error_set(&err, ERROR_PEER, "the supervisor is gone");
		broker_refused(b, &err);
		return;
	}
	b->state = BROKER_OPENING;
	b->open_id = client_next_id(c);
	message_start(&o, MSG_OPEN, b->open_id);
	message_put_str(&o, b->registry);
	if (client_send(c, &o, &err) == -1)
		broker_refused(b, &err);
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

static void
request_send(struct client_request *r)
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
		request_grant(r);
	if (r->event != NULL)
		r->event(r->arg, r, REQUEST_IS_SENT);
}

void
broker_pump(struct client_broker *b)
{
	struct client_request *r;

	if (b->state == BROKER_CLOSED && !TAILQ_EMPTY(&b->waiting))
		broker_open(b);
	while (b->state == BROKER_OPEN && b->nsent < CHANNEL_REQUESTS &&
	    (r = TAILQ_FIRST(&b->waiting)) != NULL) {
		TAILQ_REMOVE(&b->waiting, r, entry);
		request_send(r);
	}
}

struct client_broker *
broker_find(struct client *c, const char *registry, struct error *err)
{
	char *key = reference_registry_key(registry);
	struct client_broker *b;

	if (key == NULL || strlen(key) > REGISTRY_NAME_MAX) {
		free(key);
		error_set(err, ERROR_INPUT, "\"%s\" is no registry's name",
		    registry);
		return NULL;
	}
	TAILQ_FOREACH(b, &c->brokers, entry)
		if (strcmp(b->registry, key) == 0) {
			free(key);
			return b;
		}
	b = mem_alloc(sizeof(*b));
	b->client = c;
	b->registry = key;
	TAILQ_INIT(&b->waiting);
	TAILQ_INIT(&b->sent);
	TAILQ_INSERT_TAIL(&c->brokers, b, entry);
	return b;
}

struct client_broker *
broker_of_open(struct client *c, uint32_t id)
{
	struct client_broker *b;

	TAILQ_FOREACH(b, &c->brokers, entry)
		if (b->state == BROKER_OPENING && b->open_id == id)
			return b;
	return NULL;
}

void
broker_opened(struct client_broker *b, int fd)
{
	b->state = BROKER_OPEN;
	b->channel = channel_new(b->client->loop, fd, B2W, false, &broker_ops,
	    b);
	broker_pump(b);
}

void
broker_refused(struct client_broker *b, const struct error *err)
{
	struct requests failed;
	struct client_request *r;

	b->state = BROKER_CLOSED;
	TAILQ_INIT(&failed);
	TAILQ_CONCAT(&failed, &b->waiting, entry);
	/* Whoever asks again from here on waits for a new answer. */
	while ((r = TAILQ_FIRST(&failed)) != NULL) {
		TAILQ_REMOVE(&failed, r, entry);
		r->state = REQUEST_NEW;
		r->answer.err = *err;
		client_request_end(r);
	}
}

/* What becomes of a request whose broker is gone: true when it is repeated. */
static bool
request_orphaned(struct client_request *r, const struct error *why)
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
	else if (r->type == MSG_BLOB_READ)
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

static void
broker_closed(void *arg, const struct error *why)
{
	struct client_broker *b = arg;
	struct requests dying, again;
	struct client_request *r;

	channel_free(b->channel);
	b->channel = NULL;
	b->state = BROKER_CLOSED;
	TAILQ_INIT(&dying);
	TAILQ_INIT(&again);
	TAILQ_CONCAT(&dying, &b->sent, entry);
	b->nsent = 0;
	while ((r = TAILQ_FIRST(&dying)) != NULL) {
		TAILQ_REMOVE(&dying, r, entry);
		request_forget_credit(r);
		if (request_orphaned(r, why)) {
			request_reset(r);
			r->repeated = true;
			TAILQ_INSERT_TAIL(&again, r, entry);
		} else {
			r->state = REQUEST_NEW;
			client_request_end(r);
		}
	}
	TAILQ_CONCAT(&again, &b->waiting, entry);
	TAILQ_CONCAT(&b->waiting, &again, entry);
	broker_pump(b);
}

static const struct channel_ops broker_ops = {
	broker_message, broker_closed
};

void
client_broker_free(struct client_broker *b)
{
	struct client_request *r;

	channel_free(b->channel);
	while ((r = TAILQ_FIRST(&b->waiting)) != NULL) {
		TAILQ_REMOVE(&b->waiting, r, entry);
		request_free(r);
	}
	while ((r = TAILQ_FIRST(&b->sent)) != NULL) {
		TAILQ_REMOVE(&b->sent, r, entry);
		request_free(r);
	}
	TAILQ_REMOVE(&b->client->brokers, b, entry);
	free(b->registry);
	free(b);
}
