/* SPDX-License-Identifier: Apache-2.0 */
/* transfer_internal.h - between transfer_multi.c, which drives transfers, and
 * transfer_large.c, which holds large bodies apart. */
#ifndef REGBOT_TRANSFER_PRIVATE_H
#define REGBOT_TRANSFER_PRIVATE_H

#include "supervisor/broker/transfer/transfer.h"

struct transfers {
	struct loop *loop;
	CURLM *multi;
	struct timer *timer;	/* libcurl's */
	struct timer *later;	/* resumes, additions and removals */
	struct timer *check;	/* stalled transfers */
	struct transfer *all;	/* also those that wait to be freed */
	struct transfer *large;	/* the one whose body may grow */
	size_t held;		/* see transfers_hold() */
	int depth;		/* inside of libcurl */
};

/* Lets the large body grow that has waited longest, if none does. */
void transfers_grow(struct transfers *ts);
/* The body of t grows no more. */
void transfer_give_way(struct transfer *t);

#endif
