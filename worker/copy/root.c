/* SPDX-License-Identifier: Apache-2.0 */
/*
 * root.c - a manifest known by a name. Both sides are asked at once: if the
 * target has the same digest, there is nothing more to do.
 */
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/image/placeholder.h"
#include "common/mem.h"
#include "worker/copy/copy_private.h"
#include "worker/job/unfinished.h"

#define SOURCE "copy failed, error getting source"

static void
set(char **where, const char *value)
{
	free(*where);
	*where = mem_strdup(value);
}

/* A tag whose deletion was interrupted. */
static void
source_finished(void *obj, struct answer *a)
{
	struct copy_node *n = obj;
	struct error err;

	unfinished_error(&a->err, &err);
	copy_fail(n->copy, &err, SOURCE ": failed to get manifest %s",
	    n->name);
}

static void
source_failed(struct copy_node *n, const struct error *err)
{
	struct copy *c = n->copy;
	struct step *s;

	if (n->m == NULL || !unfinished_deletable(c->w, n->m, &n->src))
		copy_fail(c, err, SOURCE ": failed to get manifest %s",
		    n->name);
	else if ((s = step_new(c, source_finished, n)) != NULL)
		s->call = unfinished_delete(c->w, n->m, &n->src, step_done,
		    s);
}

static void
source_got(void *obj, struct answer *a)
{
	struct copy_node *n = obj;
	const char *expected = n->src.digest;
	char *header = NULL;

	if (expected[0] == '\0' && digest_valid(a->digest))
		expected = header = mem_strdup(a->digest);
	if (a->err.kind == ERROR_NONE)
		(void)node_take(n, a, expected, &a->err);
	if (a->err.kind != ERROR_NONE)
		source_failed(n, &a->err);
	else if (n->heads > 0 && --n->heads == 0)
		root_compare(n);
	free(header);
}

static void
source_get(struct copy_node *n)
{
	struct step *s = step_new(n->copy, source_got, n);

	if (s != NULL)
		s->call = client_manifest_get(n->copy->client, &n->src,
		    step_done, s);
}

/* The answer to a GET says why, that to a HEAD only that; and there are
 * registries that refuse one where they serve the other. */
static void
source_head(void *obj, struct answer *a)
{
	struct copy_node *n = obj;
	struct error err;

	if (a->err.kind != ERROR_NONE && (!copy_absent(&a->err) ||
	    a->err.kind == ERROR_RATE_LIMIT)) {
		copy_fail(n->copy, &a->err, SOURCE ": failed to request "
		    "manifest head %s", n->name);
		return;
	}
	if (a->err.kind != ERROR_NONE || !digest_valid(a->digest)) {
		source_get(n);
		return;
	}
	if (copy_source_there(n->copy, n, a->digest, &err) == -1) {
		copy_over(n->copy, &err);
		return;
	}
	set(&n->digest, a->digest);
	set(&n->media_type, a->media_type);
	n->doubtful = a->size > 0 && placeholder_may_be((size_t)a->size,
	    n->src.repository, n->src.tag);
	if (--n->heads == 0)
		root_compare(n);
}

static void
target_got(void *obj, struct answer *a)
{
	struct copy_node *n = obj;
	struct manifest *m = NULL;

	/* If it cannot be read, it is overwritten. */
	if (a->err.kind == ERROR_NONE)
		m = manifest_parse(buffer_str(&a->body), a->body.len,
		    a->media_type, "", &a->err);
	if (m != NULL)
		set(&n->target_digest, m->digest);
	manifest_free(m);
	if (--n->heads == 0)
		root_compare(n);
}

static void
target_head(void *obj, struct answer *a)
{
	struct copy_node *n = obj;
	struct copy *c = n->copy;
	struct step *s;

	if (a->err.kind != ERROR_NONE && !copy_absent(&a->err)) {
		copy_fail(c, &a->err, "failed to access target registry");
		return;
	}
	if (a->err.kind == ERROR_NONE && !digest_valid(a->digest)) {
		if ((s = step_new(c, target_got, n)) != NULL)
			s->call = client_manifest_get(c->client, &n->dst,
			    step_done, s);
		return;
	}
	if (a->err.kind == ERROR_NONE && !copy_deleted(c, &n->dst, a->digest))
		set(&n->target_digest, a->digest);
	if (--n->heads == 0)
		root_compare(n);
}

/* What a dry run pretends of the target takes the registry's place. */
static bool
target_pretended(struct copy_node *n)
{
	const struct overlay *o = n->copy->w->overlay;
	struct reference real = { .ocidir = false };

	if (o == NULL)
		return false;
	switch (overlay_find(o, &n->dst, &real)) {
	case OVERLAY_MOVED:
		set(&n->target_digest, real.digest);
		reference_free(&real);
		return true;
	case OVERLAY_DELETED:
		return true;
	default:
		return false;
	}
}

void
root_start(struct copy_node *n)
{
	struct copy *c = n->copy;
	struct step *s;
	bool known = (digest_valid(n->src.digest) && !c->dry) ||
	    node_take_kept(n);
	bool target_known = target_pretended(n);

	n->state = NODE_FETCHING;
	n->heads = (target_known ? 0u : 1u) + (known ? 0u : 1u);
	if (known)
		set(&n->digest, n->src.digest);
	if (!target_known && (s = step_new(c, target_head, n)) != NULL)
		s->call = client_manifest_head(c->client, &n->dst, step_done,
		    s);
	if (!known && (s = step_new(c, source_head, n)) != NULL)
		s->call = client_manifest_head(c->client, &n->src, step_done,
		    s);
	if (n->heads == 0)
		root_compare(n);
}

/* The source's digest is known, its bytes are not: get them by digest, so that
 * a tag that moves in the meantime does no harm. */
static void
content_got(void *obj, struct answer *a)
{
	struct copy_node *n = obj;

	if (a->err.kind == ERROR_NONE)
		(void)node_take(n, a, n->src.digest, &a->err);
	if (a->err.kind != ERROR_NONE)
		source_failed(n, &a->err);
	else
		content_take(n);
}

static void
content_get(struct copy_node *n)
{
	struct step *s;

	if (n->m != NULL) {
		content_take(n);
		return;
	}
	reference_add_digest(&n->src, n->digest);
	if ((s = step_new(n->copy, content_got, n)) != NULL)
		s->call = client_manifest_get(n->copy->client, &n->src,
		    step_done, s);
}

/* There is no need to read it. */
static void
content_known(struct copy_node *n)
{
	if (node_find(n->copy, n->digest) == NULL)
		node_register(n);
	n->state = NODE_WAITING;
	n->waiting++;
	node_unblock(n);
}

/* A dry run reads an index also to see whether it has the platforms, and
 * whether a part of it was deleted. */
static bool
dry_reads_index(const struct copy_node *n)
{
	const struct copy *c = n->copy;

	return node_is_index(n) && (!c->all_platforms || (!n->moved &&
	    c->w->overlay != NULL && overlay_deletes(c->w->overlay, &n->src)));
}

void
root_compare(struct copy_node *n)
{
	struct copy *c = n->copy;
	bool tags;

	if (c->over)
		return;
	n->present = !c->force && n->target_digest[0] != '\0' &&
	    strcmp(n->target_digest, n->digest) == 0;
	tags = (c->digest_tags || c->referrers) && !c->same_repository &&
	    node_is_index(n);
	/* An earlier copy may have brought other platforms. */
	if (n == c->top && n->present && !c->all_platforms &&
	    !c->same_repository && !n->moved && node_is_index(n))
		c->partial = tags = true;
	if (tags || (!n->present && (!c->dry || n->doubtful ||
	    dry_reads_index(n))))
		content_get(n);
	else
		content_known(n);
}
