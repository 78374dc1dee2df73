/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content.c - what a manifest names: an index's manifests and an image's
 * blobs. Each becomes a node or a blob of the copy, once.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/copy/copy_private.h"

/* The child of an index for a platform that is named by one word: the one that
 * manifest.get takes. */
static void
find_fits(struct copy_node *n)
{
	const struct copy *c = n->copy;
	struct error err;

	if (n->fits != NULL || c->nplatforms == 0)
		return;
	n->fits = mem_array(c->nplatforms, sizeof(n->fits[0]));
	for (size_t i = 0; i < c->nplatforms; i++)
		if (c->platforms[i].fits)
			n->fits[i] = platform_select(n->m, &c->platforms[i],
			    &err);
}

/* An exact match, if not named by one word; an entry without a platform only
 * when "" is listed. */
static bool
platform_wanted(struct copy_node *n, const struct descriptor *d)
{
	const struct copy *c = n->copy;

	/* A referrer is copied whole. */
	if (c->all_platforms || n->subject != NULL)
		return true;
	if (!d->has_platform || d->platform.os[0] == '\0')
		return c->no_platform;
	find_fits(n);
	for (size_t i = 0; i < c->nplatforms; i++)
		if (c->platforms[i].fits ? n->fits[i] == d :
		    platform_equal(&c->platforms[i], &d->platform))
			return true;
	return false;
}

/* The platforms of an index, for a message. */
static void
platform_names(const struct manifest *m, struct buffer *out)
{
	char *s;

	for (size_t i = 0; i < m->nchildren; i++) {
		if (!m->children[i].has_platform)
			continue;
		s = platform_string(&m->children[i].platform);
		buffer_printf(out, "%s%s", out->len > 0 ? "," : "", s);
		free(s);
	}
}

/* Nothing of the index is wanted. An index with nothing in it is no copy of
 * an image, so for what the script named that is an error. */
static void
no_platform(struct copy_node *n)
{
	struct copy *c = n->copy;
	struct error err = { .kind = ERROR_NONE };
	struct log_record r;
	struct buffer has;

	buffer_init(&has, ERROR_TEXT_MAX / 2);
	platform_names(n->m, &has);
	if (n->root) {
		error_set(&err, ERROR_NOT_FOUND, "no platform of %s matches "
		    "%s: it has %s", n->name, c->platform_list, has.len > 0 ?
		    buffer_str(&has) : "none");
		copy_over(c, &err);
	} else if (c->w->log_level <= LOG_WARN) {
		log_record_init(&r, LOG_WARN, "No platform of the image "
		    "matches");
		log_record_string(&r, "source", n->name);
		log_record_string(&r, "platforms", c->platform_list);
		client_log(c->client, &r);
		log_record_free(&r);
	}
	buffer_free(&has);
}

static bool
has_platform(const struct manifest *m, const struct platform *p)
{
	for (size_t i = 0; i < m->nchildren; i++)
		if (m->children[i].has_platform &&
		    platform_equal(p, &m->children[i].platform))
			return true;
	return false;
}

/* An index within the index may have what this one has not. */
static bool
nests(const struct manifest *m)
{
	for (size_t i = 0; i < m->nchildren; i++)
		if (strcmp(m->children[i].media_type, MEDIA_OCI_INDEX) == 0 ||
		    strcmp(m->children[i].media_type, MEDIA_DOCKER_LIST) == 0)
			return true;
	return false;
}

/* Many images have only some of the platforms that a script lists for all:
 * that is no error, but whoever mistyped one must be told. */
static void
platforms_missing(struct copy_node *n)
{
	struct copy *c = n->copy;
	struct log_record r;
	struct buffer has;
	char *name;

	if (!n->root || c->w->log_level > LOG_WARN || nests(n->m))
		return;
	buffer_init(&has, ERROR_TEXT_MAX / 2);
	platform_names(n->m, &has);
	for (size_t i = 0; i < c->nplatforms; i++) {
		if (c->platforms[i].fits ? n->fits[i] != NULL :
		    has_platform(n->m, &c->platforms[i]))
			continue;
		name = platform_string(&c->platforms[i]);
		log_record_init(&r, LOG_WARN, "The image does not have a "
		    "platform that is to be copied");
		log_record_string(&r, "source", n->name);
		log_record_string(&r, "platform", name);
		log_record_string(&r, "has", buffer_str(&has));
		client_log(c->client, &r);
		log_record_free(&r);
		free(name);
	}
	buffer_free(&has);
}

static void
index_content(struct copy_node *n)
{
	size_t wanted = 0;

	for (size_t i = 0; i < n->m->nchildren; i++)
		wanted += platform_wanted(n, &n->m->children[i]);
	n->sparse = wanted < n->m->nchildren;
	if (wanted == 0 && n->sparse)
		no_platform(n);
	else
		platforms_missing(n);
	for (size_t i = 0; i < n->m->nchildren; i++) {
		const struct descriptor *d = &n->m->children[i];

		if (!platform_wanted(n, d))
			continue;
		if (blob_media_type(d->media_type))
			blob_need(n, d, "layer");
		else if (!n->copy->over)
			content_child(n, d);
	}
}

static void
image_content(struct copy_node *n)
{
	if (n->m->config != NULL)
		blob_need(n, n->m->config, "config");
	for (size_t i = 0; i < n->m->nlayers; i++)
		blob_need(n, &n->m->layers[i], "layer");
}

void
content_take(struct copy_node *n)
{
	struct copy *c = n->copy;
	struct copy_node *twin = node_find(c, n->m->digest);

	if (twin == NULL)
		node_register(n);
	n->state = NODE_WAITING;
	/* Content that already exists must not complete the node early. */
	n->waiting++;
	if (c->same_repository || (twin != NULL && twin != n))
		;
	else if (manifest_is_index(n->m))
		index_content(n);
	else if (!c->dry && !n->present)
		image_content(n);
	/* An index waits for manifests, which need its slot. */
	if (n->slot && manifest_is_index(n->m)) {
		n->slot = false;
		c->nodes_active--;
	}
	node_unblock(n);
	content_pump(c);
	blob_pump(c);
}

static struct copy_node *
child_new(struct copy_node *parent, const struct descriptor *d)
{
	struct copy *c = parent->copy;
	struct error err = { .kind = ERROR_NONE };
	struct copy_node *n;

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
	n->inherits = parent->present && !c->force && !c->digest_tags &&
	    !c->partial;
	node_register(n);
	return n;
}

void
content_child(struct copy_node *parent, const struct descriptor *d)
{
	struct copy *c = parent->copy;
	struct copy_node *n = node_find(c, d->digest);

	if (n != NULL && n == c->top && n->state == NODE_READY) {
		if (c->dry || n->present || n->put_by_digest)
			return;
		node_wait_for(&n->waiters, parent);
		put_by_digest(n);
		return;
	}
	if (n == NULL) {
		if ((n = child_new(parent, d)) == NULL)
			return;
		/* Deeper ones first, so that fewer wait at the same time. */
		if (n->depth > 1)
			TAILQ_INSERT_HEAD(&c->node_queue, n, queue);
		else
			TAILQ_INSERT_TAIL(&c->node_queue, n, queue);
	}
	if (n->state != NODE_DONE)
		node_wait_for(&n->waiters, parent);
}

static void
child_again(struct copy_node *parent, const struct descriptor *d)
{
	struct copy *c = parent->copy;
	struct copy_node *n = node_find(c, d->digest);

	if (n == NULL || n->root)
		return;
	if (n->state == NODE_DONE) {
		n->state = NODE_QUEUED;
		n->present = n->inherits = false;
		TAILQ_INSERT_TAIL(&c->node_queue, n, queue);
	}
	node_wait_for(&n->waiters, parent);
}

void
content_again(struct copy_node *n)
{
	struct copy *c = n->copy;

	n->again = true;
	n->state = NODE_WAITING;
	n->waiting++;
	for (size_t i = 0; i < n->m->nchildren; i++) {
		const struct descriptor *d = &n->m->children[i];

		bool wanted = platform_wanted(n, d);

		if (!wanted)
			continue;
		if (blob_media_type(d->media_type))
			blob_again(n, d);
		else
			child_again(n, d);
	}
	if (n->m->config != NULL)
		blob_again(n, n->m->config);
	for (size_t i = 0; i < n->m->nlayers; i++)
		blob_again(n, &n->m->layers[i]);
	node_unblock(n);
	content_pump(c);
	blob_pump(c);
}

void
content_pump(struct copy *c)
{
	struct copy_node *n;

	/* A node that is done at once calls this again. */
	if (c->pumping)
		return;
	c->pumping = true;
	while (!c->over && c->nodes_active < COPY_MANIFESTS &&
	    (n = TAILQ_FIRST(&c->node_queue)) != NULL) {
		TAILQ_REMOVE(&c->node_queue, n, queue);
		n->slot = true;
		c->nodes_active++;
		c->walk->child(n);
	}
	c->pumping = false;
}
