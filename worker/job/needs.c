/* SPDX-License-Identifier: Apache-2.0 */
/* needs.c - looks for what a manifest names, one after the other. */
#include "worker/job/needs.h"

#include <stdlib.h>

#include "common/mem.h"
#include "worker/client/client.h"
#include "worker/job/overlay.h"
#include "worker/job/unread.h"

struct needs {
	struct worker *w;
	struct reference ref;	/* the repository, with the current digest */
	const struct manifest *m;
	size_t at;		/* of children, then layers, then config */
	bool absent;		/* the registry lacks the current one */
	struct client_call *call;
	struct unread *unread;
	void (*done)(void *arg, const struct error *why);
	void *arg;
};

static void step(struct needs *n);

/* NULL at the end. */
static const struct descriptor *
current(const struct needs *n)
{
	const struct manifest *m = n->m;
	size_t at = n->at;

	if (at < m->nchildren)
		return &m->children[at];
	at -= m->nchildren;
	if (at < m->nlayers)
		return &m->layers[at];
	return at == m->nlayers ? m->config : NULL;
}

static void
advance(struct needs *n)
{
	n->at++;
	n->absent = false;
}

static void
missing(struct needs *n)
{
	struct error err;

	error_set(&err, ERROR_HTTP, "request failed: unexpected http status "
	    "code: Bad Request [http 400]: the repository does not have %s, "
	    "which the manifest names, as far as a dry run can tell",
	    n->ref.digest);
	err.http = 400;
	n->done(n->arg, &err);
}

static void
on_head(void *arg, struct answer *a)
{
	struct needs *n = arg;

	n->call = NULL;
	if (a->err.kind == ERROR_NOT_FOUND)
		n->absent = true;
	else
		advance(n);	/* there, or nobody knows */
	step(n);
}

static void
on_read(void *arg)
{
	struct needs *n = arg;

	unread_free(n->unread);
	n->unread = NULL;
	step(n);
}

/* By a put of its own. */
static bool
pretended(const struct needs *n)
{
	struct reference real = { .ocidir = false };
	enum overlay_state state = overlay_find(n->w->overlay, &n->ref, &real);

	reference_free(&real);
	return state == OVERLAY_MOVED;
}

/* Each of these returns false when it has to wait, or it is over. */
static bool
look_for_manifest(struct needs *n)
{
	struct reference real = { .ocidir = false };
	enum overlay_state state;

	n->unread = unread_start(n->w, &n->ref, false, on_read, n);
	if (n->unread != NULL)
		return false;
	state = overlay_find(n->w->overlay, &n->ref, &real);
	reference_free(&real);
	if (state == OVERLAY_MOVED)
		return true;
	if (state == OVERLAY_DELETED || n->absent) {
		missing(n);
		return false;
	}
	n->call = client_manifest_head(n->w->client, &n->ref, on_head, n);
	return false;
}

static bool
look_for_blob(struct needs *n, const struct descriptor *d)
{
	if (d->has_urls || pretended(n) ||
	    overlay_has_blob(n->w->overlay, &n->ref, d->digest))
		return true;
	if (!n->absent) {
		n->call = client_blob_head(n->w->client, &n->ref, d->digest,
		    on_head, n);
		return false;
	}
	n->unread = unread_start(n->w, &n->ref, true, on_read, n);
	if (n->unread == NULL) {
		if (overlay_has_blob(n->w->overlay, &n->ref, d->digest))
			return true;
		missing(n);
	}
	return false;
}

static void
step(struct needs *n)
{
	const struct descriptor *d;

	while ((d = current(n)) != NULL) {
		reference_set_digest(&n->ref, d->digest);
		if (!(n->at < n->m->nchildren ? look_for_manifest(n) :
		    look_for_blob(n, d)))
			return;
		advance(n);
	}
	n->done(n->arg, NULL);
}

struct needs *
needs_start(struct worker *w, const struct reference *ref,
    const struct manifest *m,
    void (*done)(void *arg, const struct error *why), void *arg)
{
	struct needs *n = mem_alloc(sizeof(*n));

	n->w = w;
	reference_copy(&n->ref, ref);
	n->m = m;
	n->done = done;
	n->arg = arg;
	step(n);
	return n;
}

void
needs_free(struct needs *n)
{
	if (n == NULL)
		return;
	if (n->call != NULL)
		call_cancel(n->call);
	unread_free(n->unread);
	reference_free(&n->ref);
	free(n);
}
