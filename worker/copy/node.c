/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.c - a manifest of a copy: where it is from, whether it is an index, and
 * which other manifests wait for it.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"
#include "worker/copy/copy_private.h"
#include "worker/job/unfinished.h"

struct copy_node *
node_new(struct copy *c, const struct reference *src,
    const struct reference *dst)
{
	struct copy_node *n = mem_alloc(sizeof(*n));

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
node_free(struct copy_node *n)
{
	reference_free(&n->src);
	reference_free(&n->dst);
	free(n->name);
	free(n->digest);
	free(n->media_type);
	free(n->target_digest);
	manifest_free(n->m);
	free(n->fits);
	free(n->subject);
	json_object_put(n->descriptor);
	free(n->waiters.nodes);
	free(n);
}

int
node_compare(const void *a, const void *b)
{
	return strcmp(((const struct copy_node *)a)->digest,
	    ((const struct copy_node *)b)->digest);
}

struct copy_node *
node_find(struct copy *c, const char *digest)
{
	struct copy_node want = { .digest = (char *)digest }, **at;

	at = tfind(&want, &c->nodes, node_compare);
	return at != NULL ? *at : NULL;
}

void
node_register(struct copy_node *n)
{
	tsearch(n, &n->copy->nodes, node_compare);
}

static void
node_known(struct copy_node *n)
{
	free(n->digest);
	free(n->media_type);
	n->digest = mem_strdup(n->m->digest);
	n->media_type = mem_strdup(n->m->media_type);
}

int
node_take(struct copy_node *n, struct answer *a, const char *expected,
    struct error *err)
{
	n->m = manifest_parse(buffer_str(&a->body), a->body.len,
	    a->media_type, expected, err);
	if (n->m == NULL)
		return -1;
	node_known(n);
	return n->m->placeholder ? unfinished_error(NULL, err) : 0;
}

bool
node_take_kept(struct copy_node *n)
{
	const struct overlay *o = n->copy->w->overlay;
	const struct overlay_content *kept = o != NULL ?
	    overlay_kept(o, n->src.digest) : NULL;
	struct error err;

	if (kept == NULL || n->m != NULL)
		return n->m != NULL;
	n->m = manifest_parse(kept->bytes, kept->len, kept->media_type,
	    kept->digest, &err);
	if (n->m != NULL)
		node_known(n);
	return n->m != NULL;
}

bool
node_is_index(const struct copy_node *n)
{
	enum manifest_kind kind;
	struct error err;

	if (n->m != NULL)
		return manifest_is_index(n->m);
	/* An unknown type may be one. */
	if (manifest_kind_parse(n->media_type, &kind, &err) == -1)
		return true;
	return kind == MANIFEST_OCI_INDEX || kind == MANIFEST_DOCKER_LIST;
}

void
node_wait_for(struct waiters *w, struct copy_node *n)
{
	w->nodes = mem_resize(w->nodes, w->n + 1, sizeof(w->nodes[0]));
	w->nodes[w->n++] = n;
	n->waiting++;
}

void
node_unblock(struct copy_node *n)
{
	struct copy *c = n->copy;

	if (--n->waiting > 0 || c->over || n->state != NODE_WAITING)
		return;
	c->walk->complete(n);
}

void
node_wake(struct waiters *w)
{
	for (size_t i = 0; i < w->n; i++)
		node_unblock(w->nodes[i]);
	w->n = 0;
}
