/* SPDX-License-Identifier: Apache-2.0 */
/* catalog.c - the repositories that were listed; see catalog.h. */
#include "worker/job/catalog.h"

#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"

struct catalog {
	void *names;		/* tsearch tree of "REGISTRY/REPOSITORY" */
	size_t n;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

struct catalog *
catalog_new(void)
{
	return mem_alloc(sizeof(struct catalog));
}

void
catalog_free(struct catalog *c)
{
	if (c == NULL)
		return;
	tdestroy(c->names, free);
	free(c);
}

void
catalog_add(struct catalog *c, const char *registry, const char *repository)
{
	char *name, **at;

	if (c->n >= CATALOG_MAX)
		return;
	name = mem_printf("%s/%s", registry, repository);
	at = tsearch(name, &c->names, compare);
	if (at != NULL && *at == name)
		c->n++;
	else
		free(name);
}

bool
catalog_lists(const struct catalog *c, const char *registry,
    const char *repository)
{
	char *name;
	bool found;

	if (c == NULL)
		return false;
	name = mem_printf("%s/%s", registry, repository);
	found = tfind(name, &c->names, compare) != NULL;
	free(name);
	return found;
}
