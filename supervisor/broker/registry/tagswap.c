/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tagswap.c - the part of a tag deletion that writes: the empty image takes
 * the tag's place and is deleted by its digest. Nothing stops this halfway,
 * and the supervisor knows of it, so that a broker after this one can finish
 * it. If the image cannot be deleted, the old manifest is put back.
 */
#include <stdio.h>
#include <string.h>

#include "supervisor/broker/registry/tagstep.h"

static void restore(struct tagdelete *td, const struct error *why);

/* The end: why is NULL when the tag is gone. */
static void
over(struct tagdelete *td, enum deletion_outcome how, const struct error *why)
{
	struct error none;

	error_clear(&none);
	if (why == NULL)
		why = &none;
	registry_deleted(ask_registry(td->r), td->number, how,
	    td->r->session == NULL, why);
	request_end(td->r, why, 0);
}

static void
on_deleted(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;

	ask_over(r);
	if (err->kind == ERROR_NONE && reply != NULL)
		over(ask_of(r)->own, DELETION_DONE, NULL);
	else
		restore(ask_of(r)->own, err);
}

static bool
changed_nothing(const struct error *err)
{
	return err->http >= 400 && err->http < 500 && err->http != 408;
}

static void
on_put(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct tagdelete *td = ask_of(r)->own;
	struct error why;

	ask_over(r);
	if (err->kind != ERROR_NONE || reply == NULL) {
		if (!changed_nothing(err)) {
			restore(td, err);
			return;
		}
		tagstep_refused(td, err, "did not accept the image that is "
		    "deleted in place of the tag", &why);
		over(td, DELETION_UNDONE, &why);
		return;
	}
	/* Never delete by a digest that may belong to another image. */
	if (reply->digest[0] != '\0' &&
	    strcmp(reply->digest, td->image.digest) != 0) {
		error_set(&why, ERROR_DIGEST, "manifest digest mismatch, "
		    "expected %s, received %.160s", td->image.digest,
		    reply->digest);
		snprintf(td->stored, sizeof(td->stored), "%s", reply->digest);
		restore(td, &why);
		return;
	}
	tagstep_delete(td, td->image.digest, true, on_deleted);
}

static void
on_restored(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct tagdelete *td = ask_of(r)->own;
	struct error why = td->failed;

	(void)reply;
	ask_over(r);
	if (err->kind == ERROR_NONE)
		error_prefix(&why, "request failed: registry %s did not "
		    "delete the image that took the place of tag %s; the tag "
		    "was put back", r->server->name, r->name);
	else
		error_prefix(&why, "request failed: tag %s of %s is left "
		    "with an empty image: its manifest %s could not be put "
		    "back (%.512s)", r->name, r->repository, td->digest,
		    err->text);
	over(td, err->kind == ERROR_NONE ? DELETION_UNDONE : DELETION_LEFT,
	    &why);
}

/* What is at the tag decides: nobody else's image is replaced, and an answer
 * that was lost may have been a good one. */
static void
on_found(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct tagdelete *td = ask_of(r)->own;
	char now[DIGEST_MAX + 1] = "";
	struct error why = td->failed;

	ask_over(r);
	if (err->http == 404) {
		over(td, DELETION_DONE, NULL);
		return;
	}
	if (err->kind == ERROR_NONE && reply != NULL)
		tagstep_digest(reply, now);
	if (now[0] == '\0' || strcmp(now, td->image.digest) == 0 ||
	    strcmp(now, td->stored) == 0) {
		tagstep_put(td, td->media_type, &td->old, on_restored);
		return;
	}
	error_prefix(&why, "request failed: registry %s did not delete tag %s; "
	    "%s", r->server->name, r->name,
	    strcmp(now, td->digest) == 0 ? "it is unchanged" :
	    "somebody moved it in the meantime, and it was left there");
	over(td, DELETION_UNDONE, &why);
}

static void
restore(struct tagdelete *td, const struct error *why)
{
	tagstep_cause(&td->failed, why);
	tagstep_look(td, HTTP_GET, on_found);
}


void
tagswap_start(struct tagdelete *td)
{
	struct request *r = td->r;
	struct deletion d = { r->repository, r->name, td->image.digest,
	    td->digest };

	td->number = registry_deleting(ask_registry(r), &d);
	if (td->number == 0) {
		request_fail(r, ERROR_LIMIT, "more than %d tags are being "
		    "deleted at once; nothing was changed", DELETIONS_MAX);
		return;
	}
	r->state = REQUEST_COMMITTED;
	tagstep_put(td, td->image.media_type, &td->image.manifest, on_put);
}
