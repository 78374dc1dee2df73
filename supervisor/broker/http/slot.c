/* SPDX-License-Identifier: Apache-2.0 */
/* Slots that outlive one request. */
#include <stdlib.h>

#include "common/mem.h"
#include "supervisor/broker/http/http_private.h"

struct http_slot {
	struct throttle_turn *turn;
	unsigned refs;		/* its owner, and requests that use it */
};

struct http_slot *
http_slot_new(struct http *h, void (*granted)(void *arg), void *arg)
{
	struct http_slot *s = mem_alloc(sizeof(*s));

	s->turn = throttle_turn_new(h->throttle, THROTTLE_SLOT, granted, arg);
	s->refs = 1;
	return s;
}

void
http_slot_use(struct http_slot *s)
{
	s->refs++;
}

void
http_slot_free(struct http_slot *s)
{
	if (s == NULL || --s->refs != 0)
		return;
	throttle_turn_free(s->turn);
	free(s);
}
