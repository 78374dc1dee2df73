/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims.h - who needs a broker: jobs that wait for a channel to it and jobs
 * that have one.
 */
#ifndef REGBOT_CLAIMS_H
#define REGBOT_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

struct job;

struct claim {			/* an OPEN that is not answered yet */
	struct claim *next;
	struct job *job;
	uint32_t id;
	/* The broker was sent its end as CHANNEL number, and this is the
	 * worker's; -1 before. It is passed on once the broker says that it
	 * serves it: one that is dying would look alive until it is reaped. */
	int fd;
	uint32_t number;
};

struct claims {			/* zeroed: none */
	struct claim *waiting;	/* in order of arrival */
	struct use *uses;
};

struct claim *claims_wait(struct claims *c, struct job *j, uint32_t id);
/* The waiting one that was sent as CHANNEL number, or NULL. */
struct claim *claims_find(const struct claims *c, uint32_t number);
/* Answered or refused: frees it, closes what it still holds. */
void claims_end(struct claims *c, struct claim *one);
/* The broker is gone: those that were sent wait anew. */
void claims_reset(struct claims *c);

void claims_use(struct claims *c, const struct job *j);
bool claims_uses(const struct claims *c, const struct job *j);
bool claims_waits(const struct claims *c, const struct job *j);
bool claims_has(const struct claims *c, const struct job *j); /* either */
bool claims_none(const struct claims *c);

/* Ends all that a job has; NULL: what everybody has. */
void claims_forget(struct claims *c, const struct job *j);

#endif
