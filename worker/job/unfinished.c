/* SPDX-License-Identifier: Apache-2.0 */
/* unfinished.c - what becomes of a tag whose deletion was interrupted. */
#include "worker/job/unfinished.h"

#include "common/image/placeholder.h"

/*
 * A hostile registry, or whoever may push, can put the annotation on any
 * image: that image is then not copied, which they could have had for less.
 * For a deletion it is not enough. It is by the digest of the bytes that were
 * read, and these must be, to the last one, what regbot makes for this very
 * tag, so that nothing but such an empty image can have that digest.
 */
bool
unfinished_deletable(const struct worker *w, const struct manifest *m,
    const struct reference *ref)
{
	return !w->dry_run && !ref->ocidir && *ref->tag != '\0' &&
	    placeholder_is(m->bytes, m->len, ref->repository, ref->tag);
}

struct client_call *
unfinished_delete(const struct worker *w, const struct manifest *m,
    const struct reference *ref, answer_fn *done, void *arg)
{
	return client_manifest_delete(w->client, ref, m->digest, done, arg);
}

int
unfinished_error(const struct error *deleted, struct error *err)
{
	if (deleted == NULL)
		return error_set(err, ERROR_INPUT, "it is an empty image that "
		    "is there in place of a tag that regbot was deleting when "
		    "it was interrupted: delete the tag once more");
	if (deleted->kind != ERROR_NONE && deleted->kind != ERROR_NOT_FOUND)
		return error_set(err, deleted->kind, "regbot was interrupted "
		    "while it deleted this tag, and the empty image in its "
		    "place could not be deleted now: %.1024s", deleted->text);
	error_set(err, ERROR_NOT_FOUND, "request failed: not found [http "
	    "404]: regbot was interrupted while it deleted this tag; the "
	    "deletion is finished now");
	err->http = 404;
	return -1;
}
