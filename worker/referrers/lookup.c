/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup.c - the list of what refers to a manifest: the registry's own, page by
 * page, or where it has none the index under the fallback tag.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/referrers/referrers_private.h"

struct referrers_lookup {
	struct worker *w;
	struct reference ref;	/* the repository, with the subject */
	char *type;
	void (*done)(void *arg, const struct referrers_found *found,
	    const struct error *err);
	void *arg;
	struct client_call *call;
	struct referrers_found found;
	char *next;		/* the query of the last page */
	unsigned pages;
};

static void
over(struct referrers_lookup *l, const struct error *err)
{
	static const struct error none = { .kind = ERROR_NONE };

	if (err == NULL)
		referrers_pretend_apply(l->w, &l->ref, l->ref.digest, l->type,
		    &l->found.list);
	l->done(l->arg, &l->found, err != NULL ? err : &none);
}

static bool
listed(const struct referrers_lookup *l, const char *digest)
{
	json_object *list = l->found.list;

	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (strcmp(referrers_text(json_object_array_get_idx(list, i),
		    "digest"), digest) == 0)
			return true;
	return false;
}

/* A list that the registry has filtered is taken as it is: an entry need not
 * say its type. */
static bool
wanted(const struct referrers_lookup *l, json_object *d, bool filtered)
{
	const char *type = referrers_text(d, "artifactType");

	if (l->type[0] == '\0' || (filtered && type[0] == '\0'))
		return true;
	return strcmp(type, l->type) == 0;
}

/* Adds the entries of an index. */
static int
take(struct referrers_lookup *l, const struct manifest *m, bool filtered,
    struct error *err)
{
	for (size_t i = 0; i < m->nchildren; i++) {
		const struct descriptor *d = &m->children[i];

		if (!wanted(l, d->json, filtered) || listed(l, d->digest))
			continue;
		if (json_object_array_length(l->found.list) == REFERRERS_MAX)
			return error_set(err, ERROR_LIMIT, "more than %d "
			    "manifests refer to it", REFERRERS_MAX);
		json_object_array_add(l->found.list,
		    json_object_get(d->json));
	}
	return 0;
}

static void
tag_got(void *arg, struct answer *a)
{
	struct referrers_lookup *l = arg;
	struct manifest *m = NULL;

	l->call = NULL;
	if (a->err.kind == ERROR_NOT_FOUND) {
		over(l, NULL);
		return;
	}
	if (a->err.kind == ERROR_NONE)
		m = manifest_parse(buffer_str(&a->body), a->body.len,
		    a->media_type, "", &a->err);
	if (m != NULL && m->kind != MANIFEST_OCI_INDEX)
		l->found.foreign = true;
	else if (m != NULL)
		(void)take(l, m, false, &a->err);
	manifest_free(m);
	over(l, a->err.kind != ERROR_NONE ? &a->err : NULL);
}

static void
tag_get(struct referrers_lookup *l)
{
	struct reference ref;
	char *tag = referrers_tag(l->ref.digest);

	reference_copy(&ref, &l->ref);
	reference_set_tag(&ref, tag);
	l->call = client_manifest_get(l->w->client, &ref, tag_got, l);
	reference_free(&ref);
	free(tag);
}

/* There is no such list. A registry that has one may say so too where it does
 * not know the repository; only one that does not know the path at all, as
 * docker's, has none anywhere. */
static void
missing(struct referrers_lookup *l, const struct error *err)
{
	const struct referrers_registry *known =
	    referrers_registry_find(l->w, &l->ref);

	if (known == NULL && strstr(err->text, "NAME_UNKNOWN") == NULL &&
	    strstr(err->text, "MANIFEST_UNKNOWN") == NULL)
		referrers_registry_missing(l->w, &l->ref,
		    strstr(err->text, "404 page not found") != NULL);
	tag_get(l);
}

static void page_get(struct referrers_lookup *l, const char *query);

static int
take_page(struct referrers_lookup *l, struct answer *a)
{
	struct manifest *m = manifest_parse(buffer_str(&a->body),
	    a->body.len, MEDIA_OCI_INDEX, "", &a->err);
	int rv = m != NULL ? take(l, m, a->filtered, &a->err) : -1;

	manifest_free(m);
	if (rv == 0 && a->next[0] != '\0' && (++l->pages > REFERRERS_MAX ||
	    strcmp(a->next, l->next) == 0))
		return error_set(&a->err, ERROR_LIMIT, "the list of what "
		    "refers to it is too long or endless");
	return rv;
}

static void
page_got(void *arg, struct answer *a)
{
	struct referrers_lookup *l = arg;
	int http = a->err.http;
	char *next;

	l->call = NULL;
	if (l->pages == 0 && (a->err.kind == ERROR_NOT_FOUND || http == 405 ||
	    http == 501)) {
		missing(l, &a->err);
		return;
	}
	if (a->err.kind == ERROR_NONE && take_page(l, a) == 0) {
		referrers_registry_offers(l->w, &l->ref);
		l->found.api = true;
	}
	if (a->err.kind != ERROR_NONE) {
		over(l, &a->err);
	} else if (a->next[0] != '\0') {
		next = mem_strdup(a->next);
		page_get(l, next);
		free(next);
	} else
		over(l, NULL);
}

static void
page_get(struct referrers_lookup *l, const char *query)
{
	free(l->next);
	l->next = mem_strdup(query);
	l->call = client_referrers(l->w->client, &l->ref, l->ref.digest,
	    l->type, query, page_got, l);
}

struct referrers_lookup *
referrers_lookup_new(struct worker *w, const struct reference *ref,
    const char *digest, const char *type,
    void (*done)(void *arg, const struct referrers_found *found,
    const struct error *err), void *arg)
{
	struct referrers_lookup *l = mem_alloc(sizeof(*l));
	const struct referrers_registry *known;

	l->w = w;
	l->done = done;
	l->arg = arg;
	l->type = mem_strdup(type);
	l->found.list = json_object_new_array();
	reference_copy(&l->ref, ref);
	reference_set_digest(&l->ref, digest);
	known = referrers_registry_find(w, ref);
	if (known != NULL && known->missing)
		tag_get(l);
	else
		page_get(l, "");
	return l;
}

void
referrers_lookup_free(struct referrers_lookup *l)
{
	if (l == NULL)
		return;
	call_cancel(l->call);
	json_object_put(l->found.list);
	reference_free(&l->ref);
	free(l->type);
	free(l->next);
	free(l);
}
