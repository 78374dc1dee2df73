/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - one request of a worker, from its message to its END. The
 * table in dispatch.c says what a request is; a backend answers it with the
 * functions here.
 */
#ifndef REGBOT_REQUEST_H
#define REGBOT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "supervisor/serve/dispatch.h"
#include "supervisor/serve/session.h"

enum request_state {
	REQUEST_FREE = 1,	/* there is none with that id */
	REQUEST_WAITING = 2,	/* for the channel's memory */
	REQUEST_RUNNING = 4,	/* the backend is at work */
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
	TAILQ_ENTRY(request) entry;	/* of session or server.detached */
	struct session *session;	/* NULL: its worker is gone */
	struct server *server;
	uint32_t id;
	const struct dispatch_row *row;
	enum request_state state;
	/* Fields of the message, owned; "" or 0 where it has none. */
	char *repository, *name, *from, *media_type, *digest, *last, *query;
	char *url, *expected;
	uint64_t count, size, offset, stream;
	struct buffer body;		/* to or from the worker */
	size_t sent;			/* of body, to the worker */
	uint64_t credit_in;		/* to send with */
	uint64_t credit_out;		/* the worker may send */
	size_t buffered;		/* its part of session->buffered */
	bool collecting;		/* counts in session->collecting */
	struct stream_end *end;		/* of a stream, or NULL */
	unsigned flags;			/* further ones of META */
	void *work;			/* the backend's, see work_size */
};

struct request *request_create(struct session *s,
    const struct dispatch_row *row, uint32_t id);
/* Hands it to the backend. */
void request_run(struct request *r);
/* Asks the worker for the body that it announced. */
void request_receive(struct request *r);
/* A part of that body; with the last one the request runs. */
void request_received(struct request *r, const void *p, size_t n);

/* META. What does not fit a message (a strange media type) is left out, but a
 * next that does not fit is an error (-1). size -1: unknown. */
int request_meta(struct request *r, const char *media_type,
    const char *digest, int64_t size, const char *next, struct error *err);
/* RATE: what the registry said of its rate limit. */
void request_rate(struct request *r, int64_t limit, int64_t remain,
    int64_t reset, const char *policies);
/* SUBJECT: what the registry says that a manifest refers to. */
void request_subject(struct request *r, const char *digest);
/* A message without fields. */
void request_signal(struct request *r, enum message_type type);

/* Steals body and sends it as credit comes; END follows it. */
void request_send_body(struct request *r, struct buffer *body);
void request_pump(struct request *r);	/* credit came */

/* END and free. Nothing may touch the request afterwards. */
void request_end(struct request *r, const struct error *err, uint64_t number);
void request_done(struct request *r);	/* END with success */
/* The sentence begins with "request failed: ". */
void request_fail(struct request *r, enum error_kind kind, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* No END: its worker is gone. Frees it, or detaches what is committed. */
void request_drop(struct request *r);

#endif
