/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a struct http_reply, from a transfer's headers and body. */
#include "supervisor/broker/http/reply.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

void
http_reply_take(struct http_reply *reply, const struct url *url,
    struct transfer *t)
{
	const struct headers *hd = &t->headers;
	const char *location = headers_get(hd, "Location", 0);
	struct url u;

	memset(reply, 0, sizeof(*reply));
	reply->status = hd->status;
	reply->media_type = headers_media_type(hd);
	reply->digest = headers_digest(hd, "Docker-Content-Digest");
	reply->subject = headers_digest(hd, "OCI-Subject");
	reply->filtered = headers_lists(hd, "OCI-Filters-Applied",
	    "artifactType");
	reply->next = headers_link_next(hd);
	if (location != NULL && url_parse(&u, location, url, NULL) == 0) {
		reply->location = mem_strdup(u.text);
		url_free(&u);
	} else
		reply->location = mem_strdup("");
	reply->length = headers_number(hd, "Content-Length");
	reply->rate_limit = headers_rate_limit(hd, &reply->rate_policies);
	reply->rate_remain = headers_number(hd, "RateLimit-Remaining");
	reply->rate_reset = headers_number(hd, "RateLimit-Reset");
	reply->has_rate = reply->rate_remain >= 0;
	if (reply->rate_limit < 0)
		reply->rate_limit = 0;
	if (reply->rate_remain < 0)
		reply->rate_remain = 0;
	if (reply->rate_reset < 0)
		reply->rate_reset = 0;
	reply->body = t->body;
	buffer_init(&t->body, 0);
}

void
http_reply_free(struct http_reply *reply)
{
	free(reply->media_type);
	free(reply->digest);
	free(reply->subject);
	free(reply->next);
	free(reply->location);
	free(reply->rate_policies);
	buffer_free(&reply->body);
}
