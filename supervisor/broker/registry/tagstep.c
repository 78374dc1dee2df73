/* SPDX-License-Identifier: Apache-2.0 */
/* tagstep.c - the requests of a tag deletion. */
#include "supervisor/broker/registry/tagstep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

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

void
tagstep_look(struct tagdelete *td, enum http_method method, http_done_fn *done)
{
	struct http_spec spec = { .method = method, .actions = "pull",
	    .accept_manifests = true, .max_body = MANIFEST_PUT_MAX,
	    .statuses = { 200 } };

	ask(td, &spec, td->r->name, done);
}

void
tagstep_delete(struct tagdelete *td, const char *name, bool sure,
    http_done_fn *done)
{
	struct http_spec spec = { .method = HTTP_DELETE, .actions = "delete",
	    .statuses = { 202 }, .no_retry = !sure, .no_backoff = !sure };

	ask(td, &spec, name, done);
}

void
tagstep_put(struct tagdelete *td, const char *media_type,
    const struct buffer *body, http_done_fn *done)
{
	struct http_spec spec = { .method = HTTP_PUT, .actions = "pull,push",
	    .media_type = media_type, .body = body->data,
	    .body_len = body->len, .statuses = { 201 } };

	ask(td, &spec, td->r->name, done);
}

void
tagstep_digest(const struct http_reply *reply, char out[DIGEST_MAX + 1])
{
	out[0] = '\0';
	if (digest_valid(reply->digest))
		snprintf(out, DIGEST_MAX + 1, "%s", reply->digest);
	else if (reply->body.data != NULL)
		digest_of(reply->body.data, reply->body.len, out);
}

void
tagstep_cause(struct error *to, const struct error *err)
{
	static const char start[] = "request failed: ";
	size_t n = strncmp(err->text, start, strlen(start)) == 0 ?
	    strlen(start) : 0;

	to->kind = err->kind != ERROR_NONE ? err->kind : ERROR_HTTP;
	to->http = err->http;
	memmove(to->text, err->text + n, strlen(err->text + n) + 1);
}

void
tagstep_refused(const struct tagdelete *td, const struct error *err,
    const char *what, struct error *out)
{
	tagstep_cause(out, err);
	error_prefix(out, "request failed: registry %s %s; nothing was "
	    "changed", td->r->server->name, what);
}
