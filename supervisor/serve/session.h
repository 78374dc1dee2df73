/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - one channel from a worker: its grants, its requests, and the
 * accounts of credit and memory. Breaking the protocol ends this session
 * only. server.c opens and closes sessions.
 */
#ifndef REGBOT_SESSION_H
#define REGBOT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/bounds.h"
#include "common/wire/channel.h"
#include "policy/grants.h"
#include "supervisor/serve/server.h"

struct session {
	TAILQ_ENTRY(session) entry;
	struct server *server;
	struct channel *channel;
	uint64_t job;
	struct grants grants;
	TAILQ_HEAD(, request) requests;	/* in the order they came */
	unsigned nrequests;
	/* Ids that ended recently: messages that the worker sent before it saw
	 * the END may still arrive. While one of them travels, at most this
	 * many requests can end. */
	uint32_t ended[CHANNEL_REQUESTS];
	unsigned nended;
	uint64_t credit_in;	/* unspent, that the worker gave us */
	uint64_t credit_out;	/* unspent, that we gave the worker */
	size_t buffered;	/* bytes of bodies held for this channel, see
				 * session_hold() */
	unsigned collecting;	/* bodies that the backend is fetching */
	struct timer *admit;	/* starts what waited for memory */
	uint64_t progress;	/* bytes uploaded and not reported yet */
	int64_t progress_at;	/* when some were reported last */
	struct timer *report;
	unsigned width;		/* requests at a time that the worker wants */
};

/* Joins the server's list. The caller sets channel and admit. */
struct session *session_new(struct server *sv, uint64_t job,
    const struct grants *g);
/* Without its requests, which must be gone, and with its channel. */
void session_free(struct session *s);

/* WIDTH: for as long as the session lives. */
int session_widen(struct session *s, const struct message *m,
    struct error *err);

struct request *session_find(const struct session *s, uint32_t id);
/* Whether a request with that id ended recently. */
bool session_ended(const struct session *s, uint32_t id);
/* Gives credit to the requests that collect a body from the worker. */
void session_give_credit(struct session *s);
/* n more bytes of bodies are held, or with n < 0 less. */
void session_hold(struct session *s, int64_t n);
/* Does this request's body fit in what the channel may hold? */
bool session_has_room(const struct session *s, const struct request *r);
/* Starts what waits for memory, from the loop. */
void session_wake(struct session *s);
/* n more bytes were uploaded; told to the owner at most once a second. */
void session_progress(struct session *s, size_t n);

#endif
