/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker.c - a broker as a worker knows it: a registry, the channel to the
 * process that talks to it, and the requests that are queued or sent there.
 */
#include "worker/client/client_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static const struct channel_ops broker_ops;

/* Asks the supervisor for a channel, or fails all requests that wait for it. */
static void
client_broker_open(struct client_broker *b)
{
	struct client *c = b->client;
	struct error err = { .kind = ERROR_NONE };
	struct message_out o;

	if (c->gone) {
		error_set(&err, ERROR_PEER, "the supervisor is gone");
		client_broker_refused(b, &err);
		return;
	}
	b->state = BROKER_OPENING;
	b->open_id = client_next_id(c);
	message_start(&o, MSG_OPEN, b->open_id);
	message_put_str(&o, b->registry);
	if (client_send(c, &o, &err) == -1)
		client_broker_refused(b, &err);
}

void
client_broker_pump(struct client_broker *b)
{
	struct client_request *r;

	if (b->state == BROKER_CLOSED && !TAILQ_EMPTY(&b->waiting))
		client_broker_open(b);
	while (b->state == BROKER_OPEN && b->nsent < CHANNEL_REQUESTS &&
	    (r = TAILQ_FIRST(&b->waiting)) != NULL) {
		TAILQ_REMOVE(&b->waiting, r, entry);
		client_request_send(r);
	}
}

struct client_broker *
client_broker_find(struct client *c, const char *registry, struct error *err)
{
	char *key = reference_registry_key(registry);
	struct client_broker *b;

	if (key == NULL || strlen(key) > REGISTRY_NAME_MAX) {
		free(key);
		error_set(err, ERROR_INPUT, "\"%s\" is not the name of a registry",
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
client_broker_of_open(struct client *c, uint32_t id)
{
	struct client_broker *b;

	TAILQ_FOREACH(b, &c->brokers, entry)
		if (b->state == BROKER_OPENING && b->open_id == id)
			return b;
	return NULL;
}

void
client_broker_width(struct client_broker *b)
{
	struct message_out o;

	if (b->state != BROKER_OPEN || b->client->told <= 1)
		return;
	message_start(&o, MSG_WIDTH, 0);
	message_put_u64(&o, b->client->told);
	(void)channel_send(b->channel, &o, -1, NULL);
}

void
client_width(struct client *c, unsigned n)
{
	struct client_broker *b;

	c->width = n;
	if (n <= c->told)
		return;
	c->told = n;
	TAILQ_FOREACH(b, &c->brokers, entry)
		client_broker_width(b);
}

void
client_broker_opened(struct client_broker *b, int fd)
{
	b->state = BROKER_OPEN;
	b->channel = channel_new(b->client->loop, fd, B2W, false,
	    &broker_ops, b);
	client_broker_width(b);
	client_broker_pump(b);
}

void
client_broker_refused(struct client_broker *b, const struct error *err)
{
	struct client_requests failed;
	struct client_request *r;

	b->state = BROKER_CLOSED;
	TAILQ_INIT(&failed);
	TAILQ_CONCAT(&failed, &b->waiting, entry);
	/* A request made from here on waits for a new answer. */
	while ((r = TAILQ_FIRST(&failed)) != NULL) {
		TAILQ_REMOVE(&failed, r, entry);
		r->state = REQUEST_NEW;
		r->answer.err = *err;
		client_request_end(r);
	}
}

static void
client_broker_closed(void *arg, const struct error *why)
{
	struct client_broker *b = arg;
	struct client_requests dying, again;
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
		client_answer_forget_credit(r);
		if (client_request_orphaned(r, why)) {
			client_request_reset(r);
			r->repeated = true;
			TAILQ_INSERT_TAIL(&again, r, entry);
		} else {
			r->state = REQUEST_NEW;
			client_request_end(r);
		}
	}
	TAILQ_CONCAT(&again, &b->waiting, entry);
	TAILQ_CONCAT(&b->waiting, &again, entry);
	client_broker_pump(b);
}

static const struct channel_ops broker_ops = {
	client_answer_message, client_broker_closed
};

void
client_broker_free(struct client_broker *b)
{
	struct client_request *r;

	channel_free(b->channel);
	while ((r = TAILQ_FIRST(&b->waiting)) != NULL) {
		TAILQ_REMOVE(&b->waiting, r, entry);
		client_request_free(r);
	}
	while ((r = TAILQ_FIRST(&b->sent)) != NULL) {
		TAILQ_REMOVE(&b->sent, r, entry);
		client_request_free(r);
	}
	TAILQ_REMOVE(&b->client->brokers, b, entry);
	free(b->registry);
	free(b);
}
