/* SPDX-License-Identifier: Apache-2.0 */
/* BLOB_PUT: a small blob that the worker sent, and that has its digest. */
#include <stdlib.h>

#include "common/mem.h"
#include "supervisor/broker/registry/ask.h"
#include "supervisor/broker/registry/upload.h"
#include "supervisor/broker/registry/upload_turn.h"

struct blob_put {		/* ask.own */
	struct request *r;
	struct upload_turn *turn;
	struct upload *upload;
	bool there;		/* the registry says that it has the blob */
	bool again;		/* this is the second upload */
};

static void open_upload(struct blob_put *b);

/* It was lost on the registry's side: a new one may work. */
static bool
may_repeat(const struct blob_put *b, const struct error *err)
{
	return !b->again && (err->http == 404 || err->http == 409 ||
	    err->http == 416 || err->kind == ERROR_RESTART);
}

static void
on_sent(void *arg, const struct error *err)
{
	struct blob_put *b = arg;

	if (may_repeat(b, err)) {
		b->again = true;
		upload_close(b->upload);
		open_upload(b);
		return;
	}
	b->there = err->kind == ERROR_NONE;
	request_end(b->r, err, b->there ? b->r->size : 0);
}

static void
on_opened(void *arg, const struct error *err)
{
	struct blob_put *b = arg;

	if (err->kind != ERROR_NONE) {
		request_end(b->r, err, 0);
	} else if (upload_mounted(b->upload)) {
		b->there = true;
		request_done(b->r);
	} else {
		upload_send(b->upload, buffer_str(&b->r->body),
		    b->r->body.len, NULL, NULL, on_sent);
		upload_turn_sent(b->turn);
	}
}

static void
open_upload(struct blob_put *b)
{
	struct request *r = b->r;
	struct upload_how how = { .repository = r->repository,
	    .digest = r->name, .from = "", .plain = true,
	    /* As for BLOB_WRITE: it tells whether the blob is elsewhere. */
	    .anonymous = r->session->grants.everything };

	b->upload = upload_new(ask_registry(r), &how, on_opened, b);
}

static void
on_turn(void *arg, bool there)
{
	struct blob_put *b = arg;

	b->there = there;
	if (there)
		request_done(b->r);
	else
		open_upload(b);
}

/* It waits for no place among the registry's requests. */
static bool
queued(void *arg)
{
	(void)arg;
	return false;
}

void
registry_blob_put(struct request *r)
{
	struct blob_put *b = mem_alloc(sizeof(*b));
	bool now;

	b->r = r;
	ask_of(r)->own = b;
	b->turn = upload_turn_new(ask_registry(r), r->repository, r->name,
	    &now, on_turn, queued, b);
	if (now)
		open_upload(b);
}

void
registry_blob_put_stop(struct request *r)
{
	struct blob_put *b = ask_of(r)->own;

	ask_stop(r);
	if (b == NULL)
		return;
	ask_of(r)->own = NULL;
	upload_close(b->upload);
	upload_turn_end(b->turn, b->there);
	free(b);
}
