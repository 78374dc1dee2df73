/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims.h - who needs a broker. A claim is one job's hold on one broker: the
 * job waits for a channel to it, or has had one, or both. A broker without
 * claims may end.
 */
#ifndef REGBOT_CLAIMS_H
#define REGBOT_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct claim {
	TAILQ_ENTRY(claim) next;
	uint64_t job;		/* its id */
	char *script;		/* its script's name */
	bool opened;		/* it has had a channel */
	bool waiting;		/* its OPEN is not answered yet: */
	uint32_t id;		/* of the OPEN */
	/* The broker was sent its end as CHANNEL number, and this is the
	 * worker's; -1 before. It is passed on once the broker says that it
	 * serves it: a dying one would look alive until it is reaped. */
	int fd;
	uint32_t number;
};

/* In the order in which the waiting ones began to wait. */
TAILQ_HEAD(claims, claim);

void claims_init(struct claims *c);
void claims_free(struct claims *c);	/* frees all claims, not c itself */

/* The job starts to wait for a channel: returns its claim, the last in the
 * list. It must not be waiting already. */
struct claim *claims_wait(struct claims *c, uint64_t job, const char *script,
    uint32_t id);

struct claim *claims_of(const struct claims *c, uint64_t job); /* or NULL */
/* The waiting one that was sent as CHANNEL number, or NULL. */
struct claim *claims_sent(const struct claims *c, uint32_t number);
/* The one that has waited longest, or NULL. */
struct claim *claims_waiting(const struct claims *c);

/* The OPEN is answered: one->fd was passed on. */
void claims_opened(struct claim *one);
/* The OPEN is answered: there is no channel. Closes what it holds, and frees
 * one if it never had a channel. */
void claims_refused(struct claims *c, struct claim *one);

/* The broker is gone: those that were sent wait again. */
void claims_reset(struct claims *c);

/* The job is over. */
void claims_forget(struct claims *c, uint64_t job);

#endif
