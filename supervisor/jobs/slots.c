/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/jobs/slots.h"

#include <stdlib.h>
#include <string.h>

#include "supervisor/jobs/job.h"
#include "common/mem.h"

struct wish {
	struct wish *next;
	struct job *job;
	uint32_t id;
	bool held;
};

struct slots {
	unsigned free;
	uint64_t last_job;	/* who was served last */
	struct wish *wishes;	/* in order of arrival, held ones too */
};

struct slots *
slots_new(unsigned count)
{
	struct slots *s = mem_alloc(sizeof(*s));

	s->free = count;
	return s;
}

void
slots_free(struct slots *s)
{
	struct wish *w;

	if (s == NULL)
		return;
	while ((w = s->wishes) != NULL) {
		s->wishes = w->next;
		free(w);
	}
	free(s);
}

/* The first wish of the next waiting job after the one served last. */
static struct wish *
pick(const struct slots *s)
{
	struct wish *lowest = NULL, *after = NULL;

	for (struct wish *w = s->wishes; w != NULL; w = w->next) {
		uint64_t id = job_id(w->job);

		if (w->held)
			continue;
		if (lowest == NULL || id < job_id(lowest->job))
			lowest = w;
		if (id > s->last_job &&
		    (after == NULL || id < job_id(after->job)))
			after = w;
	}
	return after != NULL ? after : lowest;
}

static void
grant(struct slots *s)
{
	struct message_out o;
	struct wish *w;

	while (s->free != 0 && (w = pick(s)) != NULL) {
		w->held = true;
		s->free--;
		s->last_job = job_id(w->job);
		message_start(&o, MSG_GRANTED, w->id);
		job_send(w->job, &o, -1);
	}
}

int
slots_want(struct slots *s, struct job *j, uint32_t id, struct error *err)
{
	struct wish *w, **tail;
	unsigned n = 0;

	for (tail = &s->wishes; *tail != NULL; tail = &(*tail)->next) {
		if ((*tail)->job != j)
			continue;
		if ((*tail)->id == id || ++n == CHANNEL_REQUESTS)
			return error_set(err, ERROR_PROTOCOL, "slot %u is "
			    "wanted twice, or too many at once", id);
	}
	w = mem_alloc(sizeof(*w));
	w->job = j;
	w->id = id;
	*tail = w;
	grant(s);
	return 0;
}

static void
take_out(struct slots *s, struct wish **at)
{
	struct wish *w = *at;

	*at = w->next;
	if (w->held)
		s->free++;
	free(w);
}

int
slots_release(struct slots *s, struct job *j, uint32_t id, struct error *err)
{
	for (struct wish **at = &s->wishes; *at != NULL; at = &(*at)->next)
		if ((*at)->job == j && (*at)->id == id) {
			take_out(s, at);
			grant(s);
			return 0;
		}
	return error_set(err, ERROR_PROTOCOL, "slot %u is not held", id);
}

void
slots_forget(struct slots *s, const struct job *j)
{
	struct wish **at = &s->wishes;

	while (*at != NULL)
		if ((*at)->job == j)
			take_out(s, at);
		else
			at = &(*at)->next;
	grant(s);
}
