/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_private.h - what the client's files share: the client, a call (one
 * operation as its caller sees it), a request (one exchange with a broker),
 * a broker (the registry's channel). A call's done function is always called
 * from the delivery timer, never from inside the function that caused it, so
 * that it may run the loop, start and cancel whatever it likes.
 */
#ifndef REGBOT_CLIENT_PRIVATE_H
#define REGBOT_CLIENT_PRIVATE_H

#include <sys/queue.h>

#include "common/channel.h"
#include "worker/client/client.h"
#include "common/message.h"

/* Credit that a request for a body starts with, and what it may grow to while
 * its body flows. The first is kept for every request that a channel can
 * have, the second comes out of the other half of the window. */
#define CREDIT_FIRST (CHANNEL_WINDOW / 2 / CHANNEL_REQUESTS)
#define CREDIT_GROWN CHUNK_MAX
#define REQUEST_FIELDS 5

enum request_state {
	REQUEST_NEW,		/* not started */
	REQUEST_WAITING,	/* for a channel or for a place on it */
	REQUEST_SENT
};

enum request_event {
	REQUEST_IS_SENT,
	REQUEST_UPLOAD,		/* BLOB_WRITE opened an upload */
	REQUEST_HELD,
	REQUEST_END		/* answer, number; the request is freed after */
};

struct client_broker;
struct client_request;
typedef void request_fn(void *arg, struct client_request *r, enum request_event e);

struct request_field {
	char *text;		/* owned; NULL: a number */
	uint64_t number;
};

struct client_request {
	TAILQ_ENTRY(client_request) entry;	/* of the broker's list */
	struct client_broker *broker;
	enum request_state state;
	enum message_type type;
	struct request_field fields[REQUEST_FIELDS];
	int nfields;
	uint32_t id;
	request_fn *event;	/* NULL: nobody wants the answer any more */
	void *arg;

	size_t body_max;	/* 0: no body is expected */
	uint64_t credit, target;	/* what the broker may send; its aim */
	char *upload;		/* body to send, owned; NULL: none */
	size_t upload_len, uploaded;
	uint64_t upload_credit;

	bool repeated, canceled, reserved;
	bool got_meta, got_rate, got_upload, got_held, went;
	struct answer answer;
	uint64_t number;	/* END's */
};
TAILQ_HEAD(requests, client_request);

enum broker_state { BROKER_CLOSED, BROKER_OPENING, BROKER_OPEN };

struct client_broker {			/* as a worker knows it: one per registry */
	TAILQ_ENTRY(client_broker) entry;
	struct client *client;
	char *registry;		/* the key */
	enum broker_state state;
	uint32_t open_id;
	struct channel *channel;
	uint32_t last_id;
	struct requests waiting, sent;
	unsigned nsent;
	uint64_t grown;		/* credit beyond CREDIT_FIRST, given out */
	uint64_t upload_credit;	/* given to us and not used */
};

enum call_kind { CALL_REQUEST, CALL_MODULE, CALL_SLOT, CALL_STREAM };

struct stream;			/* client_stream.c */

struct call {
	TAILQ_ENTRY(call) entry;	/* of client.calls */
	TAILQ_ENTRY(call) ready;	/* of client.ready */
	struct client *client;
	enum call_kind kind;
	answer_fn *done;
	void *arg;
	struct answer answer;
	bool finished;		/* its answer is complete */
	bool queued;		/* in client.ready */
	bool delivering;	/* done is running */
	bool released;		/* free it when done returns */
	uint32_t control_id;	/* MODULE, SLOT, STREAM; 0: none */
	struct client_request *request;
	struct stream *stream;
	bool module_info;
	uint64_t module_size;
};
TAILQ_HEAD(calls, call);

enum job_state { JOB_WANTED, JOB_LOADING, JOB_COMPLETE, JOB_TAKEN };

struct env {
	char *name, *value;
};

struct client {
	struct loop *loop;
	struct channel *control;
	struct timer *deliver;
	void (*stop)(void *arg, enum error_kind reason);
	void *arg;
	bool over;		/* DONE was sent: nothing is delivered */
	bool gone;		/* the supervisor is */
	enum error_kind stopped;
	enum job_state job_state;
	struct client_job job;
	size_t script_got;
	struct env *env;
	size_t nenv;
	uint32_t last_id;
	uint64_t last_stream;
	bool starting;		/* streams_next is at work */
	unsigned nstreams;	/* streams under way, <= CLIENT_STREAMS_MAX */
	uint64_t bodies;	/* bytes of bodies that arrived, undelivered */
	struct calls calls, ready;
	TAILQ_HEAD(, client_broker) brokers;
	TAILQ_HEAD(, stream) streams;
};

/* client_call.c */
void answer_init(struct answer *a);
void answer_clear(struct answer *a);
struct call *call_new(struct client *c, enum call_kind kind, answer_fn *done,
    void *arg);
void call_free(struct call *call);
/* Delivers call->answer soon; the request or stream is over. */
void call_finish(struct call *call);
/* A call that has failed already. */
struct call *call_failed(struct client *c, const struct error *err,
    answer_fn *done, void *arg);
/* What the supervisor answers to calls; unknown ids are calls that were
 * cancelled meanwhile. -1: it broke the protocol. */
int call_control(struct client *c, const struct message *m,
    struct error *err);
void call_supervisor_gone(struct client *c);
void call_deliver(void *client);	/* the timer's function */

/* client.c */
uint32_t client_next_id(struct client *c);
/* What a REFUSED says; -1: nonsense. */
int client_refusal(const struct message *m, struct error *why,
    struct error *err);
/* Sends on the control channel; -1: the message breaks a limit. */
int client_send(struct client *c, struct message_out *o, struct error *err);

/* client_channel.c */
struct client_broker *broker_find(struct client *c, const char *registry,
    struct error *err);
struct client_broker *broker_of_open(struct client *c, uint32_t id);
void broker_opened(struct client_broker *b, int fd);	/* takes fd over */
void broker_refused(struct client_broker *b, const struct error *err);
void client_broker_free(struct client_broker *b);	/* its requests too, silently */
struct client_request *request_new(struct client_broker *b, enum message_type type,
    request_fn *event, void *arg);
void request_put_str(struct client_request *r, const char *s);
void request_put_u64(struct client_request *r, uint64_t v);
/* From here on r ends with REQUEST_END, which may come at once. */
void request_start(struct client_request *r);
void request_reserve(struct client_request *r);
void request_go(struct client_request *r);
/* Not wanted any more; REQUEST_END still comes, at once when r waits. */
void request_cancel(struct client_request *r);
/* The same, and no event comes: r belongs to the broker now. */
void request_abandon(struct client_request *r);

/* client_answer.c: what comes from a broker. -1: it broke the protocol. */
int broker_message(void *broker, const struct message *m, int fd,
    struct error *err);
void client_request_end(struct client_request *r);	/* r is on no list any more */
void request_grant(struct client_request *r);	/* credit with a request */
void request_forget_credit(struct client_request *r);
void request_reset(struct client_request *r);	/* as if it was never sent */
void broker_pump(struct client_broker *b);	/* sends what there is a place for */

/* client_stream.c */
void stream_refused(struct call *call, const struct error *err);
void stream_abandon(struct stream *s);	/* the call is being freed */
void streams_supervisor_gone(struct client *c);
void streams_free(struct client *c);	/* silently */

/* client_ops.c: whether ref's repository can be asked, for this digest (NULL:
 * none). */
int client_check(const struct reference *ref, const char *digest,
    struct error *err);

#endif
