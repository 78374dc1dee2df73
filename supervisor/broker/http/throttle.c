/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/broker/http/throttle.h"

#include <stdlib.h>

#include "common/bounds.h"
#include "common/clock.h"
#include "common/mem.h"

#define BACKOFF_FIRST_MS 100

struct ticket {
	struct throttle *owner;
	struct ticket *next, *prev;
	unsigned flags;
	bool granted;
	void (*fn)(void *arg);
	void *arg;
};

struct throttle {
	struct timer *timer;
	struct ticket *head, *tail;	/* those that wait, in order */
	unsigned max, used;
	int64_t spacing;	/* ns between starts */
	int64_t next_start;	/* no start before this, by the spacing */
	int64_t pause_until;	/* nor before this */
	int64_t failed_at;
	unsigned failures;	/* in a row */
};

static void
unlink_ticket(struct ticket *k)
{
	struct throttle *t = k->owner;

	if (k->next != NULL)
		k->next->prev = k->prev;
	else
		t->tail = k->prev;
	if (k->prev != NULL)
		k->prev->next = k->next;
	else
		t->head = k->next;
	k->next = k->prev = NULL;
}

static void
grant(struct ticket *k, int64_t now)
{
	struct throttle *t = k->owner;

	unlink_ticket(k);
	k->granted = true;
	if (k->flags & TICKET_SLOT)
		t->used++;
	if (k->flags & TICKET_START) {
		if (t->next_start < now)
			t->next_start = now;
		t->next_start += t->spacing;
	}
	k->fn(k->arg);
}

/* The first ticket that may go now, or NULL; *wait says whether one waits for
 * time only. One that wants a place never overtakes another such. */
static struct ticket *
pick(struct throttle *t, int64_t now, int64_t gate, bool *wait)
{
	struct ticket *k;
	bool blocked = false;

	for (k = t->head; k != NULL; k = k->next) {
		if ((k->flags & TICKET_SLOT) && (blocked || t->used >= t->max)) {
			blocked = true;
			continue;
		}
		if ((k->flags & TICKET_START) && now < gate) {
			*wait = true;
			blocked = blocked || (k->flags & TICKET_SLOT) != 0;
			continue;
		}
		return k;
	}
	return NULL;
}

static void
pump(void *arg)
{
	struct throttle *t = arg;
	struct ticket *k;
	int64_t now, gate;
	bool wait;

	for (;;) {
		now = clock_now();
		gate = t->next_start > t->pause_until ? t->next_start :
		    t->pause_until;
		wait = false;
		k = pick(t, now, gate, &wait);
		if (k == NULL)
			break;
		grant(k, now);
	}
	if (wait)
		timer_arm(t->timer, gate - now);
}

struct throttle *
throttle_new(struct loop *l, unsigned concurrent, unsigned milli)
{
	struct throttle *t = mem_alloc(sizeof(*t));

	t->max = concurrent != 0 ? concurrent : 1;
	t->spacing = milli != 0 ? 1000 * NS_PER_S / milli : 0;
	t->timer = loop_timer(l, pump, t);
	return t;
}

void
throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	timer_free(t->timer);
	free(t);
}

struct ticket *
ticket_new(struct throttle *t, unsigned flags, void (*granted)(void *arg),
    void *arg)
{
	struct ticket *k = mem_alloc(sizeof(*k));

	k->owner = t;
	k->flags = flags;
	k->fn = granted;
	k->arg = arg;
	if (flags & TICKET_FRONT) {
		k->next = t->head;
		if (t->head != NULL)
			t->head->prev = k;
		else
			t->tail = k;
		t->head = k;
	} else {
		k->prev = t->tail;
		if (t->tail != NULL)
			t->tail->next = k;
		else
			t->head = k;
		t->tail = k;
	}
	timer_arm(t->timer, 0);
	return k;
}

void
ticket_free(struct ticket *k)
{
	struct throttle *t;

	if (k == NULL)
		return;
	t = k->owner;
	if (!k->granted)
		unlink_ticket(k);
	else if (k->flags & TICKET_SLOT)
		t->used--;
	free(k);
	if (t->head != NULL)
		timer_arm(t->timer, 0);
}

bool
ticket_granted(const struct ticket *k)
{
	return k->granted;
}

int64_t
throttle_wait_ms(unsigned failures)
{
	int64_t ms;

	if (failures > 16)
		return BACKOFF_MAX_MS;
	ms = (int64_t)BACKOFF_FIRST_MS << failures;
	return ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : ms;
}

unsigned
throttle_failed(struct throttle *t, int64_t started_at, int64_t wait_ms)
{
	int64_t now = clock_now(), until;

	/* A registry that says when to come back is not failing. */
	if (wait_ms < 0 && (t->failures == 0 || started_at >= t->failed_at)) {
		t->failures++;
		t->failed_at = now;
	}
	if (wait_ms < 0)
		wait_ms = throttle_wait_ms(t->failures);
	until = now + wait_ms * NS_PER_MS;
	if (until > t->pause_until)
		t->pause_until = until;
	return t->failures;
}

void
throttle_succeeded(struct throttle *t)
{
	t->failures = 0;
}
