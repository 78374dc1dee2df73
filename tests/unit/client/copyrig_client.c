/* SPDX-License-Identifier: Apache-2.0 */
/* The client of copyrig.h: calls that are answered from the loop. */
#include "tests/unit/client/copyrig.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/client/copyrig_call.h"
#include "worker/oci/manifest.h"
#include "worker/referrers/referrers.h"

static struct client_call *head, **tail = &head;
static struct timer *timer;

static void
call_end(struct client_call *c)
{
	if (c->busy != NULL)
		(*c->busy)--;
	c->busy = NULL;
	rig->calls_now--;
}

static void
call_destroy(struct client_call *c)
{
	free(c->a.media_type);
	free(c->a.digest);
	free(c->a.next);
	free(c->a.subject);
	buffer_free(&c->a.body);
	free(c);
}

/* One answer a round. */
static void
deliver(void *arg)
{
	struct client_call *c = head;
	bool slot;

	(void)arg;
	if (c == NULL)
		return;
	head = c->next;
	if (head == NULL)
		tail = &head;
	else
		timer_arm(timer, 0);
	call_end(c);
	slot = c->slot;
	if (slot)
		rig->slot_held = true;
	c->done(c->arg, &c->a);
	if (!slot)
		call_destroy(c);
}

struct client_call *
call_new(answer_fn *done, void *arg, const char *operation,
    const char *name)
{
	struct client_call *c = mem_alloc(sizeof(*c));
	char *line = mem_printf("%s %s", operation, name);

	rig_append(&rig->trace, "%s", line);
	c->done = done;
	c->arg = arg;
	c->a.media_type = mem_strdup("");
	c->a.digest = mem_strdup("");
	c->a.next = mem_strdup("");
	c->a.size = -1;
	if (rig->fail != NULL &&
	    strncmp(line, rig->fail, strlen(rig->fail)) == 0 &&
	    (rig->fail_after == 0 || rig->fail_after-- == 0))
		c->a.err = rig->failure;
	*tail = c;
	tail = &c->next;
	rig->calls_now++;
	timer_arm(timer, 0);
	free(line);
	return c;
}

void
answer_fail(struct client_call *c, enum error_kind kind, int http,
    const char *text)
{
	if (c->a.err.kind != ERROR_NONE)
		return;
	error_set(&c->a.err, kind, "%s", text);
	c->a.err.http = http;
}

void
answer_set(char **where, const char *s)
{
	free(*where);
	*where = mem_strdup(s);
}

void
call_cancel(struct client_call *call)
{
	struct client_call **p;

	if (call == NULL)
		return;
	for (p = &head; *p != NULL; p = &(*p)->next)
		if (*p == call) {
			*p = call->next;
			if (call->next == NULL)
				tail = p;
			call_end(call);
			call_destroy(call);
			return;
		}
	cr_assert_fail("a call was cancelled that is over");
}

struct client_call *
client_slot(struct client *c, answer_fn *done, void *arg)
{
	struct client_call *call = call_new(done, arg, "SLOT", "");

	(void)c;
	call->slot = true;
	return call;
}

void
client_slot_release(struct client *c, struct client_call *slot)
{
	(void)c;
	rig_append(&rig->trace, "RELEASE");
	if (!rig->slot_held) {
		call_cancel(slot);
		return;
	}
	rig->slot_held = false;
	call_destroy(slot);
}

static struct client_call *
manifest_call(const char *operation, const struct reference *ref,
    answer_fn *done, void *arg)
{
	char *name = reference_string(ref);
	char *repository = reference_repository(ref);
	struct client_call *c = call_new(done, arg, operation, name);
	struct rig_manifest *m = rig_find(repository, ref->tag, ref->digest);
	bool get = strcmp(operation, "GET") == 0;

	if (m == NULL || (!get && rig->no_heads))
		answer_fail(c, ERROR_NOT_FOUND, 404, get ? "request failed: "
		    "not found [http 404]: {}" : "request failed: not found "
		    "[http 404]: ");
	else if (c->a.err.kind == ERROR_NONE) {
		answer_set(&c->a.media_type, m->media_type);
		c->a.size = (int64_t)strlen(m->bytes);
		if (!rig->no_digests)
			answer_set(&c->a.digest, m->digest);
		if (get)
			buffer_puts(&c->a.body, m->bytes);
		if (get && rig->corrupt > 0) {
			rig->corrupt--;
			c->a.body.data[c->a.body.len - 2] ^= 1;
		}
	}
	if (get) {
		c->busy = &rig->gets_now;
		if (++rig->gets_now > rig->gets_most)
			rig->gets_most = rig->gets_now;
	}
	free(name);
	free(repository);
	return c;
}

struct client_call *
client_manifest_head(struct client *c, const struct reference *ref,
    answer_fn *done, void *arg)
{
	(void)c;
	return manifest_call("HEAD", ref, done, arg);
}

struct client_call *
client_manifest_get(struct client *c, const struct reference *ref,
    answer_fn *done, void *arg)
{
	(void)c;
	return manifest_call("GET", ref, done, arg);
}

static void
lose(void)
{
	char *at = strchr(rig->lose, '@');
	struct rig_manifest *m;
	struct rig_blob *b;

	*at++ = '\0';
	for (b = rig->blobs; b != NULL; b = b->next)
		if (strcmp(b->repository, rig->lose) == 0 &&
		    strcmp(b->digest, at) == 0)
			b->digest[0] = '\0';
	for (m = rig->manifests; m != NULL; m = m->next)
		if (strcmp(m->repository, rig->lose) == 0 &&
		    strcmp(m->digest, at) == 0)
			m->digest[0] = '\0';
	free(rig->lose);
	rig->lose = NULL;
}

/* As a strict registry: what the manifest names must be there. */
static bool
complete(const char *repository, const struct manifest *m)
{
	if (m->config != NULL && !rig_has_blob(repository, m->config->digest))
		return false;
	for (size_t i = 0; i < m->nlayers; i++)
		if (!m->layers[i].has_urls &&
		    !rig_has_blob(repository, m->layers[i].digest))
			return false;
	for (size_t i = 0; i < m->nchildren; i++)
		if (rig_find(repository, "", m->children[i].digest) == NULL &&
		    !rig_has_blob(repository, m->children[i].digest))
			return false;
	return true;
}

struct client_call *
client_manifest_put(struct client *c, const struct reference *ref,
    const char *media_type, const char *digest, const void *p, size_t n,
    answer_fn *done, void *arg)
{
	char *name = reference_string(ref), *repository =
	    reference_repository(ref), *bytes = mem_strndup(p, n);
	struct client_call *call = call_new(done, arg, "PUT", name);
	struct error err;
	struct manifest *m = manifest_parse(bytes, n, media_type, digest,
	    &err);

	(void)c;
	cr_assert_not_null(m, "%s", err.text);
	if (rig->lose != NULL && ref->tag[0] != '\0')
		lose();
	if (!complete(repository, m))
		answer_fail(call, ERROR_HTTP, 400, "request failed: "
		    "[http 400]: {\"code\":\"MANIFEST_BLOB_UNKNOWN\"}");
	if (call->a.err.kind == ERROR_NONE) {
		char *d = rig_manifest(repository, ref->digest[0] != '\0' ?
		    "" : ref->tag, media_type, bytes);

		cr_expect_str_eq(d, digest);
		free(d);
		if (rig_has_api(repository) && referrers_subject(m) != NULL)
			call->a.subject = mem_strdup(referrers_subject(m));
	}
	manifest_free(m);
	free(bytes);
	free(name);
	free(repository);
	return call;
}

struct client_call *
client_manifest_delete(struct client *c, const struct reference *ref,
    const char *digest, answer_fn *done, void *arg)
{
	struct client_call *call = call_new(done, arg, "DELETE", digest);

	(void)c;
	(void)ref;
	return call;
}

struct client_call *
client_tag_list(struct client *c, const struct reference *ref, int64_t n,
    const char *last, const char *query, answer_fn *done, void *arg)
{
	char *repository = reference_repository(ref);
	struct client_call *call = call_new(done, arg, "LIST", repository);
	struct rig_manifest *m;
	size_t at = strtoul(query, NULL, 10), i = 0;

	(void)c;
	(void)n;
	(void)last;
	/* Two tags a page. */
	buffer_puts(&call->a.body, "{\"tags\":[\"_\"");
	for (m = rig->manifests; m != NULL; m = m->next) {
		if (strcmp(m->repository, repository) != 0 ||
		    m->tag[0] == '\0')
			continue;
		if (i >= at && i < at + 2)
			buffer_printf(&call->a.body, ",\"%s\"", m->tag);
		i++;
	}
	buffer_puts(&call->a.body, "]}");
	if (i > at + 2) {
		free(call->a.next);
		call->a.next = mem_printf("%zu", at + 2);
	}
	free(repository);
	return call;
}

static struct client_call *
blob_call(const char *operation, const char *repository, const char *digest,
    const char *more, answer_fn *done, void *arg)
{
	char *name = mem_printf("%s@%s%s", repository, digest, more);
	struct client_call *c = call_new(done, arg, operation, name);

	free(name);
	return c;
}

struct client_call *
client_blob_head(struct client *c, const struct reference *ref,
    const char *digest, answer_fn *done, void *arg)
{
	char *repository = reference_repository(ref);
	struct client_call *call = blob_call("BLOBHEAD", repository, digest, "",
	    done, arg);
	struct rig_blob *b;

	(void)c;
	for (b = rig->blobs; b != NULL; b = b->next)
		if (strcmp(b->repository, repository) == 0 &&
		    strcmp(b->digest, digest) == 0)
			break;
	if (b == NULL)
		answer_fail(call, ERROR_NOT_FOUND, 404, "request failed: not "
		    "found [http 404]: ");
	else
		call->a.size = b->size;
	free(repository);
	return call;
}

struct client_call *
client_blob_copy(struct client *c, const struct reference *src,
    const struct reference *dst, const char *digest, uint64_t size,
    const char *from, answer_fn *done, void *arg)
{
	char *source = reference_repository(src);
	char *target = reference_repository(dst);
	char *key = reference_registry_key(dst->registry);
	char *known = mem_printf("%s/%s", key, from);
	char *more = mem_printf(" %s from=%s", source, from);
	struct client_call *call = blob_call("COPY", target, digest, more, done,
	    arg);
	bool mounted = from[0] != '\0' && rig_has_blob(known, digest);

	(void)c;
	call->busy = &rig->blobs_now;
	if (++rig->blobs_now > rig->blobs_most)
		rig->blobs_most = rig->blobs_now;
	if (!mounted && !rig_has_blob(source, digest)) {
		answer_fail(call, ERROR_NOT_FOUND, 404,
		    "request failed: not found [http 404]: ");
		call->a.read_failed = true;
	}
	if (call->a.err.kind == ERROR_NONE) {
		rig_add_blob(target, digest, (int64_t)size);
		call->a.size = mounted ? 0 : (int64_t)size;
	}
	free(source);
	free(target);
	free(known);
	free(key);
	free(more);
	return call;
}

/* The URL stands for the repository that has it. */
struct client_call *
client_url_copy(struct client *c, const char *registry, const char *url,
    const struct reference *dst, const char *digest, uint64_t size,
    answer_fn *done, void *arg)
{
	char *target = reference_repository(dst);
	char *name = mem_printf("%s %s", registry, url);
	struct client_call *call = call_new(done, arg, "URL", name);

	(void)c;
	call->busy = &rig->blobs_now;
	if (++rig->blobs_now > rig->blobs_most)
		rig->blobs_most = rig->blobs_now;
	if (call->a.err.kind == ERROR_NONE && !rig_has_blob(url, digest))
		answer_fail(call, ERROR_NOT_FOUND, 404,
		    "request failed: not found [http 404]: ");
	call->a.read_failed = true;
	if (call->a.err.kind == ERROR_NONE) {
		rig_add_blob(target, digest, (int64_t)size);
		call->a.size = (int64_t)size;
	}
	free(name);
	free(target);
	return call;
}

void
client_expect(struct client *c, int64_t bytes)
{
	(void)c;
	(void)bytes;
}

void
client_log(struct client *c, const struct log_record *r)
{
	char *line = mem_printf("%s", r->message), *next;

	(void)c;
	for (int i = 0; i < r->nattrs; i++) {
		next = mem_printf("%s %s=%s", line, r->attrs[i].key,
		    r->attrs[i].text);
		free(line);
		line = next;
	}
	rig_append(&rig->logs, "%s", line);
	free(line);
}

void
rig_calls_start(void)
{
	timer = loop_timer(rig->w.loop, deliver, NULL);
	head = NULL;
	tail = &head;
}
