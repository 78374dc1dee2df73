/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - what BLOB_READ and BLOB_WRITE share: the end of the stream pair,
 * the place among the registry's requests, the steps up to GO (PROTOCOL.md).
 * Reading from the registry is in blob_read.c, uploading in blob_write.c.
 */
#ifndef REGBOT_STREAM_END_H
#define REGBOT_STREAM_END_H

#include "common/buffer.h"
#include "supervisor/serve/request.h"

struct digest;
struct lease;
struct upload;

struct stream {
	struct request *r;
	int fd;			/* our end, -1 before it came */
	struct watch *watch;	/* of fd, NULL as long as it is -1 */
	struct timer *late;	/* HELD, and no GO comes; or GO came and the
				 * end does not */
	struct lease *lease;	/* NULL before RESERVE */
	uint64_t moved;		/* bytes taken from or given to the peer */
	struct error fault;	/* what we found wrong; stops the transfer */
	/* BLOB_WRITE */
	struct upload *upload;
	struct digest *digest;
	bool verified;		/* size and digest are right */
	bool collects;		/* the whole of it into rest, then one PUT */
	struct buffer rest;	/* BLOB_READ: what the pair did not take yet */
	/* BLOB_READ */
	size_t rest_sent;	/* of rest */
	bool paused;		/* the reply waits for the pair */
	bool complete;		/* the reply is over, rest may be left */
};

/* The slot that requests of this stream use. */
struct http_slot *stream_slot(const struct stream *st);

void streamread_go(struct stream *st);
void streamread_ready(struct stream *st, short revents);

void streamwrite_open(struct stream *st);
void streamwrite_go(struct stream *st);
void streamwrite_ready(struct stream *st);

#endif
