/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deletes one tag and leaves the other tags of its manifest alone. Where the
 * registry cannot delete a tag, an empty image that no other tag has takes its
 * place and is deleted by its digest (tagswap.c). This is what comes before
 * anything is written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/mem.h"
#include "common/image/placeholder.h"
#include "supervisor/broker/registry/tagstep.h"
#include "supervisor/broker/registry/upload.h"

static void on_head(void *, struct http_reply *, const struct error *);
static void on_get(void *, struct http_reply *, const struct error *);
static void upload_next(struct tagdelete *td);
static void look_again(struct tagdelete *td);

static void
refuse(struct tagdelete *td, const struct error *err, const char *what)
{
	struct error why;

	tagstep_refused(td, err, what, &why);
	request_end(td->r, &why, 0);
}

static void
on_direct(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct tagdelete *td = ask_of(r)->own;

	ask_over(r);
	td->lost = err->kind == ERROR_NETWORK || err->http >= 500;
	if (err->kind == ERROR_NONE && reply != NULL)
		request_done(r);
	else if (ask_registry(r)->config->disable_head)
		tagstep_look(td, HTTP_GET, on_get);
	else
		/* HEAD first: a missing tag costs no manifest then. */
		tagstep_look(td, HTTP_HEAD, on_head);
}

static void
on_probe(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct tagdelete *td = ask_of(r)->own;

	(void)reply;
	ask_over(r);
	if (err->kind == ERROR_NONE || err->http == 404 || err->http == 400) {
		emptyimage_new(&td->image, r->repository, r->name,
		    td->media_type);
		upload_next(td);
	} else if (err->http == 405)
		refuse(td, err, "can neither delete tags nor manifests "
		    "(deleting is not enabled there)");
	else
		refuse(td, err, "cannot delete tags, and did not allow a "
		    "manifest to be deleted");
}

/* Asks whether manifests can be deleted at all, with a random digest, which
 * nothing has. */
static void
probe(struct tagdelete *td)
{
	char digest[DIGEST_MAX + 1];
	unsigned char random[32];

	if (getrandom(random, sizeof(random), 0) !=
	    (ssize_t)sizeof(random)) {
		request_fail(td->r, ERROR_SYSTEM, "cannot get random bytes");
		return;
	}
	digest_of(random, sizeof(random), digest);
	tagstep_delete(td, digest, false, on_probe);
}

/*
 * An earlier deletion of this tag was interrupted. Its image is deleted by the
 * digest of the bytes that were read, and only if they are, from the first to
 * the last, what placeholder.h makes for this tag. Whoever may push can put
 * such bytes there, and loses nothing but them: no other image has their
 * digest.
 */
static void
on_finished(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;

	if (ask_answered(r, reply, err))
		request_done(r);
}

static void
keep(struct tagdelete *td, struct http_reply *reply)
{
	struct request *r = td->r;
	char body[DIGEST_MAX + 1];

	tagstep_digest(reply, td->digest);
	digest_of(reply->body.data != NULL ? reply->body.data : "",
	    reply->body.len, body);
	if (reply->media_type[0] == '\0' || reply->body.len == 0) {
		request_fail(r, ERROR_HTTP, "registry %s sent the manifest of "
		    "%s:%s without a media type or without content; nothing "
		    "was changed", r->server->name, r->repository,
		    r->name);
		return;
	}
	/* A signed manifest's digest does not cover all of its bytes. */
	if (strncmp(td->digest, "sha256:", 7) == 0 &&
	    strcmp(td->digest, body) != 0 &&
	    strstr(reply->media_type, "+prettyjws") == NULL) {
		request_fail(r, ERROR_DIGEST, "manifest digest mismatch, "
		    "expected %s, received %s; nothing was changed",
		    td->digest, body);
		return;
	}
	if (placeholder_is(buffer_str(&reply->body), reply->body.len,
	    r->repository, r->name)) {
		tagstep_delete(td, body, true, on_finished);
		return;
	}
	td->told = digest_valid(reply->digest);
	td->old = reply->body;
	buffer_init(&reply->body, 0);
	td->media_type = mem_strdup(reply->media_type);
	probe(td);
}

/* No such tag after a DELETE whose answer was lost: that one did it. */
static bool
was_deleted(struct request *r, const struct error *err)
{
	const struct tagdelete *td = ask_of(r)->own;

	if (!td->lost || err->http != 404)
		return false;
	ask_over(r);
	request_done(r);
	return true;
}

static void
on_head(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;

	if (!was_deleted(r, err) && ask_head_answered(r, reply, err))
		tagstep_look(ask_of(r)->own, HTTP_GET, on_get);
}

static void
on_get(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;

	if (!was_deleted(r, err) && ask_answered(r, reply, err))
		keep(ask_of(r)->own, reply);
}

static void
on_sent(void *arg, const struct error *err)
{
	struct tagdelete *td = arg;

	if (err->kind != ERROR_NONE) {
		refuse(td, err, "did not accept the blobs of the image that "
		    "is deleted in place of the tag");
		return;
	}
	upload_close(td->upload);
	td->upload = NULL;
	if (td->config_sent) {
		look_again(td);
		return;
	}
	td->config_sent = true;
	upload_next(td);
}

static void
on_opened(void *arg, const struct error *err)
{
	struct tagdelete *td = arg;
	const struct buffer *b = td->config_sent ? &td->image.config :
	    &td->image.layer;

	if (err->kind != ERROR_NONE)
		on_sent(td, err);
	else
		upload_send(td->upload, b->data, b->len, NULL, NULL, on_sent);
}

/* The layer, then the config. */
static void
upload_next(struct tagdelete *td)
{
	struct request *r = td->r;
	struct upload_how how = { .repository = r->repository, .from = "",
	    .digest = td->config_sent ? td->image.config_digest :
	    td->image.layer_digest };

	td->upload = upload_new(ask_registry(r), &how, on_opened, td);
}

static void
on_looked(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct tagdelete *td = ask_of(r)->own;
	char now[DIGEST_MAX + 1];

	if (!ask_answered(r, reply, err))
		return;
	tagstep_digest(reply, now);
	if (now[0] != '\0' && strcmp(now, td->digest) != 0) {
		request_fail(r, ERROR_HTTP, "tag %s of %s was moved from %s "
		    "to %s while it was being deleted; it was left there",
		    r->name, r->repository, td->digest, now);
		return;
	}
	tagswap_start(td);
}

/* Somebody may have moved the tag since. */
static void
look_again(struct tagdelete *td)
{
	bool head = td->told && !ask_registry(td->r)->config->disable_head;

	tagstep_look(td, head ? HTTP_HEAD : HTTP_GET, on_looked);
}

void
registry_tag_delete(struct request *r)
{
	struct tagdelete *td = mem_alloc(sizeof(*td));

	td->r = r;
	ask_of(r)->own = td;
	tagstep_delete(td, r->name, false, on_direct);
}

void
registry_tag_delete_stop(struct request *r)
{
	struct tagdelete *td = ask_of(r)->own;

	ask_stop(r);
	if (td == NULL)
		return;
	ask_of(r)->own = NULL;
	upload_close(td->upload);
	buffer_free(&td->old);
	free(td->media_type);
	emptyimage_free(&td->image);
	free(td);
}
