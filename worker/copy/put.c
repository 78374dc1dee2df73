/* SPDX-License-Identifier: Apache-2.0 */
/*
 * put.c - writes a manifest to the target once everything it names is there,
 * then lets the manifests that wait for it continue.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/copy/copy_private.h"

void
put_over(struct copy_node *n)
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
	c->walk->refer(n);
	node_wake(&n->waiters);
	if (n->subject != NULL && !n->counted) {
		n->counted = true;
		c->walk->referred(c);
	} else if (n->root) {
		c->tag_active = false;
		c->walk->tags(c);
	}
	content_pump(c);
}

/* Does the registry miss something that the manifest names? Docker's says so
 * also while another job uploads or puts the same once more. */
static bool
is_missing(const struct error *err)
{
	return (err->http == 400 || err->http == 404) &&
	    (strstr(err->text, "BLOB_UNKNOWN") != NULL ||
	    strstr(err->text, "MANIFEST_UNKNOWN") != NULL);
}

/* An index of which the target has only some platforms: not every registry
 * takes one. */
static void
put_sparse_failed(struct copy_node *n, const struct error *err)
{
	struct copy *c = n->copy;
	struct error why = *err;

	error_prefix(&why, "the registry refuses an index with platforms "
	    "that it does not have; copy all platforms, or only one by its "
	    "digest, image.copy(\"%s/%s@DIGEST\", ...)", n->src.registry,
	    n->src.repository);
	copy_fail(c, &why, "failed to put manifest %s/%s:%s",
	    n->dst.registry, n->dst.repository, reference_name(&n->dst));
}

static void
put_done(void *obj, struct answer *a)
{
	struct copy_node *n = obj;
	bool missing = is_missing(&a->err);
	char *name;

	if (a->err.kind == ERROR_NONE) {
		n->copy->result.manifests++;
		if (!n->copy->walk->note(n, a->subject))
			put_over(n);
	} else if (missing && !n->again) {
		content_again(n);
	} else if (n->sparse && (missing || (a->err.http == 400 &&
	    strstr(a->err.text, "MANIFEST_INVALID") != NULL))) {
		put_sparse_failed(n, &a->err);
	} else {
		name = reference_string(&n->dst);
		copy_fail(n->copy, &a->err, "failed to put manifest %s",
		    name);
		free(name);
	}
}

static void
put_pretended(const struct copy_node *n)
{
	struct overlay *o = n->copy->w->overlay;

	overlay_put(o, &n->dst, &n->src, n->digest);
	if (!node_is_index(n))
		overlay_is_image(o, &n->dst, n->digest);
}

void
put_node(struct copy_node *n)
{
	struct copy *c = n->copy;
	struct error err = { .kind = ERROR_NONE };
	struct step *s;

	n->state = NODE_PUTTING;
	if (c->dry && n->root && !n->present && c->w->overlay != NULL)
		put_pretended(n);
	if (c->dry || n->present) {
		if (!n->present)
			c->result.manifests++;
		put_over(n);
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
	struct copy_node *n = obj;

	if (is_missing(&a->err) && !n->again) {
		n->again = true;
		n->by_digest = false;
		put_by_digest(n);
		return;
	}
	if (a->err.kind != ERROR_NONE) {
		copy_fail(n->copy, &a->err, "failed to put manifest %s/%s@%s",
		    n->dst.registry, n->dst.repository, n->digest);
		return;
	}
	n->copy->result.manifests++;
	n->present = n->copy->dst.digest[0] != '\0';
	n->by_digest = false;
	n->put_by_digest = true;
	node_wake(&n->waiters);
	n->copy->walk->top_put(n->copy);
}

/* A digest tag names the top: put it by digest now, under its tag later. */
void
put_by_digest(struct copy_node *n)
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
