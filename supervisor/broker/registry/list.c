/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of tags and of repositories: one page per request, as it came. */
#include <string.h>

#include "common/text.h"
#include "supervisor/broker/registry/ask.h"

static bool
is_list(const char *media_type)
{
	/* No type at all: whoever parses it will find out. */
	return media_type[0] == '\0' ||
	    strcmp(media_type, "application/json") == 0 ||
	    strcmp(media_type, "text/plain") == 0;
}

static void
on_page(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct error why;

	if (!ask_answered(r, reply, err))
		return;
	if (!is_list(reply->media_type)) {
		request_fail(r, ERROR_HTTP, "registry %s answered with "
		    "unsupported media type \"%.255s\", expected a list in "
		    "application/json", r->server->name,
		    reply->media_type);
		return;
	}
	error_clear(&why);
	if (request_meta(r, reply->media_type, "", (int64_t)reply->body.len,
	    reply->next, &why) == -1) {
		request_end(r, &why, 0);
		return;
	}
	request_send_body(r, &reply->body);
}

static void
ask(struct request *r, const char *path, const char *actions)
{
	struct http_spec spec = { .method = HTTP_GET, .path = path,
	    .actions = actions, .accept = "application/json", .list = true,
	    .max_body = LIST_PAGE_MAX, .statuses = { 200 }, .what = "list" };
	struct buffer query;

	buffer_init(&query, 0);
	if (r->query[0] != '\0') {
		/* The query is the registry's own: it is sent back
		 * unchanged. */
		buffer_puts(&query, r->query);
	} else {
		if (r->count != 0)
			text_query_u64(&query, "n", r->count);
		if (r->last[0] != '\0')
			text_query(&query, "last", r->last);
	}
	if (query.len != 0)
		spec.query = query.data;
	ask_start(r, &spec, on_page);
	buffer_free(&query);
}

void
registry_tag_list(struct request *r)
{
	ask(r, "tags/list", "pull");
}

void
registry_catalog(struct request *r)
{
	ask(r, "_catalog", "*");
}
