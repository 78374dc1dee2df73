/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies that are collected: most are small, and a registry that answers many
 * requests with the largest that is allowed must not make the broker large.
 * Only one large body grows at a time, the others are paused meanwhile.
 */
#include "supervisor/broker/transfer/transfer_private.h"

#define LARGE_BODY (1 * MIB)	/* only one collected body at a time grows
				 * beyond this */
#define HELD_BODIES (4 * MIB)	/* and none while this much is not taken, but
				 * one on each check for stalled transfers */

void
transfer_pool_grow(struct transfer_pool *ts)
{
	struct transfer *t, *next = NULL;

	LIST_FOREACH(t, &ts->all, link)
		if (t->waits && !t->dead)
			next = t;	/* new ones are put in front */
	if (next == NULL || ts->large != NULL)
		return;
	next->waits = false;
	ts->large = next;
	transfer_resume(next);
}

bool
transfer_may_grow(struct transfer *t, size_t n)
{
	struct transfer_pool *ts = t->owner;

	if (n <= LARGE_BODY || ts->large == t)
		return true;
	if (ts->large == NULL && ts->held < HELD_BODIES) {
		ts->large = t;
		return true;
	}
	t->waits = t->write_paused = true;
	return false;
}

void
transfer_give_way(struct transfer *t)
{
	struct transfer_pool *ts = t->owner;

	if (ts->large != t)
		return;
	ts->large = NULL;
	if (ts->held < HELD_BODIES)
		transfer_pool_grow(ts);
}

void
transfer_pool_hold(struct transfer_pool *ts, size_t n)
{
	ts->held = n;
	if (n < HELD_BODIES)
		transfer_pool_grow(ts);
}
