/* SPDX-License-Identifier: Apache-2.0 */
/* One queue for slots and starts. */
#include "supervisor/broker/http/throttle.h"

#include <sys/queue.h>

#include <stdlib.h>

#include "common/bounds.h"
#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/broker/transfer/status.h"

struct throttle_turn {
	struct throttle *owner;
	TAILQ_ENTRY(throttle_turn) link;	/* while it waits */
	unsigned flags;
	bool granted;
	int64_t since;		/* when it began to wait */
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

	throttle_wait_fn *tell;	/* or NULL */
	void *tell_arg;
	char *why;		/* the reason of the pause */
	int64_t told_until;	/* the end of the wait that was told last */
	bool told_place;	/* since the queue was empty */
	bool told_spacing;
};

static void
tell(struct throttle *t, const char *reason, int64_t ns, bool over)
{
	if (t->tell != NULL)
		t->tell(t->tell_arg, reason, ns / NS_PER_MS, over);
}

/* Some wait only for time, until gate. */
static void
tell_time(struct throttle *t, int64_t now, int64_t gate)
{
	bool pause = gate == t->pause_until;

	/* Failures at the same time move the end a little. */
	if (gate - now <= WAIT_TOLD_MS * NS_PER_MS ||
	    gate - t->told_until <= WAIT_TOLD_MS * NS_PER_MS ||
	    (!pause && t->told_spacing))
		return;
	t->told_until = gate;
	t->told_spacing = t->told_spacing || !pause;
	tell(t, pause ? t->why : "reqPerSec", gate - now, false);
}

/* A turn has waited for one of the slots, not for a pause that was told. */
static void
tell_place(struct throttle *t, const struct throttle_turn *k, int64_t now)
{
	char *reason;

	if (!(k->flags & THROTTLE_SLOT) || t->told_place ||
	    now - k->since <= WAIT_TOLD_MS * NS_PER_MS ||
	    t->told_until > k->since)
		return;
	t->told_place = true;
	reason = mem_printf("reqConcurrent: %u at once", t->max);
	tell(t, reason, now - k->since, true);
	free(reason);
}

static void
grant(struct throttle_turn *k, int64_t now)
{
	struct throttle *t = k->owner;

	tell_place(t, k, now);
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
	if (wait) {
		tell_time(t, now, gate);
		timer_arm(t->timer, gate - now);
	}
	if (TAILQ_EMPTY(&t->waiting))
		t->told_place = t->told_spacing = false;
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
throttle_resize(struct throttle *t, unsigned concurrent)
{
	t->max = concurrent;
	if (!TAILQ_EMPTY(&t->waiting))
		timer_arm(t->timer, 0);
}

void
throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	timer_free(t->timer);
	free(t->why);
	free(t);
}

void
throttle_tell(struct throttle *t, throttle_wait_fn *fn, void *arg)
{
	t->tell = fn;
	t->tell_arg = arg;
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
	k->since = clock_now();
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
throttle_failed(struct throttle *t, int64_t started_at, int64_t wait_ms,
    const char *why)
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
	if (until > t->pause_until) {
		t->pause_until = until;
		free(t->why);
		t->why = mem_strdup(why);
	}
	return t->failures;
}

void
throttle_succeeded(struct throttle *t)
{
	t->failures = 0;
}
