/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch.h - the one table of what a worker may send to a server.
 */
#ifndef REGBOT_DISPATCH_H
#define REGBOT_DISPATCH_H

#include <stdbool.h>

#include "common/error.h"
#include "common/wire/message.h"
#include "policy/grants.h"
#include "supervisor/serve/backend.h"

struct request;
struct session;

struct dispatch_row {
	enum message_type type;
	/* In which states of the request with its id it may come
	 * (enum request_state); REQUEST_FREE: it starts a request. */
	unsigned states;
	/* Of a message that starts a request. */
	enum grant_verb verb;	/* what it needs, on repository and name */
	bool writes;		/* never in a dry run */
	enum backend_op_number op;
	const char *fields;	/* a letter each, see fields.h */
	/* Its body is held in memory: from the backend, or (of the size
	 * that it says) from the worker. */
	enum { BODY_NONE, BODY_REPLY, BODY_WORKER } body;
	void (*run)(struct request *r);
	void (*finish)(struct request *r);	/* undoes run, or NULL */
	/* Of a message within a request. -1: a violation. */
	int (*more)(struct request *r, const struct message *m,
	    struct error *err);
};

/* NULL: a worker may not send such a message. */
const struct dispatch_row *dispatch_row(enum message_type type);

/* A message of a session: 0, or -1 and ERROR_PROTOCOL. */
int dispatch_message(struct session *s, const struct message *m,
    struct error *err);
/* The timer session.admit: starts the request that has waited longest for
 * memory, if there is enough now. */
void dispatch_admit(void *session);

#endif
