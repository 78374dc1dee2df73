/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_content.c - what is in the manifests that a dry run pretends to
 * have put; see overlay.h.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "worker/job/overlay_private.h"

void
overlay_content_free(void *content)
{
	struct overlay_content *c = content;

	free(c->digest);
	free(c->media_type);
	free(c->bytes);
	free(c);
}

static int
compare_contents(const void *a, const void *b)
{
	return strcmp(((const struct overlay_content *)a)->digest,
	    ((const struct overlay_content *)b)->digest);
}

const struct overlay_content *
overlay_kept(const struct overlay *o, const char *digest)
{
	struct overlay_content want = { .digest = (char *)digest }, **at;

	at = tfind(&want, &o->contents, compare_contents);
	return at != NULL ? *at : NULL;
}

int
overlay_keep(struct overlay *o, const char *digest, const char *media_type,
    const char *bytes, size_t len, struct error *err)
{
	struct overlay_content *c;

	if (overlay_kept(o, digest) != NULL)
		return 0;
	if (len > OVERLAY_BYTES_MAX - o->bytes)
		return error_set(err, ERROR_LIMIT, "what a dry run "
		    "pretends to have pushed is more than %u bytes",
		    OVERLAY_BYTES_MAX);
	o->bytes += len;
	c = mem_alloc(sizeof(*c));
	c->digest = mem_strdup(digest);
	c->media_type = mem_strdup(media_type);
	c->bytes = mem_strndup(bytes, len);
	c->len = len;
	tsearch(c, &o->contents, compare_contents);
	return 0;
}

const struct reference *
overlay_unread(const struct overlay *o, const struct reference *ref,
    bool blobs)
{
	const struct overlay_repository *r = overlay_repository(o, ref);
	const struct overlay_entry *e, *of;

	if (r == NULL)
		return NULL;
	if (blobs) {
		STAILQ_FOREACH(e, &r->all, all)
			if (e->unread && overlay_entry_there(e))
				return &e->real;
		return NULL;
	}
	of = ref->digest[0] != '\0' ? overlay_entry(r, ref->digest, true) :
	    NULL;
	if (ref->digest[0] == '\0' || overlay_entry_there(of))
		return NULL;
	LIST_FOREACH(e, &r->indexes, indexes)
		if (of == NULL || of->seen || e->changed > of->changed)
			return &e->real;
	return NULL;
}

/* Its child is there with it, unless it was deleted later. */
static void
read_child(struct overlay *o, struct overlay_repository *r,
    const struct reference *real, unsigned long changed,
    const struct descriptor *d)
{
	struct overlay_entry *e = overlay_entry(r, d->digest, true);
	enum manifest_kind kind;

	if (overlay_entry_there(e) ||
	    (e != NULL && e->deleted && e->changed > changed))
		return;
	overlay_entry_put(o, r, d->digest, real, changed);
	e = overlay_entry(r, d->digest, true);
	if (e != NULL && manifest_kind_parse(d->media_type, &kind, NULL) ==
	    0 && kind != MANIFEST_OCI_INDEX && kind != MANIFEST_DOCKER_LIST)
		overlay_entry_read(e, true);
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
read_blob(struct overlay *o, struct overlay_repository *r,
    const struct descriptor *d)
{
	if (o->n == OVERLAY_MAX ||
	    tfind(d->digest, &r->blobs, compare_texts) != NULL)
		return;
	o->n++;
	tsearch(mem_strdup(d->digest), &r->blobs, compare_texts);
}

void
overlay_read(struct overlay *o, const struct reference *repo,
    const char *digest, const struct manifest *m)
{
	struct overlay_repository *r = overlay_repository(o, repo);
	struct overlay_entry *e = r != NULL ? overlay_entry(r, digest, true) :
	    NULL;

	if (e == NULL)
		return;
	overlay_entry_read(e, false);
	if (m == NULL || !overlay_entry_there(e))
		return;
	for (size_t i = 0; i < m->nchildren; i++)
		read_child(o, r, &e->real, e->changed, &m->children[i]);
	for (size_t i = 0; i < m->nlayers; i++)
		read_blob(o, r, &m->layers[i]);
	if (m->config != NULL)
		read_blob(o, r, m->config);
}

void
overlay_is_image(struct overlay *o, const struct reference *repo,
    const char *digest)
{
	struct overlay_repository *r = overlay_repository(o, repo);
	struct overlay_entry *e = r != NULL ? overlay_entry(r, digest, true) :
	    NULL;

	if (e != NULL)
		overlay_entry_read(e, true);
}

bool
overlay_has_blob(const struct overlay *o, const struct reference *repo,
    const char *digest)
{
	const struct overlay_repository *r = overlay_repository(o, repo);

	return r != NULL && tfind(digest, &r->blobs, compare_texts) != NULL;
}
