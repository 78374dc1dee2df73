/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refer.c - referrers: what names a manifest of the copy as its subject. Each
 * manifest that is at the target is looked up once, at the source, and where
 * it has referrers at the target too. They are copied like children of an
 * index, but after their subject; the top is put by its digest first where it
 * has any, so that the tag still comes last. They may have referrers in turn.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/copy/copy_private.h"

struct refer {			/* one lookup */
	SLIST_ENTRY(refer) entry;
	struct copy *copy;
	struct copy_node *n;
	struct referrers_lookup *lookup;
	json_object *list;	/* at the source */
	json_object *there;	/* at the target */
	bool api;		/* which says so itself */
	bool waits;		/* for the top's PUT */
};

static void
refer_free(struct refer *r)
{
	SLIST_REMOVE(&r->copy->refers, r, refer, entry);
	referrers_lookup_free(r->lookup);
	json_object_put(r->list);
	json_object_put(r->there);
	free(r);
}

void
refer_cancel_all(struct copy *c)
{
	struct copy_node *n;
	struct refer *r;

	while ((r = SLIST_FIRST(&c->refers)) != NULL)
		refer_free(r);
	SLIST_FOREACH(n, &c->all_nodes, all) {
		referrers_forget(n->edit);
		n->edit = NULL;
	}
}

void
refer_done(struct copy *c)
{
	c->refers_active--;
	if (!c->over)
		c->walk->tags(c);
}

static bool
listed(json_object *list, const char *digest)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (strcmp(referrers_text(json_object_array_get_idx(list, i),
		    "digest"), digest) == 0)
			return true;
	return false;
}

static void
tell(struct copy_node *n)
{
	struct copy *c = n->copy;
	const char *type = referrers_text(n->descriptor, "artifactType");
	struct log_record r;
	char *source, *target;

	if (c->w->log_level > LOG_INFO)
		return;
	source = reference_string(&n->src);
	target = reference_string(&n->dst);
	log_record_init(&r, LOG_INFO, c->dry ? "Referrer would be copied" :
	    "Copy referrer");
	log_record_string(&r, "source", source);
	log_record_string(&r, "target", target);
	log_record_string(&r, "subject", n->subject);
	if (type[0] != '\0')
		log_record_string(&r, "artifactType", type);
	client_log(c->client, &r);
	log_record_free(&r);
	free(source);
	free(target);
}

static void
pretend(struct copy_node *n)
{
	struct copy *c = n->copy;

	referrers_pretend(c->w, &c->dst, n->subject, n->descriptor);
	if (c->w->overlay != NULL)
		overlay_put(c->w->overlay, &n->dst, &n->src, n->digest);
	c->result.manifests++;
	put_over(n);
}

static struct copy_node *
referrer_new(struct refer *r, json_object *d)
{
	struct copy *c = r->copy;
	struct copy_node *n = node_new(c, &c->src, &c->dst);
	const char *digest = referrers_text(d, "digest");
	char *name;

	reference_set_digest(&n->src, digest);
	reference_set_digest(&n->dst, digest);
	free(n->digest);
	n->digest = mem_strdup(digest);
	free(n->media_type);
	n->media_type = mem_strdup(referrers_text(d, "mediaType"));
	n->subject = mem_strdup(r->n->digest);
	n->descriptor = json_object_get(d);
	n->reach = r->n->reach + 1;
	n->depth = 1;
	name = reference_string(&n->src);
	free(n->name);
	n->name = mem_printf("%s, which refers to %s,", name, n->subject);
	free(name);
	node_register(n);
	return n;
}

/* A list that a registry made is true; in one under a tag a manifest may be
 * named that has gone. What is not listed is put, so that it will be. */
static void
referrer_start(struct refer *r, json_object *d)
{
	struct copy *c = r->copy;
	struct error err = { .kind = ERROR_NONE };
	bool there = listed(r->there, referrers_text(d, "digest"));
	struct copy_node *n;

	if (node_find(c, referrers_text(d, "digest")) != NULL ||
	    !copy_item(c))
		return;
	n = referrer_new(r, d);
	if (n->reach > REFERRERS_DEPTH_MAX) {
		error_set(&err, ERROR_LIMIT, "%s has referrers of referrers, "
		    "more than %d deep", c->top->name, REFERRERS_DEPTH_MAX);
		copy_over(c, &err);
	} else if (copy_source(c, n, &err) == -1) {
		copy_over(c, &err);
	} else {
		c->refers_active++;
		n->unlisted = !there;
		if (there && ((r->api && !c->force) || c->dry)) {
			put_over(n);
			return;
		}
		if (!there)
			tell(n);
		if (c->dry)
			pretend(n);
		else
			TAILQ_INSERT_TAIL(&c->node_queue, n, queue);
	}
}

static void
refer_copy(struct refer *r)
{
	struct copy *c = r->copy;
	size_t all = json_object_array_length(r->list);

	for (size_t i = 0; i < all && !c->over; i++)
		referrer_start(r, json_object_array_get_idx(r->list, i));
	if (c->over)
		return;
	refer_free(r);
	content_pump(c);
	refer_done(c);
}

/* The subject must be there first, for registries that insist on it. */
static void
refer_subject(struct refer *r)
{
	struct copy *c = r->copy;
	bool missing = false;

	for (size_t i = 0; i < json_object_array_length(r->list); i++)
		missing = missing || !listed(r->there, referrers_text(
		    json_object_array_get_idx(r->list, i), "digest"));
	if (r->n != c->top || c->dry || c->top->present ||
	    c->top->put_by_digest || (!missing && r->api)) {
		refer_copy(r);
		return;
	}
	r->waits = true;
	put_by_digest(c->top);
}

void
refer_top_put(struct copy *c)
{
	struct refer *r, *next;

	for (r = SLIST_FIRST(&c->refers); r != NULL && !c->over; r = next) {
		next = SLIST_NEXT(r, entry);
		if (r->waits) {
			r->waits = false;
			refer_copy(r);
		}
	}
}

static void
failed(struct refer *r, const struct error *err, const struct reference *at)
{
	copy_fail(r->copy, err, "failed to list what refers to %s/%s@%s",
	    at->registry, at->repository, r->n->digest);
}

static void
target_listed(void *refer, const struct referrers_found *found,
    const struct error *err)
{
	struct refer *r = refer;

	if (err->kind != ERROR_NONE) {
		failed(r, err, &r->copy->dst);
		return;
	}
	r->there = json_object_get(found->list);
	r->api = found->api;
	refer_subject(r);
}

static void
source_listed(void *refer, const struct referrers_found *found,
    const struct error *err)
{
	struct refer *r = refer;
	struct copy *c = r->copy;

	if (err->kind != ERROR_NONE) {
		failed(r, err, &c->src);
		return;
	}
	r->n->foreign = found->foreign;
	if (json_object_array_length(found->list) == 0) {
		refer_free(r);
		refer_done(c);
		return;
	}
	r->list = json_object_get(found->list);
	referrers_lookup_free(r->lookup);
	r->lookup = referrers_lookup_new(c->w, &c->dst, r->n->digest, "",
	    target_listed, r);
}

void
refer_later(struct copy_node *n)
{
	struct copy *c = n->copy;

	if (!c->referrers || n->referred || n->blob ||
	    node_find(c, n->digest) != n)
		return;
	n->referred = true;
	TAILQ_INSERT_TAIL(&c->refer_queue, n, refer);
}

bool
refer_next(struct copy *c)
{
	struct copy_node *n;
	struct refer *r;

	while (!c->over && c->refers_active < COPY_MANIFESTS &&
	    (n = TAILQ_FIRST(&c->refer_queue)) != NULL) {
		TAILQ_REMOVE(&c->refer_queue, n, refer);
		c->refers_active++;
		r = mem_alloc(sizeof(*r));
		r->copy = c;
		r->n = n;
		SLIST_INSERT_HEAD(&c->refers, r, entry);
		r->lookup = referrers_lookup_new(c->w, &c->src, n->digest,
		    "", source_listed, r);
	}
	return c->refers_active > 0;
}

static void
noted(void *node, const struct error *err)
{
	struct copy_node *n = node;

	n->edit = NULL;
	if (n->copy->over)
		return;
	if (err->kind != ERROR_NONE)
		copy_fail(n->copy, err, "failed to list %s/%s@%s as a "
		    "referrer", n->dst.registry, n->dst.repository,
		    n->digest);
	else
		put_over(n);
}

bool
refer_note(struct copy_node *n, const char *told)
{
	struct copy *c = n->copy;
	const char *own = referrers_subject(n->m);
	const char *subject = n->subject != NULL ? n->subject : own;
	struct error err = { .kind = ERROR_NONE };
	json_object *d;

	if (told != NULL && own != NULL && strcmp(told, own) == 0)
		referrers_registry_offers(c->w, &c->dst);
	if (subject == NULL || (told != NULL && strcmp(told, subject) == 0))
		return false;
	/* A registry's own list has only what says so itself. */
	if ((own == NULL || strcmp(own, subject) != 0) &&
	    !referrers_missing(c->w, &c->dst))
		return false;
	d = referrers_descriptor(n->m);
	n->edit = referrers_add(c->w, &c->dst, subject, d, noted, n, &err);
	json_object_put(d);
	if (n->edit == NULL)
		copy_fail(c, &err, "failed to list %s/%s@%s as a referrer",
		    n->dst.registry, n->dst.repository, n->digest);
	return true;
}
