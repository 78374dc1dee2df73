/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel.h - one end of a SOCK_SEQPACKET socketpair on a loop. Sending never
 * blocks: what the kernel does not take is queued, up to CHANNEL_QUEUE bytes
 * and CHANNEL_FDS descriptors; reading never stops. A frame that does not
 * decode ends the channel.
 */
#ifndef REGBOT_CHANNEL_H
#define REGBOT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/wire/loop.h"
#include "common/wire/message.h"

struct channel;

struct channel_ops {
	/* A message. fd is a descriptor that came with it, or -1; whoever
	 * gets it owns it. Returning -1 (with *err filled) says that the
	 * peer broke the protocol: the channel closes. m is borrowed. The
	 * callback may free the channel. */
	int (*message)(void *arg, const struct message *m, int fd,
	    struct error *err);
	/* The channel is over: *why has kind ERROR_NONE when the peer closed
	 * it, ERROR_PROTOCOL when it broke the rules, ERROR_SYSTEM or
	 * ERROR_LIMIT otherwise. Called once; the callback frees the channel
	 * when it likes. No other callback comes after it. */
	void (*closed)(void *arg, const struct error *why);
};

/* Takes fd over (made non-blocking). paths is what may be received. Only a
 * channel with may_pass accepts descriptors; elsewhere they end it. */
struct channel *channel_new(struct loop *l, int fd, unsigned paths,
    bool may_pass, const struct channel_ops *ops, void *arg);
void channel_free(struct channel *c);	/* closes; NULL is fine */

/* Finishes the message, queues it and frees it, whatever happens. fd (or -1)
 * is passed along and closed here in every case. -1 when the message could
 * not be encoded. A channel that is over swallows messages and returns 0. */
int channel_send(struct channel *c, struct message_out *o, int fd,
    struct error *err);

size_t channel_queued(const struct channel *c);	/* bytes not sent yet */
/* So many descriptors are unsent that two more would end the channel. */
bool channel_is_full(const struct channel *c);
bool channel_is_open(const struct channel *c);
/* The peer closed its end, whether or not that was read yet. */
bool channel_hung_up(const struct channel *c);

/* Waits, on this descriptor alone and without running any callback, until no
 * more than max bytes are queued or the channel is over. For a process that
 * must not get too far ahead of a peer which never stops reading. */
void channel_drain(struct channel *c, size_t max);

/* A pair of close-on-exec descriptors for channel_new. */
int channel_pair(int fds[2], struct error *err);

#endif
