/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.c - a manifest known by its digest: a child of an index. If the target
 * has it, it is skipped with everything it names, unless the copy is forced or
 * digest tags are wanted.
 */
#include "common/mem.h"
#include "worker/copy/copy_private.h"

static void
as_blob(struct copy_node *n)
{
	struct copy *c = n->copy;
	struct descriptor d = { .media_type = n->media_type,
	    .digest = n->digest, .size = n->size };

	n->blob = true;
	n->present = true;	/* there is nothing to put */
	n->state = NODE_WAITING;
	n->waiting++;
	blob_need(n, &d, "layer");
	node_unblock(n);
	blob_pump(c);
}

static void
child_got(void *obj, struct answer *a)
{
	struct copy_node *n = obj;
	struct copy *c = n->copy;

	/* An unknown type may be a blob. */
	if (a->err.kind == ERROR_NOT_FOUND && !c->dry && n->subject == NULL &&
	    !manifest_media_type_known(n->media_type)) {
		as_blob(n);
		return;
	}
	if (a->err.kind == ERROR_NONE)
		(void)node_take(n, a, n->src.digest, &a->err);
	if (a->err.kind != ERROR_NONE)
		copy_fail(c, &a->err, "copy failed, error getting source: "
		    "failed to get manifest %s", n->name);
	else
		content_take(n);
}

static void
child_get(struct copy_node *n)
{
	struct step *s;
	struct error err;

	if (copy_deleted(n->copy, &n->src, n->digest)) {
		(void)copy_source(n->copy, n, &err);
		copy_over(n->copy, &err);
		return;
	}
	if (node_take_kept(n)) {
		content_take(n);
		return;
	}
	if ((s = step_new(n->copy, child_got, n)) != NULL)
		s->call = client_manifest_get(n->copy->client, &n->src,
		    step_done, s);
}

static void
child_head(void *obj, struct answer *a)
{
	struct copy_node *n = obj;
	struct copy *c = n->copy;

	if (a->err.kind != ERROR_NONE && !copy_absent(&a->err)) {
		copy_fail(c, &a->err, "failed to access target registry");
		return;
	}
	n->present = a->err.kind == ERROR_NONE;
	if (n->present && ((!c->digest_tags && !c->referrers &&
	    !c->partial) || !node_is_index(n)))
		put_over(n);
	else
		child_get(n);
}

/* A dry run has deleted it from the source: it does not matter where the
 * target has it. */
static void
child_deleted(struct copy_node *n)
{
	struct copy *c = n->copy;
	struct reference real = { .ocidir = false };
	enum overlay_state state = overlay_find(c->w->overlay, &n->dst, &real);
	struct step *s;

	reference_free(&real);
	if (state == OVERLAY_MOVED && !c->force)
		put_over(n);
	else if (state == OVERLAY_DELETED || c->force)
		child_get(n);
	else if ((s = step_new(c, child_head, n)) != NULL)
		s->call = client_manifest_head(c->client, &n->dst, step_done,
		    s);
}

void
child_start(struct copy_node *n)
{
	struct copy *c = n->copy;
	struct step *s;

	n->state = NODE_FETCHING;
	n->present = n->inherits;
	if (c->dry && !n->inherits && !c->top->moved && !n->root &&
	    copy_deleted(c, &n->src, n->digest))
		child_deleted(n);
	else if (((c->dry && !c->partial) || n->inherits) &&
	    !node_is_index(n))
		put_over(n);
	else if ((c->dry && !c->partial) || c->force || n->inherits ||
	    n->unlisted)
		child_get(n);
	else if ((s = step_new(c, child_head, n)) != NULL)
		s->call = client_manifest_head(c->client, &n->dst, step_done,
		    s);
}
