/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/job/overlay.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* A tag or a digest of one repository, and what became of it. */
struct entry {
	char *registry;		/* the key */
	char *repository;
	char *name;
	bool is_digest;
	bool deleted;
	struct reference real;	/* by digest; empty when deleted */
};

struct overlay {
	struct entry *entries;
	size_t n;
};

struct overlay *
overlay_new(void)
{
	return mem_alloc(sizeof(struct overlay));
}

void
overlay_free(struct overlay *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->n; i++) {
		free(o->entries[i].registry);
		free(o->entries[i].repository);
		free(o->entries[i].name);
		reference_free(&o->entries[i].real);
	}
	free(o->entries);
	free(o);
}

/* The key of ref's registry; a name that is none is its own key. */
static char *
registry_of(const struct reference *ref)
{
	char *key = reference_registry_key(ref->registry);

	return key != NULL ? key : mem_strdup(ref->registry);
}

static bool
in_repository(const struct entry *e, const char *registry,
    const struct reference *ref)
{
	return strcmp(e->repository, ref->repository) == 0 &&
	    strcmp(e->registry, registry) == 0;
}

static struct entry *
find(const struct overlay *o, const char *registry,
    const struct reference *ref, const char *name, bool is_digest)
{
	for (size_t i = 0; i < o->n; i++) {
		struct entry *e = &o->entries[i];

		if (e->is_digest == is_digest && strcmp(e->name, name) == 0 &&
		    in_repository(e, registry, ref))
			return e;
	}
	return NULL;
}

/* The entry of that name, made if there is none; NULL when there are too
 * many. Its real reference is empty then. */
static struct entry *
entry_of(struct overlay *o, const struct reference *ref, const char *name,
    bool is_digest)
{
	char *registry = registry_of(ref);
	struct entry *e = find(o, registry, ref, name, is_digest);

	if (e != NULL) {
		free(registry);
		reference_free(&e->real);
		return e;
	}
	if (o->n == OVERLAY_MAX) {
		free(registry);
		return NULL;
	}
	o->entries = mem_resize(o->entries, o->n + 1, sizeof(*e));
	e = &o->entries[o->n++];
	memset(e, 0, sizeof(*e));
	e->registry = registry;
	e->repository = mem_strdup(ref->repository);
	e->name = mem_strdup(name);
	e->is_digest = is_digest;
	return e;
}

static void
entry_move(struct entry *e, const struct reference *src, const char *digest)
{
	if (e == NULL)
		return;
	e->deleted = false;
	reference_copy(&e->real, src);
	reference_set_digest(&e->real, digest);
}

static void
entry_delete(struct entry *e)
{
	if (e != NULL)
		e->deleted = true;
}

void
overlay_put(struct overlay *o, const struct reference *dst,
    const struct reference *src, const char *digest)
{
	struct reference from;

	/* src may belong to an entry that moves when the array grows. */
	reference_copy(&from, src);
	if (dst->digest[0] == '\0' && dst->tag[0] != '\0')
		entry_move(entry_of(o, dst, dst->tag, false), &from, digest);
	entry_move(entry_of(o, dst, digest, true), &from, digest);
	reference_free(&from);
}

void
overlay_delete(struct overlay *o, const struct reference *ref)
{
	char *registry;

	if (ref->digest[0] == '\0') {
		entry_delete(entry_of(o, ref, ref->tag, false));
		return;
	}
	entry_delete(entry_of(o, ref, ref->digest, true));
	registry = registry_of(ref);
	for (size_t i = 0; i < o->n; i++) {
		struct entry *e = &o->entries[i];

		if (e->deleted || !in_repository(e, registry, ref) ||
		    strcmp(e->real.digest, ref->digest) != 0)
			continue;
		reference_free(&e->real);
		e->deleted = true;
	}
	free(registry);
}

enum overlay_state
overlay_find(const struct overlay *o, const struct reference *ref,
    struct reference *real)
{
	char *registry = registry_of(ref);
	struct entry *e = find(o, registry, ref, reference_name(ref),
	    ref->digest[0] != '\0');

	free(registry);
	if (e == NULL)
		return OVERLAY_UNKNOWN;
	if (e->deleted)
		return OVERLAY_DELETED;
	reference_copy(real, &e->real);
	return OVERLAY_MOVED;
}

/* Registries list tags in the order of their bytes: that is where a new one
 * goes. In a list that has no order it comes before the first larger one. */
static void
insert_tag(char ***tags, size_t *n, const char *tag)
{
	size_t at = 0;

	while (at < *n && strcmp((*tags)[at], tag) < 0)
		at++;
	*tags = mem_resize(*tags, *n + 1, sizeof((*tags)[0]));
	memmove(*tags + at + 1, *tags + at, (*n - at) * sizeof((*tags)[0]));
	(*tags)[at] = mem_strdup(tag);
	(*n)++;
}

static void
remove_tag(char **tags, size_t *n, const char *tag)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		if (strcmp(tags[i], tag) == 0)
			free(tags[i]);
		else
			tags[kept++] = tags[i];
	}
	*n = kept;
}

void
overlay_tags(const struct overlay *o, const struct reference *repo,
    char ***tags, size_t *n)
{
	char *registry = registry_of(repo);
	bool there;

	for (size_t i = 0; i < o->n; i++) {
		const struct entry *e = &o->entries[i];

		if (e->is_digest || !in_repository(e, registry, repo))
			continue;
		if (e->deleted) {
			remove_tag(*tags, n, e->name);
			continue;
		}
		there = false;
		for (size_t k = 0; k < *n && !there; k++)
			there = strcmp((*tags)[k], e->name) == 0;
		if (!there)
			insert_tag(tags, n, e->name);
	}
	free(registry);
}
