/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deletes one tag and leaves the other tags of its manifest alone. Where the
 * registry cannot delete a tag, an empty image that no other tag has takes its
 * place and is deleted by its digest. From the PUT of that image on the
 * request goes on whatever happens to its worker; if the image cannot be
 * deleted, the old manifest is put back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/buffer.h"
#include "common/digest.h"
#include "common/mem.h"
#include "supervisor/broker/registry/ask.h"
#include "supervisor/broker/registry/emptyimage.h"
#include "supervisor/broker/registry/upload.h"

struct tagdelete {
	struct request *r;
	struct buffer old;	/* the manifest's bytes */
	char *media_type;
	char digest[DIGEST_MAX + 1];
	bool told;		/* the registry sends digests in headers */
	struct empty_image image;
	struct upload *upload;
	bool config_sent;
	char stored[DIGEST_MAX + 1];	/* the image's digest according to the
					 * registry, if it differs */
	struct error failed;	/* why the old manifest is put back */
};

static void on_head(void *, struct http_reply *, const struct error *);
static void on_get(void *, struct http_reply *, const struct error *);
static void upload_next(struct tagdelete *td);
static void look_again(struct tagdelete *td);
static void restore(struct tagdelete *td, const struct error *why);

static void
ask(struct tagdelete *td, struct http_spec *spec, const char *name,
    http_done_fn *done)
{
	char *path = mem_printf("manifests/%s", name);

	spec->path = path;
	spec->what = "manifest";
	ask_start(td->r, spec, done);
	free(path);
}

static void
look(struct tagdelete *td, enum http_method method, http_done_fn *done)
{
	struct http_spec spec = { .method = method, .actions = "pull",
	    .accept_manifests = true, .max_body = MANIFEST_PUT_MAX,
	    .statuses = { 200 } };

	ask(td, &spec, td->r->name, done);
}

/* Unless it is sure to work, a refusal is not a reason to slow down. */
static void
delete(struct tagdelete *td, const char *name, bool sure, http_done_fn *done)
{
	struct http_spec spec = { .method = HTTP_DELETE, .actions = "delete",
	    .statuses = { 202 }, .no_retry = !sure, .no_backoff = !sure };

	ask(td, &spec, name, done);
}

static void
put(struct tagdelete *td, const char *media_type, const struct buffer *body,
    http_done_fn *done)
{
	struct http_spec spec = { .method = HTTP_PUT, .actions = "pull,push",
	    .media_type = media_type, .body = body->data,
	    .body_len = body->len, .statuses = { 201 } };

	ask(td, &spec, td->r->name, done);
}

/* What went wrong, without the prefix that our own sentence has, too. */
static void
cause(struct error *to, const struct error *err)
{
	static const char start[] = "request failed: ";
	size_t n = strncmp(err->text, start, strlen(start)) == 0 ?
	    strlen(start) : 0;

	to->kind = err->kind != ERROR_NONE ? err->kind : ERROR_HTTP;
	to->http = err->http;
	memmove(to->text, err->text + n, strlen(err->text + n) + 1);
}

static void
refuse(struct tagdelete *td, const struct error *err, const char *what)
{
	struct error why;

	cause(&why, err);
	error_prefix(&why, "request failed: registry %s %s; nothing was "
	    "changed", td->r->server->name, what);
	request_end(td->r, &why, 0);
}

/* The digest of what a HEAD or GET found, "" when it cannot be known. */
static void
digest_in(const struct http_reply *reply, char out[DIGEST_MAX + 1])
{
	out[0] = '\0';
	if (digest_valid(reply->digest))
		snprintf(out, DIGEST_MAX + 1, "%s", reply->digest);
	else if (reply->body.data != NULL)
		digest_of(reply->body.data, reply->body.len, out);
}

static void
on_direct(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;

	ask_over(r);
	if (err->kind == ERROR_NONE && reply != NULL)
		request_done(r);
	else if (ask_registry(r)->config->disable_head)
		look(ask_of(r)->own, HTTP_GET, on_get);
	else
		/* HEAD first: a missing tag costs no manifest then. */
		look(ask_of(r)->own, HTTP_HEAD, on_head);
}

static void
on_probe(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct tagdelete *td = ask_of(r)->own;

	(void)reply;
	ask_over(r);
	if (err->kind == ERROR_NONE || err->http == 404 || err->http == 400) {
		emptyimage_new(&td->image, r->name, td->media_type);
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
	delete(td, digest, false, on_probe);
}

static void
keep(struct tagdelete *td, struct http_reply *reply)
{
	struct request *r = td->r;
	char body[DIGEST_MAX + 1];

	digest_in(reply, td->digest);
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
	td->told = digest_valid(reply->digest);
	td->old = reply->body;
	buffer_init(&reply->body, 0);
	td->media_type = mem_strdup(reply->media_type);
	probe(td);
}

static void
on_head(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;

	if (ask_answered(r, reply, err))
		look(ask_of(r)->own, HTTP_GET, on_get);
}

static void
on_get(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;

	if (ask_answered(r, reply, err))
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
on_deleted(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;

	ask_over(r);
	if (err->kind == ERROR_NONE && reply != NULL)
		request_done(r);
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
		if (changed_nothing(err))
			refuse(td, err, "did not accept the image that is "
			    "deleted in place of the tag");
		else
			restore(td, err);
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
	delete(td, td->image.digest, true, on_deleted);
}

static void
on_looked(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct tagdelete *td = ask_of(r)->own;
	char now[DIGEST_MAX + 1];

	if (!ask_answered(r, reply, err))
		return;
	digest_in(reply, now);
	if (now[0] != '\0' && strcmp(now, td->digest) != 0) {
		request_fail(r, ERROR_HTTP, "tag %s of %s was moved from %s "
		    "to %s while it was being deleted; it was left there",
		    r->name, r->repository, td->digest, now);
		return;
	}
	r->state = REQUEST_COMMITTED;
	put(td, td->image.media_type, &td->image.manifest, on_put);
}

/* Somebody may have moved the tag since. */
static void
look_again(struct tagdelete *td)
{
	bool head = td->told && !ask_registry(td->r)->config->disable_head;

	look(td, head ? HTTP_HEAD : HTTP_GET, on_looked);
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
	request_end(r, &why, 0);
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
		request_done(r);
		return;
	}
	if (err->kind == ERROR_NONE && reply != NULL)
		digest_in(reply, now);
	if (now[0] == '\0' || strcmp(now, td->image.digest) == 0 ||
	    strcmp(now, td->stored) == 0) {
		put(td, td->media_type, &td->old, on_restored);
		return;
	}
	error_prefix(&why, "request failed: registry %s did not delete tag %s; "
	    "%s", r->server->name, r->name,
	    strcmp(now, td->digest) == 0 ? "it is unchanged" :
	    "somebody moved it in the meantime, and it was left there");
	request_end(r, &why, 0);
}

static void
restore(struct tagdelete *td, const struct error *why)
{
	cause(&td->failed, why);
	look(td, HTTP_GET, on_found);
}

void
registry_tag_delete(struct request *r)
{
	struct tagdelete *td = mem_alloc(sizeof(*td));

	td->r = r;
	ask_of(r)->own = td;
	delete(td, r->name, false, on_direct);
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
