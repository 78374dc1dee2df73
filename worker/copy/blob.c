/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob.c - copies a blob: nothing to do when the target has it, else a mount
 * when it is known elsewhere in the target's registry, else a stream: from the
 * source, or from where external.c says.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/copy/copy_private.h"

/* Types that an index may list but that are not manifests. */
bool
blob_media_type(const char *media_type)
{
	static const char *const types[] = {
		"application/vnd.oci.image.config.v1+json",
		"application/vnd.docker.container.image.v1+json",
		"application/vnd.buildkit.cacheconfig.v0",
	};
	static const char *const prefixes[] = {
		"application/vnd.oci.image.layer.",
		"application/vnd.docker.image.rootfs.",
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(media_type, types[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(media_type, prefixes[i],
		    strlen(prefixes[i])) == 0)
			return true;
	return false;
}

int
blob_compare(const void *a, const void *b)
{
	return strcmp(((const struct copy_blob *)a)->digest,
	    ((const struct copy_blob *)b)->digest);
}

/* It will be uploaded, as far as we know. */
static void
blob_expect(struct copy_blob *b)
{
	if (b->size <= 0 || b->expected != 0)
		return;
	b->expected = b->size;
	client_expect(b->copy->client, b->expected);
}

/* It was not. */
static void
blob_unexpect(struct copy_blob *b)
{
	client_expect(b->copy->client, -b->expected);
	b->expected = 0;
}

void
blob_free(struct copy_blob *b)
{
	blob_unexpect(b);
	free(b->digest);
	free(b->from);
	json_object_put(b->urls);
	free(b->url_registry);
	free(b->waiters.nodes);
	free(b);
}

/* "Copy layer" and "Copy config", as in regbot: a line for each blob of each
 * image, even if it need not be copied. */
static void
blob_log(const struct copy_node *n, const struct descriptor *d,
    const char *what)
{
	struct copy *c = n->copy;
	bool layer = strcmp(what, "layer") == 0;
	struct log_record r;
	char *source, *target;

	if (c->w->log_level > LOG_INFO)
		return;
	source = n->root ? mem_strdup(n->name) : reference_string(&n->src);
	target = reference_string(&n->dst);
	log_record_init(&r, LOG_INFO, layer ? "Copy layer" : "Copy config");
	log_record_string(&r, "source", source);
	log_record_string(&r, "target", target);
	log_record_string(&r, layer ? "layer" : "digest", d->digest);
	client_log(c->client, &r);
	log_record_free(&r);
	free(source);
	free(target);
}

void
blob_need(struct copy_node *n, const struct descriptor *d, const char *what)
{
	struct copy *c = n->copy;
	struct copy_blob want = { .digest = d->digest }, **at, *b;
	bool schema1 = n->m != NULL && (n->m->kind == MANIFEST_DOCKER_V1 ||
	    n->m->kind == MANIFEST_DOCKER_V1_SIGNED);

	if (c->dry || n->copy->over || (d->has_urls && !c->external))
		return;
	blob_log(n, d, what);
	at = tfind(&want, &c->blobs, blob_compare);
	if (at != NULL) {
		if (!(*at)->done)
			node_wait_for(&(*at)->waiters, n);
		return;
	}
	if (!copy_item(c))
		return;
	b = mem_alloc(sizeof(*b));
	b->copy = c;
	b->digest = mem_strdup(d->digest);
	b->size = schema1 ? -1 : d->size;
	b->owner = n;
	if (d->has_urls)
		external_take(b, d);
	b->from = mem_strdup("");
	SLIST_INSERT_HEAD(&c->all_blobs, b, all);
	tsearch(b, &c->blobs, blob_compare);
	node_wait_for(&b->waiters, n);
	TAILQ_INSERT_TAIL(&c->blob_queue, b, queue);
	blob_expect(b);
}

void
blob_again(struct copy_node *n, const struct descriptor *d)
{
	struct copy *c = n->copy;
	struct copy_blob want = { .digest = d->digest }, **at;

	at = tfind(&want, &c->blobs, blob_compare);
	if (at == NULL)
		return;	/* a foreign layer, which is not copied */
	if ((*at)->done) {
		(*at)->done = false;
		TAILQ_INSERT_TAIL(&c->blob_queue, *at, queue);
	}
	node_wait_for(&(*at)->waiters, n);
}

static void
blob_done(struct copy_blob *b)
{
	struct copy *c = b->copy;

	b->done = true;
	blob_unexpect(b);
	if (c->dst_key != NULL)
		known_add(c->w->known, c->dst_key, b->digest,
		    c->dst.repository);
	c->blobs_active--;
	node_wake(&b->waiters);
	blob_pump(c);
}

static void
blob_fail(struct copy_blob *b, const struct error *err)
{
	struct error why = *err;

	external_explain(b, &why);
	if (b->owner->subject != NULL)
		error_prefix(&why, "of the referrer %s", b->owner->digest);
	copy_fail(b->copy, &why, "failed to copy blob %s from %s/%s to %s/%s",
	    b->digest, b->owner->src.registry, b->owner->src.repository,
	    b->owner->dst.registry, b->owner->dst.repository);
}

static void blob_copy(struct copy_blob *b);

static void
blob_copied(void *obj, struct answer *a)
{
	struct copy_blob *b = obj;
	struct copy_result *r = &b->copy->result;

	if (a->err.kind == ERROR_DENIED && b->from[0] != '\0' &&
	    b->url == NULL) {
		/* Perhaps we may push to that repository but not read it. */
		b->from[0] = '\0';
		blob_copy(b);
	} else if (a->err.kind != ERROR_NONE) {
		if (external_next(b, a))
			blob_copy(b);
		else
			blob_fail(b, &a->err);
	} else {
		if (a->size > 0) {
			r->uploaded++;
			r->bytes += (uint64_t)a->size;
			b->expected = 0;
		} else
			r->mounted++;
		blob_done(b);
	}
}

static void
blob_copy(struct copy_blob *b)
{
	struct copy *c = b->copy;
	struct step *s = step_new(c, blob_copied, b);

	if (s == NULL)
		return;
	if (b->url != NULL)
		s->call = client_url_copy(c->client, b->url_registry, b->url,
		    &b->owner->dst, b->digest, (uint64_t)b->size, step_done,
		    s);
	else
		s->call = client_blob_copy(c->client, &b->owner->src,
		    &b->owner->dst, b->digest, (uint64_t)b->size, b->from,
		    step_done, s);
}

/* Where in the target's registry it may be mounted from. */
static void
blob_place(struct copy_blob *b)
{
	struct copy *c = b->copy;
	char *key = reference_registry_key(b->owner->src.registry);
	const char *from = NULL;

	if (key != NULL && c->dst_key != NULL) {
		if (strcmp(key, c->dst_key) == 0)
			from = b->owner->src.repository;
		else
			from = known_find(c->w->known, c->dst_key, b->digest);
	}
	if (from != NULL && strcmp(from, c->dst.repository) != 0) {
		free(b->from);
		b->from = mem_strdup(from);
	}
	free(key);
	external_begin(b);
	blob_copy(b);
}

static void
source_head(void *obj, struct answer *a)
{
	struct copy_blob *b = obj;

	if (a->err.kind == ERROR_NONE && a->size < 0)
		error_set(&a->err, ERROR_HTTP, "the registry does not "
		    "report its size");
	if (a->err.kind != ERROR_NONE) {
		blob_fail(b, &a->err);
		return;
	}
	b->size = a->size;
	blob_expect(b);
	blob_place(b);
}

static void
target_head(void *obj, struct answer *a)
{
	struct copy_blob *b = obj;
	struct copy *c = b->copy;
	struct step *s;

	if (a->err.kind == ERROR_NONE)
		blob_done(b);
	else if (!copy_absent(&a->err))
		blob_fail(b, &a->err);
	else if (b->size >= 0)
		blob_place(b);
	else if ((s = step_new(c, source_head, b)) != NULL)
		s->call = client_blob_head(c->client, &b->owner->src,
		    b->digest, step_done, s);
}

void
blob_pump(struct copy *c)
{
	struct copy_blob *b;
	struct step *s;

	while (!c->over && c->blobs_active < COPY_BLOBS &&
	    (b = TAILQ_FIRST(&c->blob_queue)) != NULL) {
		TAILQ_REMOVE(&c->blob_queue, b, queue);
		c->blobs_active++;
		if ((s = step_new(c, target_head, b)) != NULL)
			s->call = client_blob_head(c->client, &b->owner->dst,
			    b->digest, step_done, s);
	}
}
