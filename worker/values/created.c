/* SPDX-License-Identifier: Apache-2.0 */
/*
 * created.c - three rounds of requests: the tags' manifests, the manifests that
 * indexes name, the configurations. Each has what the one before asked for,
 * every digest once. See created.h.
 */
#include "worker/values/created.h"

#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/digest.h"
#include "common/json.h"
#include "common/mem.h"
#include "worker/client/client.h"
#include "worker/job/overlay.h"
#include "worker/library/timetext.h"
#include "worker/oci/manifest.h"
#include "worker/values/fetch.h"

enum { ROUND_TAGS, ROUND_CHILDREN, ROUND_CONFIGS, ROUNDS };

struct created_read {
	char *digest;		/* "" in the round of tags; the key */
	struct created *created;
	struct reference at;
	int64_t size;		/* what the descriptor says, of a config */
	struct client_call *call;
	struct created_read *next;	/* what it asked for */
	char *why;
	struct text_time time;
};

struct created {
	struct worker *w;
	struct client_call *slot;
	struct platform platform;
	struct created_tag *tags;
	int round;
	struct {
		struct created_read **list;
		size_t n, cap, started, finished;
		void *tree;	/* by digest */
	} rounds[ROUNDS];
	void (*done)(void *arg, const struct error *err);
	void *arg;
	bool over;
};

static void created_go(struct created *c);

static void
read_free(struct created_read *r)
{
	call_cancel(r->call);
	reference_free(&r->at);
	free(r->digest);
	free(r->why);
	free(r);
}

static void
keep(void *node)
{
	(void)node;		/* the lists own what is in the trees */
}

void
created_free(struct created *c)
{
	if (c == NULL)
		return;
	for (int i = 0; i < ROUNDS; i++) {
		tdestroy(c->rounds[i].tree, keep);
		for (size_t k = 0; k < c->rounds[i].n; k++)
			read_free(c->rounds[i].list[k]);
		free(c->rounds[i].list);
	}
	call_cancel(c->slot);
	platform_free(&c->platform);
	free(c);
}

static int
by_digest(const void *a, const void *b)
{
	const struct created_read *x = a, *y = b;

	return strcmp(x->digest, y->digest);
}

static struct created_read *
add(struct created *c, int round, const char *digest)
{
	struct created_read *r = mem_alloc(sizeof(*r));

	memset(r, 0, sizeof(*r));
	r->digest = mem_strdup(digest);
	r->created = c;
	if (c->rounds[round].n == c->rounds[round].cap) {
		c->rounds[round].cap = c->rounds[round].cap * 2 + 16;
		c->rounds[round].list = mem_resize(c->rounds[round].list,
		    c->rounds[round].cap, sizeof(struct created_read *));
	}
	c->rounds[round].list[c->rounds[round].n++] = r;
	return r;
}

/* What r asked for: a digest in a later round, at the same place. */
static void
ask(struct created_read *r, int round, const struct descriptor *d)
{
	struct created *c = r->created;
	struct created_read key = { .digest = d->digest };
	void *found = tfind(&key, &c->rounds[round].tree, by_digest);

	if (found != NULL) {
		r->next = *(struct created_read **)found;
		return;
	}
	r->next = add(c, round, d->digest);
	reference_copy(&r->next->at, &r->at);
	r->next->size = d->size;
	if (round == ROUND_CHILDREN)
		reference_add_digest(&r->next->at, d->digest);
	if (tsearch(r->next, &c->rounds[round].tree, by_digest) == NULL)
		abort();
}

static void
created_over(struct created *c, const struct error *err)
{
	if (c->over)
		return;
	/* The slot stays until created_free: it cannot be given back where it
	 * has just been got. */
	c->over = true;
	c->done(c->arg, err);
}

static void
skip(struct created_read *r, const char *why)
{
	if (r->why == NULL)
		r->why = mem_strdup(why);
}

static void
take_manifest(struct created_read *r, const struct manifest *m)
{
	struct created *c = r->created;
	const struct descriptor *d;
	struct error err;

	if (m->placeholder)
		skip(r, "it is being deleted");
	else if (manifest_is_index(m) && c->round == ROUND_TAGS) {
		d = platform_select(m, &c->platform, &err);
		if (d != NULL)
			ask(r, ROUND_CHILDREN, d);
		else
			skip(r, err.text);
	} else if (m->config != NULL)
		ask(r, ROUND_CONFIGS, m->config);
	else
		skip(r, "it has no image configuration");
}

/* -1 and *err for bytes that are not what they should be. */
static int
read_manifest(struct created_read *r, const char *p, size_t n,
    const char *type, const char *expected, struct error *err)
{
	struct manifest *m = manifest_parse(p, n, type, expected, err);

	if (m == NULL && err->kind == ERROR_DIGEST)
		return -1;
	if (m == NULL)
		skip(r, err->text);
	else
		take_manifest(r, m);
	manifest_free(m);
	return 0;
}

static int
read_config(struct created_read *r, const char *p, size_t n,
    struct error *err)
{
	json_object *o;
	const char *s;

	if (n != (uint64_t)r->size)
		return error_set(err, ERROR_DIGEST, "the image config has %zu "
		    "bytes, its descriptor says %lld", n, (long long)r->size);
	if (digest_verify(p, n, r->digest, err) == -1)
		return -1;
	o = json_parse(p, n, JSON_BYTES_MAX, "the image config", err);
	s = o != NULL && json_object_is_type(o, json_type_object) ?
	    json_text(o, "created") : "";
	if (o == NULL)
		skip(r, err->text);
	else if (timetext_parse(s, strlen(s), &r->time) == -1)
		skip(r, *s == '\0' ? "its configuration has no date" :
		    "the date in its configuration is none");
	json_object_put(o);
	return 0;
}

/* Ends it all: what is not known must not look old. */
static void
created_fail(struct created_read *r, struct error *err)
{
	char *name = reference_string(&r->at);

	if (r->created->round == ROUND_CONFIGS)
		error_prefix(err, "failed to get blob, digest %s, ref %s",
		    r->digest, name);
	else
		error_prefix(err, "failed to get manifest %s", name);
	free(name);
	created_over(r->created, err);
}

static void
created_got(void *arg, struct answer *a)
{
	struct created_read *r = arg;
	struct created *c = r->created;
	const char *p = buffer_str(&a->body), *expected;
	struct error err = a->err;

	r->call = NULL;
	c->rounds[c->round].finished++;
	if (err.kind == ERROR_NOT_FOUND)
		skip(r, c->round == ROUND_CONFIGS ? "its configuration is not "
		    "there" : "it is not there");
	else if (err.kind == ERROR_NONE && c->round == ROUND_CONFIGS) {
		if (read_config(r, p, a->body.len, &err) == 0)
			error_clear(&err);
	} else if (err.kind == ERROR_NONE) {
		expected = *r->at.digest != '\0' ? r->at.digest :
		    digest_valid(a->digest) ? a->digest : "";
		if (read_manifest(r, p, a->body.len, a->media_type, expected,
		    &err) == 0)
			error_clear(&err);
	}
	if (err.kind != ERROR_NONE && err.kind != ERROR_NOT_FOUND)
		created_fail(r, &err);
	else
		created_go(c);
}

/* What a dry run pretends to have put is not in any registry. */
static bool
read_kept(struct created_read *r)
{
	struct created *c = r->created;
	const struct overlay_content *k;
	struct error err;

	if (c->w->overlay == NULL || c->round == ROUND_CONFIGS ||
	    (k = overlay_kept(c->w->overlay, r->at.digest)) == NULL)
		return false;
	if (read_manifest(r, k->bytes, k->len, k->media_type, k->digest,
	    &err) == -1)
		skip(r, err.text);
	return true;
}

static void
read_start(struct created_read *r)
{
	struct created *c = r->created;
	struct client *client = c->w->client;

	if (r->why != NULL || read_kept(r))
		c->rounds[c->round].finished++;
	else if (c->round != ROUND_CONFIGS)
		r->call = client_manifest_get(client, &r->at, created_got, r);
	else if (r->size > BLOB_GET_MAX) {
		skip(r, "its configuration is too large");
		c->rounds[c->round].finished++;
	} else
		r->call = client_blob_get(client, &r->at, r->digest,
		    BLOB_GET_MAX, created_got, r);
}

/* A tag has the time of what it led to, or the reason why it has none. */
static void
created_fill(struct created *c)
{
	for (size_t i = 0; i < c->rounds[ROUND_TAGS].n; i++) {
		const struct created_read *r = c->rounds[ROUND_TAGS].list[i];

		while (r->why == NULL && r->next != NULL)
			r = r->next;
		if (r->why != NULL) {
			c->tags[i].why = mem_strdup(r->why);
			continue;
		}
		c->tags[i].seconds = text_time_seconds(&r->time);
		c->tags[i].nanoseconds = r->time.nanoseconds;
	}
}

/* Keeps CREATED_READS requests under way. */
static void
created_go(struct created *c)
{
	while (!c->over && c->round < ROUNDS) {
		if (c->rounds[c->round].finished == c->rounds[c->round].n) {
			c->round++;
			continue;
		}
		if (c->rounds[c->round].started == c->rounds[c->round].n ||
		    c->rounds[c->round].started -
		    c->rounds[c->round].finished >= CREATED_READS)
			return;
		read_start(c->rounds[c->round].list[
		    c->rounds[c->round].started++]);
	}
	if (c->over)
		return;
	created_fill(c);
	created_over(c, NULL);
}

static void
created_slot(void *arg, struct answer *a)
{
	struct created *c = arg;

	if (a->err.kind != ERROR_NONE)
		created_over(c, &a->err);
	else
		created_go(c);
}

static void
add_tag(struct created *c, const struct reference *ref, const char *tag)
{
	struct created_read *r = add(c, ROUND_TAGS, "");
	struct reference named = { .ocidir = false };
	struct error err;

	reference_copy(&named, ref);
	reference_set_tag(&named, tag);
	if (fetch_place(c->w, &named, &r->at, &err) == -1)
		skip(r, err.text);
	reference_free(&named);
}

struct created *
created_start(struct worker *w, const struct reference *ref,
    const char *platform, struct created_tag *tags, size_t n,
    void (*done)(void *arg, const struct error *err), void *arg)
{
	struct created *c = mem_alloc(sizeof(*c));

	memset(c, 0, sizeof(*c));
	c->w = w;
	c->tags = tags;
	c->done = done;
	c->arg = arg;
	if (*platform == '\0' ||
	    platform_parse(platform, &c->platform, NULL) == -1)
		platform_host(&c->platform);
	for (size_t i = 0; i < n; i++)
		add_tag(c, ref, tags[i].tag);
	/* Like image.config: one action, however many requests. */
	c->slot = client_slot(w->client, created_slot, c);
	return c;
}
