/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - what a job remembers: which registries list referrers by
 * themselves, so that not every image costs a refusal. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/referrers/referrers_private.h"

struct referrers *
referrers_of(struct worker *w)
{
	struct referrers *r = w->referrers;

	if (r != NULL)
		return r;
	r = w->referrers = mem_alloc(sizeof(*r));
	TAILQ_INIT(&r->tags);
	SLIST_INIT(&r->registries);
	SLIST_INIT(&r->pretended);
	return r;
}

static struct referrers_registry *
find(struct worker *w, const char *key)
{
	struct referrers_registry *e;

	SLIST_FOREACH(e, &referrers_of(w)->registries, entry)
		if (strcmp(e->key, key) == 0)
			return e;
	return NULL;
}

/* A registry's key, or with the repository behind it. */
static char *
key_of(const struct reference *ref, bool repository)
{
	char *key = reference_registry_key(ref->registry), *both;

	if (key == NULL)
		key = mem_strdup(ref->registry);
	if (!repository)
		return key;
	both = mem_printf("%s/%s", key, ref->repository);
	free(key);
	return both;
}

const struct referrers_registry *
referrers_registry_find(struct worker *w, const struct reference *ref)
{
	struct referrers_registry *e = NULL;
	char *key;

	for (int i = 1; i >= 0 && e == NULL; i--) {
		key = key_of(ref, i == 1);
		e = find(w, key);
		free(key);
	}
	return e;
}

bool
referrers_missing(struct worker *w, const struct reference *ref)
{
	const struct referrers_registry *e = referrers_registry_find(w, ref);

	return e != NULL && e->missing;
}

bool
referrers_offered(struct worker *w, const struct reference *ref)
{
	const struct referrers_registry *e = referrers_registry_find(w, ref);

	return e != NULL && !e->missing;
}

static void
set(struct worker *w, char *key, bool missing)
{
	struct referrers *r = referrers_of(w);
	struct referrers_registry *e = find(w, key);

	if (e != NULL) {
		free(key);
	} else if (r->nregistries == REFERRERS_TAGS_MAX) {
		free(key);
		return;
	} else {
		r->nregistries++;
		e = mem_alloc(sizeof(*e));
		e->key = key;
		SLIST_INSERT_HEAD(&r->registries, e, entry);
	}
	e->missing = missing;
}

void
referrers_registry_missing(struct worker *w, const struct reference *ref,
    bool everywhere)
{
	set(w, key_of(ref, !everywhere), true);
}

void
referrers_registry_offers(struct worker *w, const struct reference *ref)
{
	char *key = key_of(ref, true);
	struct referrers_registry *e = find(w, key);

	free(key);
	if (e != NULL)
		e->missing = false;
	set(w, key_of(ref, false), false);
}

void
referrers_free(struct referrers *r)
{
	struct referrers_registry *e;
	struct referrers_pretended *p;
	struct referrers_tag *t;

	if (r == NULL)
		return;
	while ((e = SLIST_FIRST(&r->registries)) != NULL) {
		SLIST_REMOVE_HEAD(&r->registries, entry);
		free(e->key);
		free(e);
	}
	while ((p = SLIST_FIRST(&r->pretended)) != NULL) {
		SLIST_REMOVE_HEAD(&r->pretended, entry);
		reference_free(&p->ref);
		json_object_put(p->descriptor);
		free(p);
	}
	while ((t = TAILQ_FIRST(&r->tags)) != NULL)
		referrers_tag_free(t);
	free(r);
}
