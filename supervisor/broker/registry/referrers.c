/* SPDX-License-Identifier: Apache-2.0 */
/* What refers to a manifest, by the registry's own list: one page per
 * request, as it came. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "supervisor/broker/registry/ask.h"

#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"

static void
on_page(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct error why;

	if (!ask_answered(r, reply, err))
		return;
	/* A page for people, or whatever else is at that path. */
	if (reply->status == 303) {
		request_fail(r, ERROR_NOT_FOUND, "registry %s has no list of "
		    "referrers: it points to a page elsewhere",
		    r->server->name);
		return;
	}
	if (strcmp(reply->media_type, INDEX_TYPE) != 0) {
		request_fail(r, ERROR_NOT_FOUND, "registry %s has no list of "
		    "referrers: it answered with media type \"%.255s\"",
		    r->server->name, reply->media_type);
		return;
	}
	error_clear(&why);
	r->flags = reply->filtered ? 2 : 0;
	if (request_meta(r, reply->media_type, "", (int64_t)reply->body.len,
	    reply->next, &why) == -1)
		request_end(r, &why, 0);
	else
		request_send_body(r, &reply->body);
}

void
registry_referrers(struct request *r)
{
	char *path = mem_printf("referrers/%s", r->name);
	struct http_spec spec = { .method = HTTP_GET, .path = path,
	    .actions = "pull", .accept = INDEX_TYPE, .list = true,
	    .max_body = LIST_PAGE_MAX, .statuses = { 200, 303 },
	    .what = "list of referrers" };
	struct buffer query;

	buffer_init(&query, 0);
	if (r->query[0] != '\0')
		buffer_puts(&query, r->query);
	else if (r->last[0] != '\0')
		text_query(&query, "artifactType", r->last);
	if (query.len != 0)
		spec.query = query.data;
	ask_start(r, &spec, on_page);
	buffer_free(&query);
	free(path);
}
