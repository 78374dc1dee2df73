/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - a call: one operation as its caller sees it. What works for it (a
 * request, a stream, the supervisor) is known here only by a table of
 * functions.
 */
#include "worker/client/client_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

void
client_answer_init(struct answer *a)
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
client_answer_clear(struct answer *a)
{
	free(a->media_type);
	free(a->digest);
	free(a->next);
	free(a->subject);
	free(a->rate.policies);
	buffer_free(&a->body);
	memset(a, 0, sizeof(*a));
}

struct client_call *
call_new(struct client *c, const struct client_call_ops *ops,
    answer_fn *done, void *arg)
{
	struct client_call *call = mem_alloc(sizeof(*call));

	call->client = c;
	call->ops = ops;
	call->done = done;
	call->arg = arg;
	client_answer_init(&call->answer);
	TAILQ_INSERT_TAIL(&c->calls, call, entry);
	return call;
}

void
call_free(struct client_call *call)
{
	struct client *c = call->client;

	if (call->work != NULL)
		call->ops->abandon(call->work);
	c->bodies -= call->answer.body.len;
	client_answer_clear(&call->answer);
	TAILQ_REMOVE(&c->calls, call, entry);
	free(call);
}

void
call_finish(struct client_call *call)
{
	struct client *c = call->client;

	if (call->finished)
		return;
	call->finished = call->queued = true;
	TAILQ_INSERT_TAIL(&c->ready, call, ready);
	if (!c->over && !timer_armed(c->deliver))
		timer_arm(c->deliver, 0);
}

struct client_call *
call_failed(struct client *c, const struct error *err, answer_fn *done,
    void *arg)
{
	static const struct client_call_ops none = { .abandon = NULL };
	struct client_call *call = call_new(c, &none, done, arg);

	call->answer.err = *err;
	call_finish(call);
	return call;
}

static void
call_deliver_one(struct client_call *call)
{
	struct client *c = call->client;
	size_t had = call->answer.body.len;

	call->delivering = true;
	call->done(call->arg, &call->answer);
	call->delivering = false;
	c->bodies -= had;
	buffer_free(&call->answer.body);
	if (call->ops->release == NULL || call->released)
		call_free(call);
}

void
call_deliver(void *client)
{
	struct client *c = client;
	struct client_call *call;

	/* done may run the loop, which comes here again: pop, then call. */
	while (!c->over && (call = TAILQ_FIRST(&c->ready)) != NULL) {
		TAILQ_REMOVE(&c->ready, call, ready);
		call->queued = false;
		if (!TAILQ_EMPTY(&c->ready))
			timer_arm(c->deliver, 0);
		call_deliver_one(call);
	}
}

void
call_withdraw(struct client_call *call)
{
	if (call->queued)
		TAILQ_REMOVE(&call->client->ready, call, ready);
	call_free(call);
}

void
call_cancel(struct client_call *call)
{
	if (call == NULL)
		return;
	if (call->ops->release != NULL)
		call->ops->release(call);
	else if (!call->delivering)
		call_withdraw(call);
}
