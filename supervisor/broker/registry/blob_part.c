/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BLOB_PART: some bytes of a blob, by Range. A registry that ignores the
 * header sends all of it: what comes before is skipped by http/, and here
 * the answer is cut when there is enough.
 */
#include <stdlib.h>

#include "common/mem.h"
#include "supervisor/broker/registry/ask.h"

struct blob_part {		/* ask.own */
	size_t most;
	struct buffer got;
};

static int64_t
sink_write(void *arg, const char *p, size_t n)
{
	struct blob_part *b = arg;
	size_t room = b->most - b->got.len;

	if (room == 0)
		return HTTP_ABORT;
	buffer_put(&b->got, p, n < room ? n : room);
	return (int64_t)n;
}

static void
on_get(void *arg, struct http_reply *reply, const struct error *err)
{
	struct request *r = arg;
	struct blob_part *b = ask_of(r)->own;
	struct error why;

	ask_over(r);
	if (err->kind != ERROR_NONE && b->got.len < b->most) {
		request_end(r, err, 0);
		return;
	}
	error_clear(&why);
	if (request_meta(r, reply != NULL ? reply->media_type : "", r->name,
	    -1, "", &why) == -1)
		request_end(r, &why, 0);
	else
		request_send_body(r, &b->got);
}

void
registry_blob_part(struct request *r)
{
	struct blob_part *b = mem_alloc(sizeof(*b));
	struct http_sink sink = { sink_write, b };
	char *path = mem_printf("blobs/%s", r->name);
	struct http_spec spec = { .method = HTTP_GET, .path = path,
	    .actions = "pull", .sink = &sink,
	    .range_from = (int64_t)r->offset, .statuses = { 206, 200 },
	    .what = "blob" };

	b->most = r->size > 0 ? (size_t)r->size : 1;
	spec.range_to = (int64_t)r->offset + (int64_t)b->most - 1;
	buffer_init(&b->got, 0);
	ask_of(r)->own = b;
	ask_start(r, &spec, on_get);
	free(path);
}

void
registry_blob_part_stop(struct request *r)
{
	struct blob_part *b = ask_of(r)->own;

	ask_stop(r);
	if (b == NULL)
		return;
	ask_of(r)->own = NULL;
	buffer_free(&b->got);
	free(b);
}
