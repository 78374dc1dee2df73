/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.c - what a dry run pretends; see overlay.h. A tree of repositories,
 * and in each a tree of names: a script may pretend tens of thousands.
 */
#include "worker/job/overlay.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/bounds.h"
#include "common/mem.h"

/* A tag or a digest of one repository, and what became of it. */
struct overlay_entry {
	char *name;
	bool is_digest;
	bool deleted;
	bool seen;		/* as the registry has it; nothing is pretended */
	bool listed;		/* overlay_tags: the registry has it too */
	struct reference real;	/* by digest; empty when deleted */
	STAILQ_ENTRY(overlay_entry) all;
	/* A tag's place among those of the digest that it stands for; a
	 * digest's tags. */
	LIST_ENTRY(overlay_entry) same;
	bool is_same;		/* it is in such a list */
	LIST_HEAD(, overlay_entry) tags;
};

struct overlay_repository {
	char *registry;		/* the key */
	char *name;
	void *entries;		/* tsearch tree by is_digest and name */
	bool deletes;		/* a digest was deleted */
	STAILQ_HEAD(, overlay_entry) all;
};

struct overlay {
	void *repositories;	/* tsearch tree by registry and name */
	size_t n;		/* entries of all of them */
	void *contents;		/* tsearch tree by digest */
	size_t bytes;		/* of them */
};

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
	free(r->registry);
	free(r->name);
	free(r);
}

static void
content_free(void *content)
{
	struct overlay_content *c = content;

	free(c->digest);
	free(c->media_type);
	free(c->bytes);
	free(c);
}

void
overlay_free(struct overlay *o)
{
	if (o == NULL)
		return;
	tdestroy(o->contents, content_free);
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

static struct overlay_repository *
repository_find(const struct overlay *o, const struct reference *ref)
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
	struct overlay_repository *r = repository_find(o, ref);

	if (r != NULL)
		return r;
	r = mem_alloc(sizeof(*r));
	r->registry = registry_of(ref);
	r->name = mem_strdup(ref->repository);
	STAILQ_INIT(&r->all);
	tsearch(r, &o->repositories, compare_repositories);
	return r;
}

static struct overlay_entry *
entry_find(const struct overlay_repository *r, const char *name,
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
	struct overlay_entry *e = entry_find(r, name, is_digest);

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
	by_digest = entry_of(o, r, digest, true);
	entry_move(tag, &from, digest);
	entry_move(by_digest, &from, digest);
	if (tag != NULL && by_digest != NULL) {
		LIST_INSERT_HEAD(&by_digest->tags, tag, same);
		tag->is_same = true;
	}
	reference_free(&from);
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
	struct overlay_entry *e = entry_find(r, tag->tag, false), *of;

	if (e != NULL && !e->seen)
		return;
	if ((of = entry_find(r, digest, true)) == NULL &&
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
	const struct overlay_repository *r = repository_find(o, repo);

	return r != NULL && r->deletes;
}

bool
overlay_unseen(const struct overlay *o, const struct reference *tag)
{
	const struct overlay_repository *r = repository_find(o, tag);

	return r == NULL || entry_find(r, tag->tag, false) == NULL;
}

static int
compare_contents(const void *a, const void *b)
{
	return strcmp(((const struct overlay_content *)a)->digest,
	    ((const struct overlay_content *)b)->digest);
}

const struct overlay_content *
overlay_kept(const struct overlay *o, const char *digest)
{
	struct overlay_content want = { .digest = (char *)digest }, **at;

	at = tfind(&want, &o->contents, compare_contents);
	return at != NULL ? *at : NULL;
}

int
overlay_keep(struct overlay *o, const char *digest, const char *media_type,
    const char *bytes, size_t len, struct error *err)
{
	struct overlay_content *c;

	if (overlay_kept(o, digest) != NULL)
		return 0;
	if (len > OVERLAY_BYTES_MAX - o->bytes)
		return error_set(err, ERROR_LIMIT, "what a dry run "
		    "pretends to have pushed is more than %u bytes",
		    OVERLAY_BYTES_MAX);
	o->bytes += len;
	c = mem_alloc(sizeof(*c));
	c->digest = mem_strdup(digest);
	c->media_type = mem_strdup(media_type);
	c->bytes = mem_strndup(bytes, len);
	c->len = len;
	tsearch(c, &o->contents, compare_contents);
	return 0;
}

enum overlay_state
overlay_find(const struct overlay *o, const struct reference *ref,
    struct reference *real)
{
	const struct overlay_repository *r = repository_find(o, ref);
	const struct overlay_entry *e = NULL;

	if (r != NULL)
		e = entry_find(r, reference_name(ref), ref->digest[0] != '\0');
	if (e == NULL)
		return OVERLAY_UNKNOWN;
	if (e->deleted)
		return OVERLAY_DELETED;
	if (e->seen)
		return OVERLAY_UNKNOWN;
	reference_copy(real, &e->real);
	return OVERLAY_MOVED;
}

/* Drops the deleted tags of a list and marks the pretended ones in it. */
static size_t
drop_deleted(const struct overlay_repository *r, char **tags, size_t n)
{
	struct overlay_entry *e;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		e = entry_find(r, tags[i], false);
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

/* Registries list tags in the order of their bytes: that is where a new one
 * goes. In a list that has no order it comes before the first larger one. */
void
overlay_tags(const struct overlay *o, const struct reference *repo,
    char ***tags, size_t *n)
{
	const struct overlay_repository *r = repository_find(o, repo);
	char **added, **merged;
	size_t nadded, a = 0, out = 0;

	if (r == NULL)
		return;
	*n = drop_deleted(r, *tags, *n);
	added = new_tags(r, &nadded);
	merged = mem_array(*n + nadded + 1, sizeof(*merged));
	for (size_t i = 0; i < *n; i++) {
		while (a < nadded && strcmp(added[a], (*tags)[i]) < 0)
			merged[out++] = mem_strdup(added[a++]);
		merged[out++] = (*tags)[i];
	}
	while (a < nadded)
		merged[out++] = mem_strdup(added[a++]);
	free(added);
	free(*tags);
	*tags = merged;
	*n = out;
}
