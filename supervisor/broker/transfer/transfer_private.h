/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer_private.h - between transfer.c, which has libcurl's callbacks for
 * one transfer, transfer_multi.c, which drives all of them,
 * transfer_socket.c, which knows their sockets, and transfer_large.c, which
 * lets one large body grow at a time.
 */
#ifndef REGBOT_TRANSFER_PRIVATE_H
#define REGBOT_TRANSFER_PRIVATE_H

#include "supervisor/broker/transfer/transfer.h"

struct transfer_pool {
	struct loop *loop;
	CURLM *multi;
	struct timer *timer;	/* libcurl's */
	struct timer *later;	/* resumes, additions and removals */
	struct timer *check;	/* stalled transfers */
	LIST_HEAD(, transfer) all;	/* also those that wait to be freed */
	LIST_HEAD(, pool_socket) sockets;	/* open, also idle ones */
	struct transfer *large;	/* the one whose body may grow */
	size_t held;		/* see transfer_pool_hold() */
	int depth;		/* inside of libcurl */
};

/* A handle that is set up for *spec, or NULL. */
CURL *transfer_easy(struct transfer *t, const struct transfer_spec *spec);
/* Gives the sink what is held: true when nothing is left of it. */
bool transfer_drain(struct transfer *t);
void transfer_free(struct transfer *t);

/* libcurl's options that have to do with sockets. */
void transfer_socket_options(struct transfer *t, CURL *e);
/* Once libcurl is done with the pool. Closes nothing. */
void transfer_socket_forget_all(struct transfer_pool *ts);

/* May the body grow to n bytes now? If not it will be resumed. */
bool transfer_may_grow(struct transfer *t, size_t n);
/* Lets the large body grow that has waited longest, if none does. */
void transfer_pool_grow(struct transfer_pool *ts);
/* The body of t grows no more. */
void transfer_give_way(struct transfer *t);

#endif
