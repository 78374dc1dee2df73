/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/children/claims.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/mem.h"

struct use {
	struct use *next;
	const struct job *job;
};

struct claim *
claims_wait(struct claims *c, struct job *j, uint32_t id)
{
	struct claim *one = mem_alloc(sizeof(*one)), **tail;

	one->job = j;
	one->id = id;
	one->fd = -1;
	for (tail = &c->waiting; *tail != NULL; tail = &(*tail)->next)
		;
	*tail = one;
	return one;
}

struct claim *
claims_find(const struct claims *c, uint32_t number)
{
	struct claim *one;

	for (one = c->waiting; one != NULL; one = one->next)
		if (one->fd != -1 && one->number == number)
			break;
	return one;
}

void
claims_end(struct claims *c, struct claim *one)
{
	struct claim **at = &c->waiting;

	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	if (one->fd != -1)
		close(one->fd);
	free(one);
}

void
claims_reset(struct claims *c)
{
	for (struct claim *one = c->waiting; one != NULL; one = one->next)
		if (one->fd != -1) {
			close(one->fd);
			one->fd = -1;
		}
}

void
claims_use(struct claims *c, const struct job *j)
{
	struct use *u;

	if (claims_uses(c, j))
		return;
	u = mem_alloc(sizeof(*u));
	u->job = j;
	u->next = c->uses;
	c->uses = u;
}

bool
claims_uses(const struct claims *c, const struct job *j)
{
	for (const struct use *u = c->uses; u != NULL; u = u->next)
		if (u->job == j)
			return true;
	return false;
}

bool
claims_waits(const struct claims *c, const struct job *j)
{
	for (const struct claim *one = c->waiting; one != NULL;
	    one = one->next)
		if (one->job == j)
			return true;
	return false;
}

bool
claims_has(const struct claims *c, const struct job *j)
{
	return claims_waits(c, j) || claims_uses(c, j);
}

bool
claims_none(const struct claims *c)
{
	return c->waiting == NULL && c->uses == NULL;
}

void
claims_forget(struct claims *c, const struct job *j)
{
	struct claim *one, *next;
	struct use **at = &c->uses, *u;

	for (one = c->waiting; one != NULL; one = next) {
		next = one->next;
		if (j == NULL || one->job == j)
			claims_end(c, one);
	}
	while ((u = *at) != NULL) {
		if (j == NULL || u->job == j) {
			*at = u->next;
			free(u);
		} else
			at = &u->next;
	}
}
