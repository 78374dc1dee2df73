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

#include "common/wire/channel.h"
#include "common/wire/message.h"
#include "worker/client/client.h"

/* Credit that a request for a body starts with, and what it may grow to while
 * its body arrives. Half of the window covers the first for every request that
 * a channel can have; the growth comes out of the other half. */
#define CREDIT_FIRST (CHANNEL_WINDOW / 2 / CHANNEL_REQUESTS)
#define CREDIT_GROWN CHUNK_MAX
#define REQUEST_FIELDS 6

enum client_request_state {
	REQUEST_NEW,		/* not started */
	REQUEST_WAITING,	/* for a channel or a free place on it */
	REQUEST_SENT
};

enum client_request_event {
	REQUEST_IS_SENT,
	REQUEST_UPLOAD,		/* BLOB_WRITE opened an upload */
	REQUEST_HELD,
	REQUEST_END		/* sets answer, number; r is freed next */
};

struct client_broker;
struct client_request;
typedef void client_request_fn(void *arg, struct client_request *r,
    enum client_request_event e);

struct client_field {
	char *text;		/* owned; NULL: a number */
	uint64_t number;
};

struct client_request {
	TAILQ_ENTRY(client_request) entry;	/* of the broker's list */
	struct client_broker *broker;
	enum client_request_state state;
	enum message_type type;
	struct client_field fields[REQUEST_FIELDS];
	int nfields;
	uint32_t id;
	client_request_fn *event;	/* NULL: the answer is unwanted */
	void *arg;

	size_t body_max;	/* 0: no body is expected */
	uint64_t credit, target;	/* may still be sent; when full */
	char *upload;		/* body to send, owned; NULL: none */
	size_t upload_len, uploaded;
	uint64_t upload_credit;

	bool repeated, canceled, reserved;
	bool got_meta, got_rate, got_upload, got_held, went;
	struct answer answer;
	uint64_t number;	/* END's */
};
TAILQ_HEAD(client_requests, client_request);

enum client_broker_state { BROKER_CLOSED, BROKER_OPENING, BROKER_OPEN };

struct client_broker {		/* one per registry */
	TAILQ_ENTRY(client_broker) entry;
	struct client *client;
	char *registry;		/* the key */
	enum client_broker_state state;
	uint32_t open_id;
	struct channel *channel;
	uint32_t last_id;
	struct client_requests waiting, sent;
	unsigned nsent;
	uint64_t grown;		/* credit beyond CREDIT_FIRST, given out */
	uint64_t upload_credit;	/* given to us and not used */
};

struct client_call;
/* What a call knows about whatever works for it. */
struct client_call_ops {
	/* work is no longer wanted; it must not touch its call again. */
	void (*abandon)(void *work);
	/* The supervisor's answer to control_id; -1: it broke the protocol.
	 * NULL: only a refusal is expected. */
	int (*message)(struct client_call *call, const struct message *m,
	    struct error *err);
	/* It refused, or it is gone. */
	void (*refused)(struct client_call *call, const struct error *why);
	/* If not NULL, the call outlives done, even when it was refused,
	 * until this function releases it. */
	void (*release)(struct client_call *call);
};

struct client_call {
	TAILQ_ENTRY(client_call) entry;	/* of client.calls */
	TAILQ_ENTRY(client_call) ready;	/* of client.ready */
	struct client *client;
	const struct client_call_ops *ops;
	void *work;		/* its request or stream; NULL: none, or over */
	answer_fn *done;
	void *arg;
	struct answer answer;
	bool finished;		/* its answer is complete */
	bool queued;		/* in client.ready */
	bool delivering;	/* done is running */
	bool released;		/* free it when done returns */
	uint32_t control_id;	/* of a module, slot, stream; 0: none */
	bool module_info;
	uint64_t module_size;
};
TAILQ_HEAD(client_calls, client_call);

enum client_job_state { JOB_WANTED, JOB_LOADING, JOB_COMPLETE, JOB_TAKEN };

struct client_env {
	char *name, *value;
};

struct client {
	struct loop *loop;
	struct channel *control;
	struct timer *deliver;
	void (*stop)(void *arg, enum stop_reason why);
	void *arg;
	bool over;		/* DONE was sent: nothing is delivered */
	bool gone;		/* the supervisor is gone */
	enum stop_reason stopped;
	enum client_job_state job_state;
	struct client_job job;
	size_t script_got;
	size_t input_bytes;	/* of all inputs so far */
	int64_t expected;	/* bytes, of client_expect; never negative */
	struct client_env *env;
	size_t nenv;
	struct client_copy copy;
	unsigned width;		/* calls at a time; 0: 1 */
	unsigned told;		/* the largest, which brokers know */
	uint32_t last_id;
	uint64_t last_stream;
	bool starting;		/* stream_next is running */
	unsigned nstreams;	/* streams under way, <= CLIENT_STREAMS_MAX */
	uint64_t bodies;	/* bytes of bodies that arrived, undelivered */
	struct client_calls calls, ready;
	TAILQ_HEAD(, client_broker) brokers;
	TAILQ_HEAD(, client_stream) streams;
};

/* call.c */
void client_answer_init(struct answer *a);
void client_answer_clear(struct answer *a);
struct client_call *call_new(struct client *c,
    const struct client_call_ops *ops, answer_fn *done, void *arg);
void call_free(struct client_call *call);
/* Delivers call->answer soon; the request or stream is over. */
void call_finish(struct client_call *call);
/* A call that has failed already. */
struct client_call *call_failed(struct client *c, const struct error *err,
    answer_fn *done, void *arg);
void call_withdraw(struct client_call *call);	/* frees it at once */
void call_deliver(void *client);	/* the timer's function */

/* defaults.c: COPY and COPY_PLATFORM; -1: not now, or too many. */
int client_take_copy(struct client *c, const struct message *m,
    struct error *err);

/* control.c */
uint32_t client_next_id(struct client *c);
/* Sends on the control channel; -1: the message breaks a limit. */
int client_send(struct client *c, struct message_out *o, struct error *err);
/* Reads a REFUSED into *why; -1: it is invalid. */
int client_refusal(const struct message *m, struct error *why,
    struct error *err);
/* Takes the supervisor's answer to a call; unknown ids belong to calls that
 * have been cancelled. -1: it broke the protocol. */
int client_control(struct client *c, const struct message *m,
    struct error *err);
void client_control_gone(struct client *c);	/* the supervisor is gone */

/* exchange.c: INPUT and OUTPUTS; -1: the supervisor broke the protocol. */
int client_take_input(struct client *c, const struct message *m,
    struct error *err);
int client_take_argument(struct client *c, const struct message *m,
    struct error *err);
int client_take_output_name(struct client *c, const struct message *m,
    struct error *err);
void client_exchange_free(struct client_job *j);

/* broker.c */
struct client_broker *client_broker_find(struct client *c,
    const char *registry, struct error *err);
struct client_broker *client_broker_of_open(struct client *c, uint32_t id);
/* Takes ownership of fd. */
void client_broker_opened(struct client_broker *b, int fd);
void client_broker_refused(struct client_broker *b, const struct error *err);
/* Tells it client.told, if that is more than 1. */
void client_broker_width(struct client_broker *b);
/* Sends as many requests as the channel has places for. */
void client_broker_pump(struct client_broker *b);
/* Also frees its requests, without telling their callers. */
void client_broker_free(struct client_broker *b);

/* request.c: made by operations and streams */
struct client_request *client_request_new(struct client_broker *b,
    enum message_type type, client_request_fn *event, void *arg);
void client_request_put_str(struct client_request *r, const char *s);
void client_request_put_u64(struct client_request *r, uint64_t v);
/* From now on r ends with REQUEST_END, perhaps at once. */
void client_request_start(struct client_request *r);
void client_request_reserve(struct client_request *r);
void client_request_go(struct client_request *r);
/* REQUEST_END still comes: at once if r was not sent yet. */
void client_request_cancel(struct client_request *r);
/* The same without any event: r belongs to the broker now. */
void client_request_abandon(struct client_request *r);

/* request.c: called by its broker */
void client_request_send(struct client_request *r);
void client_request_end(struct client_request *r);	/* it is on no list */
/* Its broker is gone: true when the request should be repeated. */
bool client_request_orphaned(struct client_request *r,
    const struct error *why);
void client_request_reset(struct client_request *r);	/* as if not sent */
void client_request_free(struct client_request *r);

/* answer.c: takes a message from a broker (channel_ops). -1: it broke the
 * protocol. */
int client_answer_message(void *broker, const struct message *m, int fd,
    struct error *err);
void client_answer_grant(struct client_request *r);	/* gives it credit */
void client_answer_forget_credit(struct client_request *r);

/* stream.c */
void stream_free_all(struct client *c);	/* without telling callers */

/* ops.c: 0 when ref's repository, and digest unless NULL, are valid. */
int client_check(const struct reference *ref, const char *digest,
    struct error *err);

#endif
