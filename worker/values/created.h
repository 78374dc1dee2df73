/* SPDX-License-Identifier: Apache-2.0 */
/*
 * created.h - when the images of many tags were made, as their configurations
 * say: several requests at once, and what tags share is read once. An index
 * counts as its image for one platform.
 */
#ifndef REGBOT_CREATED_H
#define REGBOT_CREATED_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/reference.h"
#include "worker/job/worker.h"

struct created_tag {
	const char *tag;	/* the caller's */
	char *why;		/* why there is no time, or NULL; the caller
				 * frees it */
	int64_t seconds;	/* since 1970, if why is NULL */
	long nanoseconds;
};

struct created;

/* Fills in n tags of ref's repository, then calls done once, from the loop:
 * with an error if one could not be read for another reason than what it is.
 * platform is "" for this machine's. */
struct created *created_start(struct worker *w, const struct reference *ref,
    const char *platform, struct created_tag *tags, size_t n,
    void (*done)(void *arg, const struct error *err), void *arg);
/* Gives up what is under way; NULL is fine. */
void created_free(struct created *c);

#endif
