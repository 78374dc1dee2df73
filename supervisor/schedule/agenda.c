/* SPDX-License-Identifier: Apache-2.0 */
/* agenda.c - all schedules of a server on one timer; see agenda.h. */
#include "supervisor/schedule/agenda.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"

#define NEVER INT64_MAX
/* The timer does not know of suspension, nor that the clock was set; so the
 * clock is looked at so often. */
#define LOOK_NS (AGENDA_LOOK_S * NS_PER_S)
#define SET_BACK_NS (SET_BACK_MAX_S * NS_PER_S)

struct agenda_item {
	const struct schedule *schedule;
	int64_t jitter;
	int64_t time;		/* of the schedule */
	int64_t due;		/* that, put off */
	int64_t elapsed;	/* the same by clock_boot(), for intervals */
	agenda_fn *fn;
	void *arg;
};

struct agenda {
	struct timer *timer;
	bool stopped;
	uint64_t random;
	int64_t latest;		/* that the clock has shown */
	struct agenda_item **items;
	size_t n;
};

/* Sebastiano Vigna's splitmix64. */
static uint64_t
draw(struct agenda *a)
{
	uint64_t x = a->random += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static int64_t
add(int64_t a, int64_t b)
{
	return b > NEVER - a ? NEVER : a + b;
}

static bool
is_interval(const struct agenda_item *i)
{
	return schedule_interval(i->schedule) != 0;
}

/* The next time after that one. */
static void
plan(struct agenda *a, struct agenda_item *i, int64_t after, int64_t wall)
{
	int64_t off = 0;

	if (schedule_next(i->schedule, after, &i->time) == -1) {
		i->time = i->due = i->elapsed = NEVER;
		return;
	}
	if (i->jitter > 0)
		off = (int64_t)(draw(a) % (uint64_t)i->jitter);
	i->due = add(i->time, off);
	i->elapsed = add(clock_boot(), i->due - wall);
}

/* An interval counts from when it should have ended, so that it does not
 * creep; from now where that is out of reach. */
static void
plan_next(struct agenda *a, struct agenda_item *i, int64_t wall)
{
	int64_t last = i->time, interval = schedule_interval(i->schedule);

	plan(a, i, last, wall);
	if (i->time <= wall ||
	    (interval != 0 && i->time - wall > add(interval, NS_PER_S)))
		plan(a, i, wall, wall);
}

/* How long until it is due; 0 or less: it is. */
static int64_t
left(const struct agenda_item *i, int64_t wall, int64_t boot)
{
	return is_interval(i) ? i->elapsed - boot : i->due - wall;
}

static void
arm(struct agenda *a)
{
	int64_t wall = clock_wall(), boot = clock_boot(), first = LOOK_NS, n;

	for (size_t i = 0; i < a->n; i++) {
		n = left(a->items[i], wall, boot);
		first = n < first ? n : first;
	}
	timer_arm(a->timer, first);
}

static void
look_at_clock(struct agenda *a, int64_t wall)
{
	if (wall >= a->latest - SET_BACK_NS) {
		a->latest = wall > a->latest ? wall : a->latest;
		return;
	}
	a->latest = wall;
	for (size_t i = 0; i < a->n; i++)
		if (!is_interval(a->items[i]))
			plan(a, a->items[i], wall, wall);
}

static void
on_timer(void *arg)
{
	int64_t wall = clock_wall(), boot = clock_boot(), due;
	struct agenda *a = arg;

	look_at_clock(a, wall);
	for (size_t i = 0; i < a->n && !a->stopped; i++) {
		struct agenda_item *item = a->items[i];

		if (left(item, wall, boot) > 0)
			continue;
		due = item->due;
		plan_next(a, item, wall);
		item->fn(item->arg, due);
	}
	if (!a->stopped)
		arm(a);
}

struct agenda *
agenda_new(struct loop *l, uint64_t seed)
{
	struct agenda *a = mem_alloc(sizeof(*a));

	a->timer = loop_timer(l, on_timer, a);
	a->random = seed;
	a->latest = clock_wall();
	return a;
}

void
agenda_free(struct agenda *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n; i++)
		free(a->items[i]);
	free(a->items);
	timer_free(a->timer);
	free(a);
}

struct agenda_item *
agenda_add(struct agenda *a, const struct schedule *s, int64_t jitter,
    agenda_fn *fn, void *arg)
{
	struct agenda_item *i = mem_alloc(sizeof(*i));
	int64_t wall = clock_wall();

	i->schedule = s;
	i->jitter = jitter;
	i->fn = fn;
	i->arg = arg;
	plan(a, i, wall, wall);
	a->items = mem_resize(a->items, a->n + 1, sizeof(*a->items));
	a->items[a->n++] = i;
	timer_arm(a->timer, 0);	/* which then arms it for the first one */
	return i;
}

int64_t
agenda_due(const struct agenda_item *i)
{
	return i->due;
}

void
agenda_stop(struct agenda *a)
{
	a->stopped = true;
	timer_disarm(a->timer);
}
