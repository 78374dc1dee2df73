/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker.h - the broker of one registry as an object on a loop: what the
 * supervisor tells it over the control channel, the channels of workers
 * (session.h), and what outlives a channel, such as an upload that must still
 * be deleted (upload.h). PROTOCOL.md defines the messages.
 */
#ifndef REGBOT_BROKER_H
#define REGBOT_BROKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "supervisor/broker/http/http.h"
#include "common/loop.h"
#include "supervisor/broker/setup.h"

struct request;
struct session;
struct stream_end;
struct upload;

enum broker_state {
	BROKER_NEW,		/* waits for REGISTRY */
	BROKER_CONFIGURED,	/* takes secrets, waits for START */
	BROKER_SERVING,
	BROKER_QUITTING,	/* cleans up, takes nothing new */
	BROKER_OVER
};

struct broker {
	struct loop *loop;
	struct channel *control;
	enum broker_state state;
	struct setup setup;
	struct http *http;	/* NULL before START and when it failed */
	/* A failure of the broker itself, or that it quits: every request
	 * ends with it. */
	struct error failed;
	struct session *sessions;
	struct stream_end *ends;	/* no request wanted them yet */
	size_t buffered;		/* of all sessions */
	struct upload *uploads;		/* all of them, see upload.c */
	struct request *detached;	/* go on without their worker */
	struct timer *quit;
	void (*over)(void *arg, int status);
	void *arg;
};

/* Takes control_fd over and says READY with build. over is called once, with
 * the exit status: 0 after QUIT or when the supervisor is gone, 1 when the
 * supervisor broke the protocol (a line was written to stderr). */
struct broker *broker_new(struct loop *l, int control_fd, const char *build,
    void (*over)(void *arg, int status), void *arg);
void broker_free(struct broker *b);	/* at once, nothing is cleaned up */

/* The registry's name, for errors. */
const char *broker_name(const struct broker *b);

/* The waiting stream end of (job, stream, role), or -1. The caller owns it. */
int broker_take_end(struct broker *b, uint64_t job, uint64_t stream,
    unsigned role);
/* The request of type (MSG_BLOB_READ or MSG_BLOB_WRITE) that a job has for a
 * stream, but not skip; or NULL. */
struct request *broker_find_stream(struct broker *b, uint64_t job,
    uint64_t stream, unsigned type, const struct request *skip);

/* A line for the supervisor's log, with the number of a job. */
void broker_log(struct broker *b, int level, uint64_t job,
    const char *message, const struct error *why);
void broker_progress(struct broker *b, uint64_t job, uint64_t bytes);

/* To be called when something that QUIT waits for is done. */
void broker_settled(struct broker *b);

#endif
