/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops.c - the operations on a registry: each checks its arguments and makes a
 * call of one request.
 */
#include "worker/client/client_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"

static void
request_ended(void *arg, struct client_request *r, enum client_request_event e)
{
	struct client_call *call = arg;

	if (e != REQUEST_END)
		return;
	client_answer_clear(&call->answer);
	call->answer = r->answer;
	memset(&r->answer, 0, sizeof(r->answer));
	call->work = NULL;
	call_finish(call);
}

int
client_check(const struct reference *ref, const char *digest,
    struct error *err)
{
	if (ref->ocidir)
		return error_set(err, ERROR_DENIED, "ocidir://%s cannot be "
		    "used: ocidir:// is not available to scripts in this "
		    "version", ref->repository);
	if (!reference_valid_repository(ref->repository))
		return error_set(err, ERROR_INPUT, "\"%s\" is not a repository",
		    ref->repository);
	if (digest != NULL && !digest_valid(digest))
		return error_set(err, ERROR_INPUT, "\"%s\" is not a digest of "
		    "a supported algorithm", digest);
	return 0;
}

/* A request whose fields the caller adds, or NULL when the reference
 * cannot be asked for. */
static struct client_request *
op_new(struct client *c, const struct reference *ref, enum message_type type,
    struct error *err)
{
	struct client_broker *b;
	struct client_request *r;

	if (client_check(ref, NULL, err) == -1)
		return NULL;
	b = client_broker_find(c, ref->registry, err);
	if (b == NULL)
		return NULL;
	r = client_request_new(b, type, request_ended, NULL);
	client_request_put_str(r, ref->repository);
	return r;
}

static int
put_digest(struct client_request *r, const char *digest, struct error *err)
{
	if (!digest_valid(digest))
		return error_set(err, ERROR_INPUT, "\"%s\" is not a digest of "
		    "a supported algorithm", digest);
	client_request_put_str(r, digest);
	return 0;
}

static int
put_tag(struct client_request *r, const char *tag, struct error *err)
{
	if (tag[0] == '\0')
		return error_set(err, ERROR_INPUT,
		    "tag missing from image reference");
	if (!reference_valid_tag(tag))
		return error_set(err, ERROR_INPUT, "\"%s\" is not a tag", tag);
	client_request_put_str(r, tag);
	return 0;
}

static int
put_name(struct client_request *r, const struct reference *ref,
    struct error *err)
{
	if (ref->digest[0] != '\0')
		return put_digest(r, ref->digest, err);
	return put_tag(r, ref->tag, err);
}

static void
op_abandon(void *request)
{
	client_request_abandon(request);
}

static const struct client_call_ops request_ops = { .abandon = op_abandon };

/* Starts r as a call of its own; fails at once when r is NULL or a field was
 * refused (err is filled). */
static struct client_call *
op_start(struct client *c, struct client_request *r, const struct error *err,
    answer_fn *done, void *arg)
{
	struct client_call *call;

	if (err->kind != ERROR_NONE) {
		if (r != NULL)
			client_request_abandon(r);
		return call_failed(c, err, done, arg);
	}
	call = call_new(c, &request_ops, done, arg);
	call->work = r;
	r->arg = call;
	client_request_start(r);
	return call;
}

static struct client_call *
manifest_op(struct client *c, const struct reference *ref,
    enum message_type type, answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_request *r = op_new(c, ref, type, &err);

	if (r != NULL) {
		(void)put_name(r, ref, &err);
		if (type == MSG_MANIFEST_GET)
			r->body_max = MANIFEST_GET_MAX;
	}
	return op_start(c, r, &err, done, arg);
}

struct client_call *
client_manifest_head(struct client *c, const struct reference *ref,
    answer_fn *done, void *arg)
{
	return manifest_op(c, ref, MSG_MANIFEST_HEAD, done, arg);
}

struct client_call *
client_manifest_get(struct client *c, const struct reference *ref,
    answer_fn *done, void *arg)
{
	return manifest_op(c, ref, MSG_MANIFEST_GET, done, arg);
}

static int
put_upload(struct client_request *r, const char *media_type,
    const char *digest, const void *p, size_t n, struct error *err)
{
	client_request_put_str(r, media_type);
	if (put_digest(r, digest, err) == -1)
		return -1;
	r->upload = mem_alloc(n);
	memcpy(r->upload, p, n);
	r->upload_len = n;
	return 0;
}

static int
check_upload(size_t n, struct error *err)
{
	if (n != 0 && n <= MANIFEST_PUT_MAX)
		return 0;
	return error_set(err, ERROR_LIMIT, "a manifest of %zu bytes cannot "
	    "be pushed: the limit is %u", n, MANIFEST_PUT_MAX);
}

struct client_call *
client_manifest_put(struct client *c, const struct reference *ref,
    const char *media_type, const char *digest, const void *p, size_t n,
    answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_request *r = NULL;

	if (check_upload(n, &err) == 0)
		r = op_new(c, ref, MSG_MANIFEST_PUT, &err);
	if (r != NULL && put_name(r, ref, &err) == 0 &&
	    put_upload(r, media_type, digest, p, n, &err) == 0)
		client_request_put_u64(r, n);
	return op_start(c, r, &err, done, arg);
}

struct client_call *
client_manifest_swap(struct client *c, const struct reference *ref,
    const char *expected, const char *media_type, const char *digest,
    const void *p, size_t n, answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_request *r = NULL;

	if (check_upload(n, &err) == 0)
		r = op_new(c, ref, MSG_MANIFEST_SWAP, &err);
	if (r != NULL && put_tag(r, ref->tag, &err) == 0 &&
	    put_upload(r, media_type, digest, p, n, &err) == 0) {
		client_request_put_str(r, expected);
		client_request_put_u64(r, n);
		r->body_max = MANIFEST_GET_MAX;
	}
	return op_start(c, r, &err, done, arg);
}

static struct client_call *
digest_op(struct client *c, const struct reference *ref,
    enum message_type type, const char *digest, answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_request *r = op_new(c, ref, type, &err);

	if (r != NULL)
		(void)put_digest(r, digest, &err);
	return op_start(c, r, &err, done, arg);
}

struct client_call *
client_manifest_delete(struct client *c, const struct reference *ref,
    const char *digest, answer_fn *done, void *arg)
{
	return digest_op(c, ref, MSG_MANIFEST_DELETE, digest, done, arg);
}

struct client_call *
client_blob_head(struct client *c, const struct reference *ref,
    const char *digest, answer_fn *done, void *arg)
{
	return digest_op(c, ref, MSG_BLOB_HEAD, digest, done, arg);
}

struct client_call *
client_blob_get(struct client *c, const struct reference *ref,
    const char *digest, uint64_t max, answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_request *r = op_new(c, ref, MSG_BLOB_GET, &err);

	if (max > BLOB_GET_MAX)
		max = BLOB_GET_MAX;
	if (r != NULL && put_digest(r, digest, &err) == 0) {
		client_request_put_u64(r, max);
		r->body_max = (size_t)max;
	}
	return op_start(c, r, &err, done, arg);
}

struct client_call *
client_blob_part(struct client *c, const struct reference *ref,
    const char *digest, uint64_t offset, size_t n, answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_request *r = op_new(c, ref, MSG_BLOB_PART, &err);

	if (r != NULL && put_digest(r, digest, &err) == 0) {
		client_request_put_u64(r, offset);
		client_request_put_u64(r, n);
		r->body_max = n;
	}
	return op_start(c, r, &err, done, arg);
}

struct client_call *
client_blob_put(struct client *c, const struct reference *ref,
    const char *digest, const void *p, size_t n, answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_request *r = op_new(c, ref, MSG_BLOB_PUT, &err);

	if (r != NULL && put_digest(r, digest, &err) == 0) {
		client_request_put_u64(r, n);
		r->upload = mem_strndup(p, n);
		r->upload_len = n;
	}
	return op_start(c, r, &err, done, arg);
}

struct client_call *
client_blob_mount(struct client *c, const struct reference *ref,
    const char *digest, const char *from, answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_request *r = op_new(c, ref, MSG_BLOB_MOUNT, &err);

	if (r != NULL && put_digest(r, digest, &err) == 0)
		client_request_put_str(r, from);
	return op_start(c, r, &err, done, arg);
}

struct client_call *
client_tag_delete(struct client *c, const struct reference *ref,
    answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_request *r = op_new(c, ref, MSG_TAG_DELETE, &err);

	if (r != NULL)
		(void)put_tag(r, ref->tag, &err);
	return op_start(c, r, &err, done, arg);
}

static void
put_page(struct client_request *r, int64_t n, const char *last,
    const char *query)
{
	client_request_put_u64(r, n > 0 ? (uint64_t)n : 0);
	client_request_put_str(r, last);
	client_request_put_str(r, query);
	r->body_max = LIST_PAGE_MAX;
}

struct client_call *
client_tag_list(struct client *c, const struct reference *ref, int64_t n,
    const char *last, const char *query, answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_request *r = op_new(c, ref, MSG_TAG_LIST, &err);

	if (r != NULL)
		put_page(r, n, last, query);
	return op_start(c, r, &err, done, arg);
}

struct client_call *
client_referrers(struct client *c, const struct reference *ref,
    const char *digest, const char *type, const char *query,
    answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_request *r = op_new(c, ref, MSG_REFERRERS, &err);

	if (r != NULL && put_digest(r, digest, &err) == 0) {
		client_request_put_str(r, type);
		client_request_put_str(r, query);
		r->body_max = LIST_PAGE_MAX;
	}
	return op_start(c, r, &err, done, arg);
}

struct client_call *
client_catalog(struct client *c, const char *registry, int64_t n,
    const char *last, const char *query, answer_fn *done, void *arg)
{
	struct error err = { .kind = ERROR_NONE };
	struct client_broker *b = client_broker_find(c, registry, &err);
	struct client_request *r = NULL;

	if (b != NULL) {
		r = client_request_new(b, MSG_CATALOG, request_ended, NULL);
		put_page(r, n, last, query);
	}
	return op_start(c, r, &err, done, arg);
}
