/* SPDX-License-Identifier: Apache-2.0 */
/* unread.c - reads pretended manifests, one after the other; see unread.h. */
#include "worker/job/unread.h"

#include <stdlib.h>

#include "common/mem.h"
#include "worker/client/client.h"
#include "worker/job/overlay.h"

struct unread {
	struct worker *w;
	struct reference ref;
	bool blobs;
	struct reference at;	/* what is read now */
	struct client_call *call;
	void (*done)(void *arg);
	void *arg;
};

static void
take(struct unread *u, const char *bytes, size_t len, const char *media_type)
{
	struct manifest *m = bytes != NULL ? manifest_parse(bytes, len,
	    media_type, u->at.digest, NULL) : NULL;

	overlay_read(u->w->overlay, &u->ref, u->at.digest, m);
	manifest_free(m);
}

static void got(void *arg, struct answer *a);

/* False when there is nothing left. */
static bool
next(struct unread *u)
{
	const struct overlay_content *kept;
	const struct reference *at;

	while ((at = overlay_unread(u->w->overlay, &u->ref, u->blobs)) !=
	    NULL) {
		reference_free(&u->at);
		reference_copy(&u->at, at);
		kept = overlay_kept(u->w->overlay, u->at.digest);
		if (kept == NULL) {
			u->call = client_manifest_get(u->w->client, &u->at,
			    got, u);
			return true;
		}
		take(u, kept->bytes, kept->len, kept->media_type);
	}
	return false;
}

static void
got(void *arg, struct answer *a)
{
	struct unread *u = arg;

	u->call = NULL;
	take(u, a->err.kind == ERROR_NONE ? buffer_str(&a->body) : NULL,
	    a->body.len, a->media_type);
	if (!next(u))
		u->done(u->arg);
}

struct unread *
unread_start(struct worker *w, const struct reference *ref, bool blobs,
    void (*done)(void *arg), void *arg)
{
	struct unread *u;

	if (w->overlay == NULL)
		return NULL;
	u = mem_alloc(sizeof(*u));
	u->w = w;
	reference_copy(&u->ref, ref);
	u->blobs = blobs;
	u->done = done;
	u->arg = arg;
	if (next(u))
		return u;
	unread_free(u);
	return NULL;
}

void
unread_free(struct unread *u)
{
	if (u == NULL)
		return;
	if (u->call != NULL)
		call_cancel(u->call);
	reference_free(&u->ref);
	reference_free(&u->at);
	free(u);
}
