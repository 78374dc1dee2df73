/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests as bytes: only the worker parses them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"
#include "common/image/signed.h"
#include "common/text.h"
#include "supervisor/broker/registry/ask.h"

/* META of a manifest that came whole: with its digest even if the registry
 * sent none, unless it is signed, since that digest is of its payload only. */
static int
meta_of_body(struct request *r, struct http_reply *reply, struct error *err)
{
	char digest[DIGEST_MAX + 1] = "";

	if (digest_valid(reply->digest))
		snprintf(digest, sizeof(digest), "%s", reply->digest);
	else if (strstr(reply->media_type, "+prettyjws") == NULL)
		digest_of(reply->body.data != NULL ? reply->body.data : "",
		    reply->body.len, digest);
	return request_meta(r, reply->media_type, digest,
	    (int64_t)reply->body.len, "", err);
}

static void
on_head(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct error why;
	int rv;

	if (!ask_head_answered(r, reply, err))
		return;
	error_clear(&why);
	ask_rate(r, reply);
	if (ask_registry(r)->config->disable_head)
		rv = meta_of_body(r, reply, &why);
	else
		rv = request_meta(r, reply->media_type, reply->digest,
		    reply->length, "", &why);
	if (rv == -1)
		request_end(r, &why, 0);
	else
		request_done(r);
}

static void ask(struct request *r, enum http_method method,
    http_done_fn *done);

/* Is it not what was asked for, or not what the registry says that it is? */
static bool
spoiled(const struct request *r, const struct http_reply *reply)
{
	const char *digest = strchr(r->name, ':') != NULL ? r->name :
	    reply->digest;

	return digest_valid(digest) && signed_verify(reply->media_type,
	    reply->body.data != NULL ? reply->body.data : "",
	    reply->body.len, digest, NULL) == -1;
}

static void
on_get(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct error why;

	if (!ask_answered(r, reply, err))
		return;
	/* It may be right the next time; if not, the worker says so, which
	 * asks no further time. */
	if (!ask_of(r)->again && spoiled(r, reply)) {
		ask_of(r)->again = true;
		ask(r, HTTP_GET, on_get);
		return;
	}
	error_clear(&why);
	ask_rate(r, reply);
	if (meta_of_body(r, reply, &why) == -1)
		request_end(r, &why, 0);
	else
		request_send_body(r, &reply->body);
}

static void
ask(struct request *r, enum http_method method, http_done_fn *done)
{
	char *path = mem_printf("manifests/%s", r->name);
	struct http_spec spec = { .method = method, .path = path,
	    .actions = "pull", .accept_manifests = true,
	    .max_body = MANIFEST_GET_MAX, .statuses = { 200 },
	    .what = "manifest" };

	ask_start(r, &spec, done);
	free(path);
}

void
registry_manifest_head(struct request *r)
{
	/* If HEAD is switched off, GET gives the same answers. */
	ask(r, ask_registry(r)->config->disable_head ? HTTP_GET : HTTP_HEAD,
	    on_head);
}

void
registry_manifest_get(struct request *r)
{
	ask(r, HTTP_GET, on_get);
}

static void
on_put(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct error why;

	if (!ask_answered(r, reply, err) || !ask_stored(r, reply))
		return;
	error_clear(&why);
	request_subject(r, reply->subject);
	if (request_meta(r, r->media_type, reply->digest, -1, "",
	    &why) == -1)
		request_end(r, &why, 0);
	else
		request_done(r);
}

void
registry_manifest_put(struct request *r)
{
	char *path = mem_printf("manifests/%s", r->name);
	struct http_spec spec = { .method = HTTP_PUT, .path = path,
	    .actions = "pull,push", .media_type = r->media_type,
	    .body = r->body.data, .body_len = r->body.len,
	    .statuses = { 201 }, .what = "manifest" };
	struct buffer query;

	buffer_init(&query, 0);
	/* For a tag the registry would use sha256 otherwise. */
	if (strchr(r->name, ':') == NULL &&
	    strcmp(digest_algorithm(r->digest), "sha256") != 0) {
		text_query(&query, "digest", r->digest);
		spec.query = query.data;
	}
	ask_start(r, &spec, on_put);
	buffer_free(&query);
	free(path);
}

static void
on_delete(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;

	if (ask_answered(r, reply, err))
		request_done(r);
}

void
registry_manifest_delete(struct request *r)
{
	char *path = mem_printf("manifests/%s", r->name);
	struct http_spec spec = { .method = HTTP_DELETE, .path = path,
	    .actions = "delete", .statuses = { 202 }, .what = "manifest" };

	ask_start(r, &spec, on_delete);
	free(path);
}
