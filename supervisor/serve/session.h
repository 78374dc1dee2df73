/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - one channel from a worker: its grants, its requests, and the
 * accounts of credit and memory. Whatever breaks the protocol ends this
 * session only.
 */
#ifndef REGBOT_SESSION_H
#define REGBOT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bounds.h"
#include "supervisor/broker/broker.h"
#include "common/channel.h"
#include "policy/grants.h"

struct session {
	struct session *next;
	struct broker *broker;
	struct channel *channel;
	uint64_t job;
	struct grants grants;
	struct request *requests;	/* in the order they came */
	unsigned nrequests;
	/* Ids that ended lately: what the worker sent before it saw the END
	 * may still come. While one such message travels at most this many
	 * requests can end. */
	uint32_t ended[CHANNEL_REQUESTS];
	unsigned nended;
	uint64_t credit_in;	/* unspent, that the worker gave us */
	uint64_t credit_out;	/* unspent, that we gave the worker */
	size_t buffered;	/* bytes of bodies held for this channel, see
				 * session_hold() */
	unsigned collecting;	/* bodies under way from the registry */
	struct timer *admit;	/* starts what waited for memory */
	uint64_t progress;	/* uploaded, not told yet */
	int64_t progress_at;	/* when it was told last */
	struct timer *tell;
};

/* Takes fd over and joins the broker's list. */
struct session *session_new(struct broker *b, int fd, uint64_t job,
    const struct grants *g);
/* Cancels its requests (those that cannot be go on without it) and leaves
 * the list. */
void session_free(struct session *s);

/* Every request ends with why, except those that cannot be cancelled. */
void session_cancel_all(struct session *s, const struct error *why);

struct request *session_find(struct session *s, uint32_t id);
/* Gives credit to the requests that collect a body from the worker. */
void session_give_credit(struct session *s);
/* So many bytes more are held, or with n < 0 less. */
void session_hold(struct session *s, int64_t n);
/* Starts what waits for memory, from the loop. */
void session_wake(struct session *s);
/* n more bytes were uploaded. */
void session_progress(struct session *s, size_t n);

#endif
