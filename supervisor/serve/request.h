/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - one request of a worker, from its message to its END. The
 * table in dispatch.c says what a request is; the handlers (registry.h) use the
 * functions here.
 */
#ifndef REGBOT_REQUEST_H
#define REGBOT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "supervisor/serve/dispatch.h"
#include "supervisor/broker/http/http.h"
#include "supervisor/serve/session.h"

enum request_state {
	REQUEST_FREE = 1,	/* there is none with that id */
	REQUEST_WAITING = 2,	/* for the channel's memory */
	REQUEST_RUNNING = 4,	/* the registry is being asked */
	REQUEST_RECEIVING = 8,	/* the worker sends a body */
	REQUEST_SENDING = 16,	/* the worker receives a body */
	REQUEST_OPEN = 32,	/* of a stream: may be reserved */
	REQUEST_RESERVING = 64,	/* waits for a slot */
	REQUEST_HELD = 128,	/* has a slot, waits for GO */
	REQUEST_MOVING = 256,	/* bytes flow through the stream */
	REQUEST_COMMITTED = 512	/* wrote something: cannot be cancelled */
};
#define REQUEST_ANY (~(unsigned)REQUEST_FREE)

struct request {
	struct request *next;
	struct session *session;	/* NULL: its worker is gone */
	struct broker *broker;
	uint32_t id;
	const struct dispatch_row *row;
	enum request_state state;
	/* Fields of the message, owned; "" or 0 where it has none. */
	char *repository, *name, *from, *media_type, *digest, *last, *query;
	uint64_t count, size, offset, stream;
	struct http_request *http;	/* under way, or NULL */
	struct buffer body;		/* to or from the worker */
	size_t sent;			/* of body, to the worker */
	uint64_t credit_in;		/* to send with */
	uint64_t credit_out;		/* the worker may send */
	size_t buffered;		/* its part of session->buffered */
	bool collecting;		/* counts in session->collecting */
	void *work;			/* the handler's own */
};

/* Asks the registry: spec's repository, unless set, is the request's. done
 * gets the request and must call request_answered first. */
void request_ask(struct request *r, struct http_spec *spec,
    http_done_fn *done);
/* Clears r->http. True when there is a reply; else the request has ended with
 * err. */
bool request_answered(struct request *r, struct http_reply *reply,
    const struct error *err);

/* META; what does not fit a message (a strange media type) is left out, but a
 * next that does not fit is an error (-1). size -1: not known. */
int request_meta(struct request *r, const char *media_type,
    const char *digest, int64_t size, const char *next, struct error *err);
void request_rate(struct request *r, const struct http_reply *reply);
void request_signal(struct request *r, enum message_type type);

/* Steals body and sends it as credit comes; END follows it. */
void request_send_body(struct request *r, struct buffer *body);
void request_pump(struct request *r);

/* END and free. Nothing may touch the request afterwards. */
void request_end(struct request *r, const struct error *err, uint64_t number);
void request_done(struct request *r);	/* END with success */
void request_fail(struct request *r, enum error_kind kind, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* No END: its worker is gone. Frees it, or detaches what is committed. */
void request_drop(struct request *r);

#endif
