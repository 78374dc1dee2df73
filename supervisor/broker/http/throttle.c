/* SPDX-License-Identifier: Apache-2.0 */
/* One queue for slots and starts. */
#include "supervisor/broker/http/throttle.h"

#include <sys/queue.h>

#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/broker/transfer/status.h"

struct throttle_turn {
	struct throttle *owner;
	TAILQ_ENTRY(throttle_turn) link;	/* while it waits */
	unsigned flags;
	bool granted;
	void (*fn)(void *arg);
	void *arg;
};

struct throttle {
	struct timer *timer;
	TAILQ_HEAD(, throttle_turn) waiting;	/* in order */
	unsigned max, used;
	int64_t spacing;	/* ns between starts */
	int64_t next_start;	/* no start before this, by the spacing */
	int64_t pause_until;	/* nor before this */
	int64_t failed_at;
	unsigned failures;	/* in a row */
};

static void
grant(struct throttle_turn *k, int64_t now)
{
	struct throttle *t = k->owner;

	TAILQ_REMOVE(&t->waiting, k, link);
	k->granted = true;
	if (k->flags & THROTTLE_SLOT)
		t->used++;
	if (k->flags & THROTTLE_START) {
		if (t->next_start < now)
			t->next_start = now;
		t->next_start += t->spacing;
	}
	k->fn(k->arg);
}

/* The first turn that may go now, or NULL; *wait says whether one waits only
 * for time. A turn that takes a slot never overtakes another. */
static struct throttle_turn *
pick(struct throttle *t, int64_t now, int64_t gate, bool *wait)
{
	struct throttle_turn *k;
	bool blocked = false;

	TAILQ_FOREACH(k, &t->waiting, link) {
		if ((k->flags & THROTTLE_SLOT) &&
		    (blocked || t->used >= t->max)) {
			blocked = true;
			continue;
		}
		if ((k->flags & THROTTLE_START) && now < gate) {
			*wait = true;
			blocked = blocked || (k->flags & THROTTLE_SLOT) != 0;
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
	struct throttle_turn *k;
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
	TAILQ_INIT(&t->waiting);
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

struct throttle_turn *
throttle_turn_new(struct throttle *t, unsigned flags,
    void (*granted)(void *arg), void *arg)
{
	struct throttle_turn *k = mem_alloc(sizeof(*k));

	k->owner = t;
	k->flags = flags;
	k->fn = granted;
	k->arg = arg;
	if (flags & THROTTLE_FRONT)
		TAILQ_INSERT_HEAD(&t->waiting, k, link);
	else
		TAILQ_INSERT_TAIL(&t->waiting, k, link);
	timer_arm(t->timer, 0);
	return k;
}

void
throttle_turn_free(struct throttle_turn *k)
{
	struct throttle *t;

	if (k == NULL)
		return;
	t = k->owner;
	if (!k->granted)
		TAILQ_REMOVE(&t->waiting, k, link);
	else if (k->flags & THROTTLE_SLOT)
		t->used--;
	free(k);
	if (!TAILQ_EMPTY(&t->waiting))
		timer_arm(t->timer, 0);
}

bool
throttle_turn_granted(const struct throttle_turn *k)
{
	return k->granted;
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
		wait_ms = status_backoff_ms(t->failures);
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
