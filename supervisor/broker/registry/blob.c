/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs without a stream: HEAD, small blobs, mounts. */
#include <stdlib.h>

#include "common/digest.h"
#include "common/mem.h"
#include "supervisor/broker/registry/ask.h"
#include "supervisor/broker/registry/upload.h"

static void
ask(struct request *r, enum http_method method, http_done_fn *done)
{
	char *path = mem_printf("blobs/%s", r->name);
	struct http_spec spec = { .method = method, .path = path,
	    .actions = "pull", .max_body = r->size, .statuses = { 200 },
	    .what = "blob" };

	ask_start(r, &spec, done);
	free(path);
}

static void
on_head(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct error why;

	if (!ask_answered(r, reply, err))
		return;
	error_clear(&why);
	if (request_meta(r, reply->media_type, reply->digest, reply->length,
	    "", &why) == -1)
		request_end(r, &why, 0);
	else
		request_done(r);
}

void
registry_blob_head(struct request *r)
{
	ask(r, HTTP_HEAD, on_head);
}

static void
on_get(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct error why;

	if (!ask_answered(r, reply, err))
		return;
	error_clear(&why);
	if (digest_verify(reply->body.data != NULL ? reply->body.data : "",
	    reply->body.len, r->name, &why) == -1) {
		/* What was spoiled on its way may be right the next time. */
		if (!ask_of(r)->again) {
			ask_of(r)->again = true;
			ask(r, HTTP_GET, on_get);
			return;
		}
		error_prefix(&why, "request failed: blob from registry %s, "
		    "repository %s", r->server->name, r->repository);
		request_end(r, &why, 0);
		return;
	}
	if (request_meta(r, reply->media_type, r->name,
	    (int64_t)reply->body.len, "", &why) == -1)
		request_end(r, &why, 0);
	else
		request_send_body(r, &reply->body);
}

void
registry_blob_get(struct request *r)
{
	/* For http, 0 means a default limit; 1 is the smallest. */
	if (r->size == 0)
		r->size = 1;
	ask(r, HTTP_GET, on_get);
}

static void
on_opened(void *arg, const struct error *err)
{
	struct request *r = arg;

	if (err->kind != ERROR_NONE)
		request_end(r, err, 0);
	else if (upload_mounted(ask_of(r)->own))
		request_done(r);
	else
		/* registry_blob_mount_stop deletes the upload. */
		request_fail(r, ERROR_NOT_FOUND, "registry %s did not mount "
		    "blob %s from %s into %s", r->server->name,
		    r->name, r->from, r->repository);
}

void
registry_blob_mount(struct request *r)
{
	struct upload_how how = { .repository = r->repository,
	    .digest = r->name, .from = r->from };

	ask_of(r)->own = upload_new(ask_registry(r), &how, on_opened, r);
}

void
registry_blob_mount_stop(struct request *r)
{
	ask_stop(r);
	upload_close(ask_of(r)->own);
	ask_of(r)->own = NULL;
}
