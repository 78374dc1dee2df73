/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream_end.h - what BLOB_READ, URL_READ and BLOB_WRITE share: our end of the
 * stream pair, the slot among the requests that run at a time, the steps up to
 * GO (PROTOCOL.md). The backend moves bytes in and out of it.
 */
#ifndef REGBOT_STREAM_END_H
#define REGBOT_STREAM_END_H

#include "common/wire/message.h"
#include "supervisor/serve/request.h"

struct stream_slot;

struct stream_end {
	struct request *r;
	int fd;			/* -1 before it came */
	struct watch *watch;	/* of fd, NULL as long as it is -1 */
	struct timer *late;	/* HELD, and no GO comes; or GO came and the
				 * end does not */
	struct stream_slot *slot;	/* NULL before RESERVE */
	uint64_t moved;		/* bytes taken from or given to the peer */
	struct error fault;	/* what we found wrong; stops the transfer */
};

/* For a backend. The slot that slot_new gave for this stream; both ends have
 * the same one where both are ours. */
void *stream_end_slot(const struct stream_end *e);

/* For dispatch.c: the request makes its end and runs; RESERVE; GO; the request
 * is over. */
void stream_end_run(struct request *r);
int stream_end_reserve(struct request *r, const struct message *m,
    struct error *err);
int stream_end_go(struct request *r, const struct message *m,
    struct error *err);
void stream_end_finish(struct request *r);

/* For server.c. The request with that role that a job has for a stream, but
 * not skip; or NULL. */
struct request *stream_end_find(struct server *sv, uint64_t job,
    uint64_t stream, enum stream_role role, const struct request *skip);
/* The other process's end is there: fd, which is taken over. */
void stream_end_attach(struct request *r, int fd);

#endif
