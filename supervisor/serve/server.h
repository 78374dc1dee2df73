/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - serves workers: the channels from them (session.h) and what
 * outlives a channel. It knows its backend only through a table (backend.h);
 * its owner learns of events through struct server_ops.
 */
#ifndef REGBOT_SERVER_H
#define REGBOT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/error.h"
#include "common/wire/loop.h"
#include "common/wire/message.h"
#include "policy/grants.h"
#include "supervisor/serve/backend.h"

struct request;
struct session;
struct stream_wait;

struct server_ops {
	/* A line for the log, about the channel of a job. */
	void (*log)(void *arg, int level, uint64_t job, const char *message,
	    const struct error *why);
	/* A job uploaded bytes since the last such call. */
	void (*progress)(void *arg, uint64_t job, uint64_t bytes);
	/* A request or a session is gone: server_committed() may have
	 * changed. Must not free the server. */
	void (*settled)(void *arg);
};

struct server {
	struct loop *loop;
	const struct server_ops *ops;
	void *arg;			/* of ops */
	const struct backend *backend;
	void *store;			/* the backend's */
	const char *name;		/* the registry's, for errors */
	unsigned concurrent;	/* replies that can arrive at once, >= 1 */
	/* Every request ends with it, unless it is ERROR_NONE. */
	struct error failed;
	bool over;			/* nothing is finished any more */
	size_t buffered;		/* bytes of bodies, of all sessions */
	TAILQ_HEAD(, session) sessions;
	TAILQ_HEAD(, request) detached;	/* go on without their worker */
	TAILQ_HEAD(, stream_wait) waits;	/* stream ends, see there */
};

/* name, store and ops must outlive it. */
struct server *server_new(struct loop *l, const struct backend *backend,
    void *store, const char *name, unsigned concurrent,
    const struct server_ops *ops, void *arg);
/* At once, nothing is cleaned up. NULL is fine. */
void server_free(struct server *sv);

/* A channel from the worker of a job; fd is taken over. */
void server_channel(struct server *sv, int fd, uint64_t job,
    const struct grants *g);
/* One end of a stream pair of a job; fd is taken over. It waits
 * STREAM_WAIT_MS for its request. */
void server_stream_end(struct server *sv, int fd, uint64_t job,
    uint64_t stream, enum stream_role role);

/* From here on every request ends with why, those under way too, except what
 * cannot be cancelled. */
void server_refuse(struct server *sv, const struct error *why);
/* Is there a request that cannot be cancelled? */
bool server_committed(const struct server *sv);

#endif
