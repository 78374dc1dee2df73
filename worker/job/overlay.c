/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.c - what a dry run pretends; see overlay.h. A tree of repositories,
 * and in each a tree of names: a script may pretend tens of thousands.
 */
#include "worker/job/overlay_private.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"

static int
compare_repositories(const void *a, const void *b)
{
	const struct overlay_repository *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->registry, y->registry);
}

static int
compare_entries(const void *a, const void *b)
{
	const struct overlay_entry *x = a, *y = b;

	if (x->is_digest != y->is_digest)
		return x->is_digest ? 1 : -1;
	return strcmp(x->name, y->name);
}

struct overlay *
overlay_new(void)
{
	return mem_alloc(sizeof(struct overlay));
}

static void
entry_free(void *entry)
{
	struct overlay_entry *e = entry;

	free(e->name);
	reference_free(&e->real);
	free(e);
}

static void
repository_free(void *repository)
{
	struct overlay_repository *r = repository;

	tdestroy(r->entries, entry_free);
	tdestroy(r->blobs, free);
	free(r->registry);
	free(r->name);
	free(r);
}

void
overlay_free(struct overlay *o)
{
	if (o == NULL)
		return;
	tdestroy(o->contents, overlay_content_free);
	tdestroy(o->repositories, repository_free);
	free(o);
}

/* The key of ref's registry; a name that is not valid is its own key. */
static char *
registry_of(const struct reference *ref)
{
	char *key = reference_registry_key(ref->registry);

	return key != NULL ? key : mem_strdup(ref->registry);
}

struct overlay_repository *
overlay_repository(const struct overlay *o, const struct reference *ref)
{
	struct overlay_repository want = { .registry = registry_of(ref),
	    .name = ref->repository }, **at;

	at = tfind(&want, &o->repositories, compare_repositories);
	free(want.registry);
	return at != NULL ? *at : NULL;
}

static struct overlay_repository *
repository_of(struct overlay *o, const struct reference *ref)
{
	struct overlay_repository *r = overlay_repository(o, ref);

	if (r != NULL)
		return r;
	r = mem_alloc(sizeof(*r));
	r->registry = registry_of(ref);
	r->name = mem_strdup(ref->repository);
	STAILQ_INIT(&r->all);
	LIST_INIT(&r->indexes);
	tsearch(r, &o->repositories, compare_repositories);
	return r;
}

struct overlay_entry *
overlay_entry(const struct overlay_repository *r, const char *name,
    bool is_digest)
{
	struct overlay_entry want = { .name = (char *)name,
	    .is_digest = is_digest }, **at;

	at = tfind(&want, &r->entries, compare_entries);
	return at != NULL ? *at : NULL;
}

/* The entry of that name, made if there is none; NULL when there are too
 * many. Its real reference is empty then, and it stands for no digest. */
static struct overlay_entry *
entry_of(struct overlay *o, struct overlay_repository *r, const char *name,
    bool is_digest)
{
	struct overlay_entry *e = overlay_entry(r, name, is_digest);

	if (e != NULL) {
		reference_free(&e->real);
		if (e->is_same)
			LIST_REMOVE(e, same);
		e->is_same = false;
		e->seen = false;
		return e;
	}
	if (o->n == OVERLAY_MAX)
		return NULL;
	o->n++;
	e = mem_alloc(sizeof(*e));
	e->name = mem_strdup(name);
	e->is_digest = is_digest;
	LIST_INIT(&e->tags);
	tsearch(e, &r->entries, compare_entries);
	STAILQ_INSERT_TAIL(&r->all, e, all);
	return e;
}

static void
entry_move(struct overlay_entry *e, const struct reference *src,
    const char *digest)
{
	if (e == NULL)
		return;
	e->deleted = false;
	reference_copy(&e->real, src);
	reference_set_digest(&e->real, digest);
}

void
overlay_entry_read(struct overlay_entry *e, bool as_image)
{
	if (e->index)
		LIST_REMOVE(e, indexes);
	e->index = false;
	e->unread = e->unread && as_image;
}

/* What it names is only looked at when somebody asks for it by digest. */
static struct overlay_entry *
put_digest(struct overlay *o, struct overlay_repository *r,
    const char *digest, const struct reference *src, unsigned long changed)
{
	struct overlay_entry *e = entry_of(o, r, digest, true);

	if (e == NULL)
		return NULL;
	entry_move(e, src, digest);
	e->changed = changed;
	e->unread = true;
	if (!e->index)
		LIST_INSERT_HEAD(&r->indexes, e, indexes);
	e->index = true;
	return e;
}

void
overlay_entry_put(struct overlay *o, struct overlay_repository *r,
    const char *digest, const struct reference *src, unsigned long changed)
{
	(void)put_digest(o, r, digest, src, changed);
}

void
overlay_put(struct overlay *o, const struct reference *dst,
    const struct reference *src, const char *digest)
{
	struct overlay_repository *r = repository_of(o, dst);
	struct overlay_entry *tag = NULL, *by_digest;
	struct reference from;

	/* src may belong to one of the entries. */
	reference_copy(&from, src);
	if (dst->digest[0] == '\0' && dst->tag[0] != '\0')
		tag = entry_of(o, r, dst->tag, false);
	by_digest = put_digest(o, r, digest, &from, ++o->changes);
	entry_move(tag, &from, digest);
	r->made = r->listed = true;
	if (tag != NULL && by_digest != NULL) {
		LIST_INSERT_HEAD(&by_digest->tags, tag, same);
		tag->is_same = true;
	}
	reference_free(&from);
}

void
overlay_put_blob(struct overlay *o, const struct reference *dst,
    const struct reference *src)
{
	struct overlay_repository *r = repository_of(o, dst);
	bool listed = r->listed;

	overlay_put(o, dst, src, dst->digest);
	overlay_read(o, dst, dst->digest, NULL);
	r->listed = listed;
}

void
overlay_delete(struct overlay *o, const struct reference *ref)
{
	struct overlay_repository *r = repository_of(o, ref);
	bool is_digest = ref->digest[0] != '\0';
	struct overlay_entry *e = entry_of(o, r,
	    is_digest ? ref->digest : ref->tag, is_digest), *tag;

	r->deletes = r->deletes || is_digest;
	if (e == NULL)
		return;
	e->deleted = true;
	e->changed = ++o->changes;
	overlay_entry_read(e, false);
	while ((tag = LIST_FIRST(&e->tags)) != NULL) {
		LIST_REMOVE(tag, same);
		tag->is_same = false;
		reference_free(&tag->real);
		tag->deleted = true;
		tag->seen = false;
	}
}

void
overlay_seen(struct overlay *o, const struct reference *tag,
    const char *digest)
{
	struct overlay_repository *r = repository_of(o, tag);
	struct overlay_entry *e = overlay_entry(r, tag->tag, false), *of;

	if (e != NULL && !e->seen)
		return;
	if ((of = overlay_entry(r, digest, true)) == NULL &&
	    (of = entry_of(o, r, digest, true)) != NULL)
		of->seen = true;
	if (of == NULL || (e = entry_of(o, r, tag->tag, false)) == NULL)
		return;
	e->seen = !of->deleted;
	e->deleted = of->deleted;
	if (!of->deleted) {
		LIST_INSERT_HEAD(&of->tags, e, same);
		e->is_same = true;
	}
}

bool
overlay_deletes(const struct overlay *o, const struct reference *repo)
{
	const struct overlay_repository *r = overlay_repository(o, repo);

	return r != NULL && r->deletes;
}

bool
overlay_unseen(const struct overlay *o, const struct reference *tag)
{
	const struct overlay_repository *r = overlay_repository(o, tag);

	return r == NULL || overlay_entry(r, tag->tag, false) == NULL;
}

enum overlay_state
overlay_find(const struct overlay *o, const struct reference *ref,
    struct reference *real)
{
	const struct overlay_repository *r = overlay_repository(o, ref);
	const struct overlay_entry *e = NULL;

	if (r != NULL)
		e = overlay_entry(r, reference_name(ref), ref->digest[0] != '\0');
	if (e == NULL)
		return OVERLAY_UNKNOWN;
	if (e->deleted)
		return OVERLAY_DELETED;
	if (e->seen)
		return OVERLAY_UNKNOWN;
	reference_copy(real, &e->real);
	return OVERLAY_MOVED;
}
