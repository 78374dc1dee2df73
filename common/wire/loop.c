/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - descriptors and timers of one thread, over poll. */
#include "common/wire/loop.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/wire/loop_private.h"

struct watch {
	struct loop *loop;
	int fd;
	short events;
	bool dead;		/* freed inside a round, swept after it */
	watch_fn *fn;
	void *arg;
};

struct timer {
	struct loop *loop;
	int64_t at;		/* -1: not armed */
	bool dead;
	timer_fn *fn;
	void *arg;
};

struct loop {
	struct watch **watches;
	struct timer **timers;
	size_t nwatches, ntimers;
	int depth;		/* rounds may nest; only the outermost sweeps */
	bool dirty;
	bool stopped;
};

struct loop *
loop_new(void)
{
	return mem_alloc(sizeof(struct loop));
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->nwatches; i++)
		free(l->watches[i]);
	for (size_t i = 0; i < l->ntimers; i++)
		free(l->timers[i]);
	free(l->watches);
	free(l->timers);
	free(l);
}

static void
sweep(struct loop *l)
{
	size_t i, n;

	if (l->depth != 0 || !l->dirty)
		return;
	for (i = n = 0; i < l->nwatches; i++) {
		if (l->watches[i]->dead)
			free(l->watches[i]);
		else
			l->watches[n++] = l->watches[i];
	}
	l->nwatches = n;
	for (i = n = 0; i < l->ntimers; i++) {
		if (l->timers[i]->dead)
			free(l->timers[i]);
		else
			l->timers[n++] = l->timers[i];
	}
	l->ntimers = n;
	l->dirty = false;
}

struct watch *
loop_watch(struct loop *l, int fd, short events, watch_fn *fn, void *arg)
{
	struct watch *w = mem_alloc(sizeof(*w));

	w->loop = l;
	w->fd = fd;
	w->events = events;
	w->fn = fn;
	w->arg = arg;
	l->watches = mem_resize(l->watches, l->nwatches + 1,
	    sizeof(l->watches[0]));
	l->watches[l->nwatches++] = w;
	return w;
}

void
watch_set(struct watch *w, short events)
{
	w->events = events;
}

int
watch_fd(const struct watch *w)
{
	return w->fd;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	w->dead = true;
	w->loop->dirty = true;
	sweep(w->loop);
}

struct timer *
loop_timer(struct loop *l, timer_fn *fn, void *arg)
{
	struct timer *t = mem_alloc(sizeof(*t));

	t->loop = l;
	t->at = -1;
	t->fn = fn;
	t->arg = arg;
	l->timers = mem_resize(l->timers, l->ntimers + 1,
	    sizeof(l->timers[0]));
	l->timers[l->ntimers++] = t;
	return t;
}

void
timer_arm(struct timer *t, int64_t delay_ns)
{
	int64_t now = clock_now();

	if (delay_ns < 0)
		delay_ns = 0;
	t->at = delay_ns > INT64_MAX - now ? INT64_MAX : now + delay_ns;
}

void
timer_disarm(struct timer *t)
{
	t->at = -1;
}

bool
timer_armed(const struct timer *t)
{
	return t->at != -1;
}

void
timer_free(struct timer *t)
{
	if (t == NULL)
		return;
	t->dead = true;
	t->at = -1;
	t->loop->dirty = true;
	sweep(t->loop);
}

static int
wait_ms(const struct loop *l, int max_wait_ms)
{
	int64_t now, left, best = -1;

	for (size_t i = 0; i < l->ntimers; i++)
		if (l->timers[i]->at != -1 &&
		    (best == -1 || l->timers[i]->at < best))
			best = l->timers[i]->at;
	if (best == -1)
		return max_wait_ms;
	now = clock_now();
	left = best <= now ? 0 : (best - now + NS_PER_MS - 1) / NS_PER_MS;
	if (left > INT_MAX)
		left = INT_MAX;
	if (max_wait_ms >= 0 && left > max_wait_ms)
		left = max_wait_ms;
	return (int)left;
}

static void
run_timers(struct loop *l)
{
	int64_t now = clock_now();
	size_t n = l->ntimers;	/* those that callbacks add wait for the next
				 * round */

	for (size_t i = 0; i < n; i++) {
		struct timer *t = l->timers[i];

		if (t->dead || t->at == -1 || t->at > now)
			continue;
		t->at = -1;
		t->fn(t->arg);
	}
}

void
loop_step(struct loop *l, int max_wait_ms)
{
	struct pollfd *polls;
	size_t *which, n = 0, watches = l->nwatches;
	int ready;

	/* A nested round has its own poll set: the outer round may be using
	 * ours. */
	polls = mem_array(watches, sizeof(*polls));
	which = mem_array(watches, sizeof(*which));
	for (size_t i = 0; i < watches; i++) {
		/* A watch without events is left out: a hang-up would make the
		 * loop spin. And poll takes no more entries than a process may
		 * have open files. */
		if (l->watches[i]->dead || l->watches[i]->events == 0)
			continue;
		polls[n].fd = l->watches[i]->fd;
		polls[n].events = l->watches[i]->events;
		which[n++] = i;
	}
	ready = loop_poll(polls, n, wait_ms(l, max_wait_ms));
	l->depth++;
	run_timers(l);
	for (size_t i = 0; ready > 0 && i < n; i++) {
		struct watch *w = l->watches[which[i]];

		if (polls[i].revents != 0 && !w->dead && w->events != 0)
			w->fn(w->arg, polls[i].revents);
	}
	l->depth--;
	free(which);
	free(polls);
	sweep(l);
}

void
loop_run(struct loop *l)
{
	l->stopped = false;
	while (!l->stopped)
		loop_step(l, -1);
}

void
loop_stop(struct loop *l)
{
	l->stopped = true;
}
