/* SPDX-License-Identifier: Apache-2.0 */
/* slots.c - which jobs wait for an action slot, which hold one, which is
 * next. */
#include "supervisor/jobs/slots.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "common/mem.h"

struct slot {			/* wanted or held */
	TAILQ_ENTRY(slot) next;
	uint64_t job;
	uint32_t id;
	bool held;
};

struct slots {
	unsigned free;
	uint64_t last_job;	/* who was served last */
	slots_granted_fn *granted;
	void *arg;
	TAILQ_HEAD(, slot) list;	/* in order of arrival */
};

struct slots *
slots_new(unsigned count, slots_granted_fn *granted, void *arg)
{
	struct slots *s = mem_alloc(sizeof(*s));

	s->free = count;
	s->granted = granted;
	s->arg = arg;
	TAILQ_INIT(&s->list);
	return s;
}

static void
drop(struct slots *s, struct slot *one)
{
	TAILQ_REMOVE(&s->list, one, next);
	if (one->held)
		s->free++;
	free(one);
}

void
slots_free(struct slots *s)
{
	struct slot *one;

	if (s == NULL)
		return;
	while ((one = TAILQ_FIRST(&s->list)) != NULL)
		drop(s, one);
	free(s);
}

/* The first slot wanted by the waiting job that is next after the one served
 * last. */
static struct slot *
pick(const struct slots *s)
{
	struct slot *lowest = NULL, *after = NULL, *one;

	TAILQ_FOREACH(one, &s->list, next) {
		if (one->held)
			continue;
		if (lowest == NULL || one->job < lowest->job)
			lowest = one;
		if (one->job > s->last_job &&
		    (after == NULL || one->job < after->job))
			after = one;
	}
	return after != NULL ? after : lowest;
}

static void
grant(struct slots *s)
{
	struct slot *one;

	while (s->free != 0 && (one = pick(s)) != NULL) {
		one->held = true;
		s->free--;
		s->last_job = one->job;
		s->granted(s->arg, one->job, one->id);
	}
}

int
slots_want(struct slots *s, uint64_t job, uint32_t id, struct error *err)
{
	struct slot *one;
	unsigned n = 0;

	TAILQ_FOREACH(one, &s->list, next) {
		if (one->job != job)
			continue;
		if (one->id == id || ++n == CHANNEL_REQUESTS)
			return error_set(err, ERROR_PROTOCOL, "slot %u was "
			    "requested twice, or too many were requested", id);
	}
	one = mem_alloc(sizeof(*one));
	one->job = job;
	one->id = id;
	TAILQ_INSERT_TAIL(&s->list, one, next);
	grant(s);
	return 0;
}

int
slots_release(struct slots *s, uint64_t job, uint32_t id, struct error *err)
{
	struct slot *one;

	TAILQ_FOREACH(one, &s->list, next)
		if (one->job == job && one->id == id) {
			drop(s, one);
			grant(s);
			return 0;
		}
	return error_set(err, ERROR_PROTOCOL, "slot %u is not held", id);
}

void
slots_forget(struct slots *s, uint64_t job)
{
	struct slot *one, *next;

	for (one = TAILQ_FIRST(&s->list); one != NULL; one = next) {
		next = TAILQ_NEXT(one, next);
		if (one->job == job)
			drop(s, one);
	}
	grant(s);
}
