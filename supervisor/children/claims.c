/* SPDX-License-Identifier: Apache-2.0 */
/* claims.c - the list of a broker's claims. */
#include "supervisor/children/claims.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/mem.h"

static void
close_end(struct claim *one)
{
	if (one->fd != -1)
		close(one->fd);
	one->fd = -1;
}

static void
drop(struct claims *c, struct claim *one)
{
	TAILQ_REMOVE(c, one, next);
	close_end(one);
	free(one->script);
	free(one);
}

void
claims_init(struct claims *c)
{
	TAILQ_INIT(c);
}

void
claims_free(struct claims *c)
{
	struct claim *one;

	while ((one = TAILQ_FIRST(c)) != NULL)
		drop(c, one);
}

struct claim *
claims_of(const struct claims *c, uint64_t job)
{
	struct claim *one;

	TAILQ_FOREACH(one, c, next)
		if (one->job == job)
			break;
	return one;
}

struct claim *
claims_sent(const struct claims *c, uint32_t number)
{
	struct claim *one;

	TAILQ_FOREACH(one, c, next)
		if (one->fd != -1 && one->number == number)
			break;
	return one;
}

struct claim *
claims_waiting(const struct claims *c)
{
	struct claim *one;

	TAILQ_FOREACH(one, c, next)
		if (one->waiting)
			break;
	return one;
}

struct claim *
claims_wait(struct claims *c, uint64_t job, const char *script, uint32_t id)
{
	struct claim *one = claims_of(c, job);

	if (one == NULL) {
		one = mem_alloc(sizeof(*one));
		one->job = job;
		one->script = mem_strdup(script);
		one->fd = -1;
	} else
		TAILQ_REMOVE(c, one, next);
	one->waiting = true;
	one->id = id;
	TAILQ_INSERT_TAIL(c, one, next);
	return one;
}

void
claims_opened(struct claim *one)
{
	one->opened = true;
	one->waiting = false;
	one->fd = -1;		/* passed on */
}

void
claims_refused(struct claims *c, struct claim *one)
{
	one->waiting = false;
	close_end(one);
	if (!one->opened)
		drop(c, one);
}

void
claims_reset(struct claims *c)
{
	struct claim *one;

	TAILQ_FOREACH(one, c, next)
		close_end(one);
}

void
claims_forget(struct claims *c, uint64_t job)
{
	struct claim *one = claims_of(c, job);

	if (one != NULL)
		drop(c, one);
}
