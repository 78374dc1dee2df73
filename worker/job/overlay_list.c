/* SPDX-License-Identifier: Apache-2.0 */
/* overlay_list.c - lists of tags and repositories; see overlay.h. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/job/overlay_private.h"

/* Drops the deleted tags of a list and marks the pretended ones in it. */
static size_t
drop_deleted(const struct overlay_repository *r, char **tags, size_t n)
{
	struct overlay_entry *e;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		e = overlay_entry(r, tags[i], false);
		if (e != NULL && e->deleted) {
			free(tags[i]);
			continue;
		}
		if (e != NULL)
			e->listed = true;
		tags[kept++] = tags[i];
	}
	return kept;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The pretended tags that have no mark, in order; the caller frees the array,
 * the names are the entries'. Marks are taken away. */
static char **
new_tags(const struct overlay_repository *r, size_t *n)
{
	struct overlay_entry *e;
	size_t room = 0;
	char **tags;

	STAILQ_FOREACH(e, &r->all, all)
		room++;
	tags = mem_array(room + 1, sizeof(*tags));
	*n = 0;
	STAILQ_FOREACH(e, &r->all, all) {
		if (!e->is_digest && !e->deleted && !e->listed && !e->seen)
			tags[(*n)++] = e->name;
		e->listed = false;
	}
	qsort(tags, *n, sizeof(*tags), compare_names);
	return tags;
}

/* Registries list names in the order of their bytes: that is where a new one
 * goes. In a list that has no order it comes before the first larger one.
 * added is freed. */
static void
merge(char ***names, size_t *n, char **added, size_t nadded)
{
	char **merged = mem_array(*n + nadded + 1, sizeof(*merged));
	size_t a = 0, out = 0;

	for (size_t i = 0; i < *n; i++) {
		while (a < nadded && strcmp(added[a], (*names)[i]) < 0)
			merged[out++] = mem_strdup(added[a++]);
		merged[out++] = (*names)[i];
	}
	while (a < nadded)
		merged[out++] = mem_strdup(added[a++]);
	free(added);
	free(*names);
	*names = merged;
	*n = out;
}

void
overlay_tags(const struct overlay *o, const struct reference *repo,
    char ***tags, size_t *n)
{
	const struct overlay_repository *r = overlay_repository(o, repo);
	char **added;
	size_t nadded;

	if (r == NULL)
		return;
	*n = drop_deleted(r, *tags, *n);
	added = new_tags(r, &nadded);
	merge(tags, n, added, nadded);
}

bool
overlay_made(const struct overlay *o, const struct reference *repo)
{
	const struct overlay_repository *r = overlay_repository(o, repo);

	return r != NULL && r->listed;
}

struct collected {
	const char *registry;
	char **names;
	size_t n;
};

static void
collect(const void *node, VISIT which, void *arg)
{
	const struct overlay_repository *r =
	    *(struct overlay_repository *const *)node;
	struct collected *c = arg;

	if ((which != postorder && which != leaf) || !r->made ||
	    strcmp(r->registry, c->registry) != 0)
		return;
	c->names = mem_resize(c->names, c->n + 1, sizeof(*c->names));
	c->names[c->n++] = r->name;
}

void
overlay_repositories(const struct overlay *o, const char *registry,
    char ***names, size_t *n)
{
	struct collected c = { .registry = registry };
	char **listed = mem_array(*n + 1, sizeof(*listed));
	size_t added = 0;

	for (size_t i = 0; i < *n; i++)
		listed[i] = (*names)[i];
	qsort(listed, *n, sizeof(*listed), compare_names);
	twalk_r(o->repositories, collect, &c);
	for (size_t i = 0; i < c.n; i++)
		if (bsearch(&c.names[i], listed, *n, sizeof(*listed),
		    compare_names) == NULL)
			c.names[added++] = c.names[i];
	free(listed);
	if (added != 0)
		qsort(c.names, added, sizeof(*c.names), compare_names);
	merge(names, n, c.names, added);
}
