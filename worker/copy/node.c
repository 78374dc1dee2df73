/* SPDX-License-Identifier: Apache-2.0 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "worker/copy/copy_private.h"
#include "common/digest.h"
#include "common/mem.h"

struct node *
node_new(struct copy *c, const struct reference *src,
    const struct reference *dst)
{
	struct node *n = mem_alloc(sizeof(*n));

	n->copy = c;
	reference_copy(&n->src, src);
	reference_copy(&n->dst, dst);
	n->name = reference_string(src);
	n->digest = mem_strdup("");
	n->media_type = mem_strdup("");
	n->target_digest = mem_strdup("");
	SLIST_INSERT_HEAD(&c->all_nodes, n, all);
	return n;
}

void
node_free(struct node *n)
{
	reference_free(&n->src);
	reference_free(&n->dst);
	free(n->name);
	free(n->digest);
	free(n->media_type);
	free(n->target_digest);
	manifest_free(n->m);
	free(n->waiters.nodes);
	free(n);
}

struct node *
node_find(struct copy *c, const char *digest)
{
	struct node want = { .digest = (char *)digest }, **at;

	at = tfind(&want, &c->nodes, compare_node);
	return at != NULL ? *at : NULL;
}

void
node_register(struct node *n)
{
	tsearch(n, &n->copy->nodes, compare_node);
}

int
node_take(struct node *n, struct answer *a, const char *expected,
    struct error *err)
{
	n->m = manifest_parse(buffer_str(&a->body), a->body.len,
	    a->media_type, expected, err);
	if (n->m == NULL)
		return -1;
	free(n->digest);
	free(n->media_type);
	n->digest = mem_strdup(n->m->digest);
	n->media_type = mem_strdup(n->m->media_type);
	return 0;
}

bool
node_is_index(const struct node *n)
{
	enum manifest_kind kind;
	struct error err;

	if (n->m != NULL)
		return manifest_is_index(n->m);
	/* What is not known may be one. */
	if (manifest_kind_parse(n->media_type, &kind, &err) == -1)
		return true;
	return kind == MANIFEST_OCI_INDEX || kind == MANIFEST_DOCKER_LIST;
}

/* registry-behaviour.md, 7: an exact match; an entry without a platform only
 * when "" is listed. */
static bool
platform_wanted(const struct copy *c, const struct descriptor *d)
{
	if (c->all_platforms)
		return true;
	if (!d->has_platform || d->platform.os[0] == '\0')
		return c->no_platform;
	for (size_t i = 0; i < c->nplatforms; i++)
		if (platform_equal(&c->platforms[i], &d->platform))
			return true;
	return false;
}

static void
warn_no_platform(const struct node *n)
{
	const struct copy *c = n->copy;
	struct log_record r;

	if (c->w->log_level > LOG_WARN)
		return;
	log_record_init(&r, LOG_WARN, "No platform of the image matches");
	log_record_string(&r, "source", n->name);
	log_record_string(&r, "platforms", c->platform_list);
	client_log(c->client, &r);
	log_record_free(&r);
}

static void
index_content(struct node *n)
{
	size_t wanted = 0;

	for (size_t i = 0; i < n->m->nchildren; i++) {
		const struct descriptor *d = &n->m->children[i];

		if (!platform_wanted(n->copy, d))
			continue;
		wanted++;
		if (blob_media_type(d->media_type))
			blob_need(n, d, "layer");
		else
			node_child(n, d);
	}
	if (wanted == 0 && n->m->nchildren > 0)
		warn_no_platform(n);
}

static void
image_content(struct node *n)
{
	if (n->m->config != NULL)
		blob_need(n, n->m->config, "config");
	for (size_t i = 0; i < n->m->nlayers; i++)
		blob_need(n, &n->m->layers[i], "layer");
}

void
node_content(struct node *n)
{
	struct copy *c = n->copy;
	struct node *twin = node_find(c, n->m->digest);

	if (twin == NULL)
		node_register(n);
	n->state = NODE_WAITING;
	/* Whatever is there already must not finish it half way through. */
	n->waiting++;
	if (c->same_repository || (twin != NULL && twin != n))
		;
	else if (manifest_is_index(n->m))
		index_content(n);
	else if (!c->dry && !n->present)
		image_content(n);
	/* An index waits for manifests, which need its place. */
	if (n->slot && manifest_is_index(n->m)) {
		n->slot = false;
		c->nodes_active--;
	}
	node_unblock(n);
	nodes_pump(c);
	blobs_pump(c);
}

void
node_unblock(struct node *n)
{
	struct copy *c = n->copy;

	if (--n->waiting > 0 || c->over || n->state != NODE_WAITING)
		return;
	if (n == c->top && c->digest_tags && !c->same_repository) {
		n->state = NODE_READY;
		tags_next(c);
	} else
		node_put(n);
}

void
wake(struct waiters *w)
{
	for (size_t i = 0; i < w->n; i++)
		node_unblock(w->nodes[i]);
	w->n = 0;
}

void
node_done(struct node *n)
{
	struct copy *c = n->copy;

	n->state = NODE_DONE;
	if (n->slot)
		c->nodes_active--;
	n->slot = false;
	if (n == c->top) {
		copy_over(c, NULL);
		return;
	}
	manifest_free(n->m);
	n->m = NULL;
	wake(&n->waiters);
	if (n->root)
		tags_next(c);
	nodes_pump(c);
}

static void
put_done(void *obj, struct answer *a)
{
	struct node *n = obj;
	char *name;

	if (a->err.kind == ERROR_NONE) {
		node_done(n);
		return;
	}
	name = reference_string(&n->dst);
	copy_fail(n->copy, &a->err, "failed to put manifest %s", name);
	free(name);
}

void
node_put(struct node *n)
{
	struct copy *c = n->copy;
	struct error err = { .kind = ERROR_NONE };
	struct step *s;

	n->state = NODE_PUTTING;
	if (c->dry && n->root && c->w->overlay != NULL)
		overlay_put(c->w->overlay, &n->dst, &n->src, n->digest);
	if (c->dry || n->present) {
		node_done(n);
		return;
	}
	if (n->dst.digest[0] != '\0' &&
	    strcmp(n->dst.digest, n->m->digest) != 0) {
		error_set(&err, ERROR_INPUT, "the source has the digest %s",
		    n->m->digest);
		copy_fail(c, &err, "failed to put manifest %s/%s@%s",
		    n->dst.registry, n->dst.repository, n->dst.digest);
		return;
	}
	if ((s = step_new(c, put_done, n)) != NULL)
		s->call = client_manifest_put(c->client, &n->dst,
		    n->m->media_type, n->m->digest, n->m->bytes, n->m->len,
		    step_done, s);
}

static void
top_is_put(void *obj, struct answer *a)
{
	struct node *n = obj;

	if (a->err.kind != ERROR_NONE) {
		copy_fail(n->copy, &a->err, "failed to put manifest %s/%s@%s",
		    n->dst.registry, n->dst.repository, n->digest);
		return;
	}
	n->present = n->copy->dst.digest[0] != '\0';
	n->by_digest = false;
	n->put_by_digest = true;
	wake(&n->waiters);
}

/* A digest tag names the top: it is put by its digest now, its tag later. */
static void
top_by_digest(struct node *n)
{
	struct copy *c = n->copy;
	struct reference dst;
	struct step *s;

	if (n->by_digest)
		return;
	n->by_digest = true;
	reference_copy(&dst, &n->dst);
	reference_set_digest(&dst, n->digest);
	if ((s = step_new(c, top_is_put, n)) != NULL)
		s->call = client_manifest_put(c->client, &dst,
		    n->m->media_type, n->m->digest, n->m->bytes, n->m->len,
		    step_done, s);
	reference_free(&dst);
}

static struct node *
child_new(struct node *parent, const struct descriptor *d)
{
	struct copy *c = parent->copy;
	struct error err = { .kind = ERROR_NONE };
	struct node *n;

	if (parent->depth + 1 > INDEX_DEPTH_MAX) {
		error_set(&err, ERROR_LIMIT, "%s has indexes within indexes, "
		    "more than %d deep", c->top->name, INDEX_DEPTH_MAX);
		copy_over(c, &err);
		return NULL;
	}
	if (!copy_item(c))
		return NULL;
	n = node_new(c, &parent->src, &parent->dst);
	reference_set_digest(&n->src, d->digest);
	reference_set_digest(&n->dst, d->digest);
	free(n->name);
	n->name = reference_string(&n->src);
	free(n->digest);
	n->digest = mem_strdup(d->digest);
	free(n->media_type);
	n->media_type = mem_strdup(d->media_type);
	n->depth = parent->depth + 1;
	n->size = d->size;
	node_register(n);
	return n;
}

void
node_child(struct node *parent, const struct descriptor *d)
{
	struct copy *c = parent->copy;
	struct node *n = node_find(c, d->digest);

	if (n != NULL && n == c->top && n->state == NODE_READY) {
		if (c->dry || n->present || n->put_by_digest)
			return;
		waiters_add(&n->waiters, parent);
		top_by_digest(n);
		return;
	}
	if (n == NULL) {
		if ((n = child_new(parent, d)) == NULL)
			return;
		/* Deeper ones first, so that few wait at once. */
		if (n->depth > 1)
			TAILQ_INSERT_HEAD(&c->node_queue, n, queue);
		else
			TAILQ_INSERT_TAIL(&c->node_queue, n, queue);
	}
	if (n->state != NODE_DONE)
		waiters_add(&n->waiters, parent);
}

void
nodes_pump(struct copy *c)
{
	struct node *n;

	/* A node that is done at once comes here again. */
	if (c->pumping)
		return;
	c->pumping = true;
	while (!c->over && c->nodes_active < COPY_MANIFESTS &&
	    (n = TAILQ_FIRST(&c->node_queue)) != NULL) {
		TAILQ_REMOVE(&c->node_queue, n, queue);
		n->slot = true;
		c->nodes_active++;
		copy_child_start(n);
	}
	c->pumping = false;
}
