/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatch.h - the one table of what a worker can ask of a broker.
 */
#ifndef REGBOT_DISPATCH_H
#define REGBOT_DISPATCH_H

#include <stdbool.h>

#include "common/error.h"
#include "policy/grants.h"
#include "common/message.h"

struct request;
struct session;

struct dispatch_row {
	enum message_type type;
	/* In which states of the request with its id it may come
	 * (enum request_state); REQUEST_FREE: it starts a request. */
	unsigned states;
	enum grant_verb verb;	/* what it needs, on repository and name */
	bool writes;		/* never in a dry run */
	const char *fields;	/* a letter each, see dispatch.c */
	/* Its body is held in memory: from the registry, or (of the size
	 * that it says) from the worker. */
	enum { BODY_NONE, BODY_REPLY, BODY_WORKER } body;
	void (*run)(struct request *r);
	/* Lets go of what run took, but for r->http; NULL: nothing. */
	void (*stop)(struct request *r);
	/* For messages within a request. -1: a violation. */
	int (*more)(struct request *r, const struct message *m,
	    struct error *err);
};

/* NULL: a worker may not send such a message. */
const struct dispatch_row *dispatch_row(enum message_type type);

/* A message of a session: 0, or -1 and ERROR_PROTOCOL. */
int dispatch_message(struct session *s, const struct message *m,
    struct error *err);

#endif
