/* SPDX-License-Identifier: Apache-2.0 */
/* modrig_client.c - see modrig_client.h. */
#include "worker/client/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/modules/modrig_call.h"
#include "tests/unit/modules/modrig_client.h"
#include "tests/unit/modules/modrig_store.h"

static void
answer_clear(struct answer *a)
{
	free(a->media_type);
	free(a->digest);
	free(a->next);
	free(a->subject);
	free(a->rate.policies);
	buffer_free(&a->body);
}

static void
call_end(struct client_call *call)
{
	call->client->rig->left--;
	timer_free(call->timer);
	answer_clear(&call->answer);
	free(call);
}

static void
deliver(void *arg)
{
	struct client_call *call = arg;

	call->delivering = true;
	call->done(call->arg, &call->answer);
	call->delivering = false;
	if (!call->slot || call->released)
		call_end(call);
}

static struct client_call *
call_start(struct client *c, answer_fn *done, void *arg)
{
	struct client_call *call = mem_alloc(sizeof(*call));

	call->client = c;
	call->done = done;
	call->arg = arg;
	call->answer.media_type = mem_strdup("");
	call->answer.digest = mem_strdup("");
	call->answer.next = mem_strdup("");
	call->answer.rate.policies = mem_strdup("");
	call->answer.size = -1;
	buffer_init(&call->answer.body, 0);
	call->timer = loop_timer(c->loop, deliver, call);
	if (++c->rig->left > c->rig->most)
		c->rig->most = c->rig->left;
	if (!c->rig->hang)
		timer_arm(call->timer, 0);
	return call;
}

struct client_call *
modrig_request(struct client *c, const char *verb, const struct reference *ref,
    const char *name, answer_fn *done, void *arg)
{
	buffer_printf(&c->requests, "%s%s %s/%s%s%s", c->requests.len > 0 ?
	    "\n" : "", verb, ref->registry, ref->repository,
	    *name != '\0' ? " " : "", name);
	return call_start(c, done, arg);
}

void
modrig_not_found(struct client_call *call, const char *body)
{
	error_set(&call->answer.err, ERROR_NOT_FOUND,
	    "request failed: not found [http 404]: %s", body);
	call->answer.err.http = 404;
}

void
modrig_set(char **field, const char *value)
{
	free(*field);
	*field = mem_strdup(value);
}

struct entry *
modrig_entry_of(struct client *c, const struct reference *ref, const char *name)
{
	char *repo = reference_repository(ref);
	struct entry *e = store_find(c->rig->store, repo, name);

	free(repo);
	return e;
}

void
call_cancel(struct client_call *call)
{
	if (call == NULL)
		return;
	if (call->slot)
		client_slot_release(call->client, call);
	else if (!call->delivering) {
		call->client->rig->cancelled++;
		call_end(call);
	}
}

struct client_call *
client_slot(struct client *c, answer_fn *done, void *arg)
{
	struct client_call *call = call_start(c, done, arg);

	call->slot = true;
	c->rig->slots++;
	return call;
}

void
client_slot_release(struct client *c, struct client_call *slot)
{
	if (slot == NULL || slot->released)
		return;
	slot->released = true;
	c->rig->slots--;
	if (!slot->delivering)
		call_end(slot);
}

void
modrig_manifest_answer(struct client_call *call, const struct entry *e, bool body)
{
	struct answer *a = &call->answer;

	modrig_set(&a->media_type, e->media_type);
	modrig_set(&a->digest, e->digest);
	a->size = (int64_t)strlen(e->bytes);
	if (body)
		buffer_puts(&a->body, e->bytes);
}

struct client_call *
client_manifest_head(struct client *c, const struct reference *ref,
    answer_fn *done, void *arg)
{
	struct client_call *call = modrig_request(c, "HEAD", ref, reference_name(ref),
	    done, arg);
	struct entry *e = modrig_entry_of(c, ref, reference_name(ref));

	if (e == NULL)
		modrig_not_found(call, "");
	else
		modrig_manifest_answer(call, e, false);
	if (c->rig->no_head_digest)
		modrig_set(&call->answer.digest, "");
	if (c->nheads < MODRIG_PAGES && c->rig->rate[c->nheads] != 0) {
		call->answer.rate.set = true;
		call->answer.rate.limit = 100;
		call->answer.rate.remain = c->rig->rate[c->nheads];
		modrig_set(&call->answer.rate.policies, "100;w=21600,200;w=86400");
	}
	c->nheads++;
	return call;
}

struct client_call *
client_manifest_get(struct client *c, const struct reference *ref,
    answer_fn *done, void *arg)
{
	struct client_call *call = modrig_request(c, "GET", ref, reference_name(ref),
	    done, arg);
	struct entry *e = modrig_entry_of(c, ref, reference_name(ref));

	if (e == NULL)
		modrig_not_found(call, "{\"errors\":[]}\n");
	else
		modrig_manifest_answer(call, e, true);
	if (e != NULL && c->rig->corrupt > 0) {
		c->rig->corrupt--;
		call->answer.body.data[0] ^= 1;
	}
	return call;
}

struct client_call *
client_manifest_put(struct client *c, const struct reference *ref,
    const char *media_type, const char *digest, const void *p, size_t n,
    answer_fn *done, void *arg)
{
	struct client_call *call = modrig_request(c, "PUT", ref, reference_name(ref),
	    done, arg);
	char *repo = reference_repository(ref), *bytes = mem_strndup(p, n);

	store_add(c->rig->store, repo, *ref->digest != '\0' ? "" : ref->tag,
	    media_type, bytes);
	modrig_set(&call->answer.digest, c->rig->put_digest != NULL ?
	    c->rig->put_digest : digest);
	if (c->rig->put_subject != NULL)
		call->answer.subject = mem_strdup(c->rig->put_subject);
	free(repo);
	free(bytes);
	return call;
}

struct client_call *
client_manifest_delete(struct client *c, const struct reference *ref,
    const char *digest, answer_fn *done, void *arg)
{
	struct client_call *call = modrig_request(c, "DELETE", ref, digest, done, arg);
	char *repo = reference_repository(ref);

	if (!store_delete(c->rig->store, repo, digest))
		modrig_not_found(call, "{\"errors\":[]}\n");
	free(repo);
	return call;
}

struct client_call *
client_tag_delete(struct client *c, const struct reference *ref,
    answer_fn *done, void *arg)
{
	struct client_call *call = modrig_request(c, "DELETE", ref, ref->tag, done,
	    arg);
	char *repo = reference_repository(ref);

	if (!store_delete(c->rig->store, repo, ref->tag))
		modrig_not_found(call, "");
	free(repo);
	return call;
}

/* Pages of what is stored, or those that the test gives. */
static struct client_call *
list_call(struct client *c, const struct reference *ref, int64_t n,
    const char *last, const char *query, answer_fn *done, void *arg)
{
	struct modrig *rig = c->rig;
	char *what = mem_printf("n=%lld last=%s query=%s", (long long)n, last,
	    query), *repo = reference_repository(ref), *text, *next;
	struct client_call *call = modrig_request(c, "LIST", ref, what, done, arg);

	if (rig->catalog != NULL && strcmp(ref->repository, "_catalog") == 0)
		buffer_puts(&call->answer.body, rig->catalog);
	else if (rig->pages[0] != NULL) {
		buffer_puts(&call->answer.body, rig->pages[c->npages]);
		if (rig->nexts[c->npages] != NULL)
			modrig_set(&call->answer.next, rig->nexts[c->npages]);
		if (c->npages + 1 < MODRIG_PAGES &&
		    rig->pages[c->npages + 1] != NULL)
			c->npages++;
	} else if ((text = store_list(rig->store, repo, rig->page != 0 ?
	    rig->page : (int)n, *query != '\0' ? query : last, &next)) ==
	    NULL)
		modrig_not_found(call, "{\"errors\":[{\"code\":"
		    "\"NAME_UNKNOWN\"}]}\n");
	else {
		buffer_puts(&call->answer.body, text);
		modrig_set(&call->answer.next, next);
		free(text);
		free(next);
	}
	free(what);
	free(repo);
	return call;
}

struct client_call *
client_tag_list(struct client *c, const struct reference *ref, int64_t n,
    const char *last, const char *query, answer_fn *done, void *arg)
{
	return list_call(c, ref, n, last, query, done, arg);
}

struct client_call *
client_catalog(struct client *c, const char *registry, int64_t n,
    const char *last, const char *query, answer_fn *done, void *arg)
{
	struct reference ref = { .registry = (char *)(uintptr_t)registry,
	    .repository = (char *)(uintptr_t)"_catalog", .tag = (char *)"",
	    .digest = (char *)"" };

	return list_call(c, &ref, n, last, query, done, arg);
}

struct client_call *
client_url_copy(struct client *c, const char *registry, const char *url,
    const struct reference *dst, const char *digest, uint64_t size,
    answer_fn *done, void *arg)
{
	struct client_call *call = modrig_request(c, "URL", dst, digest, done, arg);

	(void)registry;
	(void)url;
	(void)size;
	modrig_not_found(call, "");
	return call;
}

/* No test prints to standard output. */
struct client_call *
client_print(struct client *c, const void *p, size_t n, answer_fn *done,
    void *arg)
{
	(void)c;
	(void)p;
	(void)n;
	(void)done;
	(void)arg;
	return NULL;
}

struct client_call *
client_module(struct client *c, const char *name, answer_fn *done, void *arg)
{
	struct client_call *call = call_start(c, done, arg);

	for (int i = 0; i < MODRIG_MODULES; i++) {
		if (c->rig->modules[i].name == NULL ||
		    strcmp(c->rig->modules[i].name, name) != 0)
			continue;
		modrig_set(&call->answer.media_type, name);
		buffer_puts(&call->answer.body, c->rig->modules[i].text);
		return call;
	}
	error_set(&call->answer.err, ERROR_NOT_FOUND, "no module %s", name);
	return call;
}

void
client_width(struct client *c, unsigned n)
{
	c->rig->width = n;
}

void
client_late(struct client *c, const char *where)
{
	(void)c;
	(void)where;
}

const char *
client_getenv(const struct client *c, const char *name)
{
	(void)c;
	(void)name;
	return NULL;
}

const struct client_copy *
client_copy_defaults(const struct client *c)
{
	return &c->rig->copy;
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
	char level[24];
	int i;

	log_level_name(r->level, level);
	buffer_printf(&c->log, "%s%s %s", c->log.len > 0 ? "\n" : "", level,
	    r->message);
	for (i = 0; i < r->nattrs; i++) {
		const struct attr *a = &r->attrs[i];

		if (a->kind == ATTR_STRING)
			buffer_printf(&c->log, " %s=%s", a->key, a->text);
		else if (a->kind == ATTR_BOOL)
			buffer_printf(&c->log, " %s=%s", a->key,
			    a->number ? "true" : "false");
		else
			buffer_printf(&c->log, " %s=%lld", a->key,
			    (long long)a->number);
	}
}
