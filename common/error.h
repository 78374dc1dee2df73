/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - the one way for a function to say what went wrong.
 *
 * A function that can fail returns 0 or -1 (or NULL) and fills the struct
 * error that its caller passes. The text is one sentence for a person: what
 * was attempted, on what, why it failed, what to do; lower case, no full stop.
 * Lower layers never print: whoever holds the struct error decides.
 */
#ifndef REGBOT_ERROR_H
#define REGBOT_ERROR_H

#include "common/bounds.h"

enum error_kind {
	ERROR_NONE = 0,
	ERROR_INPUT,		/* what we were given is malformed */
	ERROR_SYSTEM,		/* the kernel or a library refused */
	ERROR_NOT_FOUND,	/* HTTP 404 and the like */
	ERROR_UNAUTHORIZED,	/* HTTP 401, 403, no usable credentials */
	ERROR_RATE_LIMIT,	/* HTTP 429 */
	ERROR_HTTP,		/* any other HTTP status */
	ERROR_NETWORK,		/* no connection, or one that was cut */
	ERROR_DENIED,		/* a grant or the dry run forbids it */
	ERROR_CANCELED,		/* the job was stopped */
	ERROR_DEADLINE,		/* the job's timeout has passed */
	ERROR_DIGEST,		/* content does not match its digest or size */
	ERROR_LIMIT,		/* a bound in bounds.h was exceeded */
	ERROR_ABORTED,		/* the other end of a stream gave up first */
	ERROR_RESTART,		/* an upload may be restarted from an offset */
	ERROR_PEER,		/* the process on the other end died */
	ERROR_PROTOCOL,		/* a message broke the protocol */
	ERROR_KINDS
};

struct error {
	enum error_kind kind;
	int http;		/* HTTP status, 0 where there is none */
	char text[ERROR_TEXT_MAX + 1];
};

/* Fills *e (which may be NULL) and returns -1, so that callers can write
 * "return error_set(...)". A text that is too long is cut, never an error. */
int error_set(struct error *e, enum error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As error_set, and adds ": " and the text of the errno value errnum. */
int error_sys(struct error *e, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the text. Returns -1. */
int error_prefix(struct error *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void error_clear(struct error *e);

#endif
