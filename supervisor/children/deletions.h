/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deletions.h - the tag deletions at one registry that have begun to write.
 * Each may leave an empty image under its tag if its broker dies, so they
 * outlive the broker: the next one finishes them.
 */
#ifndef REGBOT_DELETIONS_H
#define REGBOT_DELETIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/wire/message.h"
#include "supervisor/log/log.h"

struct tag_deletion;

struct deletions {
	TAILQ_HEAD(, tag_deletion) list;
	unsigned count;
	struct log *log;
	const char *registry;
	bool left;		/* an empty image may be left for good */
};

/* registry, its key, must outlive it. */
void deletions_init(struct deletions *d, struct log *log,
    const char *registry);
void deletions_free(struct deletions *d);	/* all, not d itself */

bool deletions_pending(const struct deletions *d);

/* A broker's DELETING. -1: it breaks the protocol. */
int deletions_begun(struct deletions *d, const struct message *m,
    struct error *err);
/* A broker's DELETED: logs how the deletion ended where no worker is told.
 * -1: it breaks the protocol. */
int deletions_ended(struct deletions *d, const struct message *m,
    struct error *err);

/* Makes a FINISH for each, the oldest first; send frees it. */
void deletions_finish(const struct deletions *d,
    void (*send)(void *arg, struct message_out *o), void *arg);
/* Logs for each that the end waits for it. */
void deletions_awaited(const struct deletions *d);
/* Nobody will finish them: logs what is left, and forgets them. */
void deletions_give_up(struct deletions *d, const char *why);

#endif
