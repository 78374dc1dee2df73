/* SPDX-License-Identifier: Apache-2.0 */
/* tag.c - a list under a fallback tag that this job writes: what the tag had
 * lately, and what must be in it and what must not. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/mem.h"
#include "worker/referrers/referrers_private.h"

#define KEPT_MAX (16 * KIB)	/* a longer list is read again each time */
#define KEPT_TAGS 256
#define AGAIN_MS 250		/* the first wait after a failure; it doubles */

static struct referrers_tag *
find(struct worker *w, const struct reference *ref)
{
	struct referrers_tag *t;

	TAILQ_FOREACH(t, &referrers_of(w)->tags, entry)
		if (reference_same_repository(&t->ref, ref) &&
		    strcmp(t->ref.tag, ref->tag) == 0)
			return t;
	return NULL;
}

static struct referrers_tag *
tag_new(struct worker *w, const struct reference *ref, const char *subject,
    void (*go)(void *tag))
{
	struct referrers *r = referrers_of(w);
	struct referrers_tag *t = mem_alloc(sizeof(*t));

	t->w = w;
	reference_copy(&t->ref, ref);
	t->subject = mem_strdup(subject);
	t->media_type = mem_strdup("");
	t->timer = loop_timer(w->loop, go, t);
	TAILQ_INIT(&t->changes);
	TAILQ_INIT(&t->waiting);
	TAILQ_INIT(&t->writing);
	buffer_init(&t->content, 0);
	buffer_init(&t->next, 0);
	TAILQ_INSERT_TAIL(&r->tags, t, entry);
	r->ntags++;
	return t;
}

struct referrers_tag *
referrers_tag_of(struct worker *w, const struct reference *ref,
    const char *subject, void (*go)(void *tag), struct error *err)
{
	struct referrers *r = referrers_of(w);
	struct referrers_tag *t;
	struct reference at;
	char *tag = referrers_tag(subject);

	reference_copy(&at, ref);
	reference_set_tag(&at, tag);
	free(tag);
	t = find(w, &at);
	if (t == NULL && r->ntags == REFERRERS_TAGS_MAX)
		error_set(err, ERROR_LIMIT, "more than %d lists of referrers "
		    "are written at once", REFERRERS_TAGS_MAX);
	else if (t == NULL)
		t = tag_new(w, &at, subject, go);
	reference_free(&at);
	return t;
}

static void
change_free(struct referrers_tag *t, struct referrers_change *c)
{
	referrers_of(t->w)->bytes -= c->bytes;
	TAILQ_REMOVE(&t->changes, c, entry);
	json_object_put(c->descriptor);
	free(c->digest);
	free(c);
}

void
referrers_tag_forget(struct referrers_tag *t, bool all)
{
	struct referrers_change *c, *next;

	for (c = TAILQ_FIRST(&t->changes); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (all || !c->written)
			change_free(t, c);
	}
}

int
referrers_tag_change(struct referrers_tag *t, const char *digest,
    json_object *descriptor, struct error *err)
{
	struct referrers *r = referrers_of(t->w);
	struct referrers_change *c;
	size_t n = strlen(json_object_to_json_string(descriptor));

	if (n > REFERRERS_BYTES_MAX - r->bytes)
		return error_set(err, ERROR_LIMIT, "the referrers that are "
		    "being listed take more than %u bytes",
		    REFERRERS_BYTES_MAX);
	TAILQ_FOREACH(c, &t->changes, entry)
		if (strcmp(c->digest, digest) == 0)
			break;
	if (c != NULL)
		change_free(t, c);
	c = mem_alloc(sizeof(*c));
	c->digest = mem_strdup(digest);
	c->descriptor = json_object_get(descriptor);
	c->bytes = n;
	r->bytes += n;
	TAILQ_INSERT_TAIL(&t->changes, c, entry);
	return 0;
}

void
referrers_tag_free(struct referrers_tag *t)
{
	struct referrers *r = referrers_of(t->w);
	struct referrers_edit *e;

	TAILQ_CONCAT(&t->waiting, &t->writing, entry);
	while ((e = TAILQ_FIRST(&t->waiting)) != NULL) {
		TAILQ_REMOVE(&t->waiting, e, entry);
		free(e);
	}
	referrers_tag_forget(t, true);
	TAILQ_REMOVE(&r->tags, t, entry);
	r->ntags--;
	r->settled = r->ntags == 0;
	call_cancel(t->call);
	timer_free(t->timer);
	buffer_free(&t->content);
	buffer_free(&t->next);
	reference_free(&t->ref);
	free(t->media_type);
	free(t->subject);
	free(t);
}

void
referrers_tag_take(struct referrers_tag *t, struct answer *a)
{
	bool there = a->err.kind == ERROR_NONE && a->body.len != 0;
	char before[DIGEST_MAX + 1];

	t->known = true;
	memcpy(before, t->digest, sizeof(before));
	t->digest[0] = '\0';
	buffer_clear(&t->content);
	free(t->media_type);
	t->media_type = mem_strdup(there ? a->media_type : "");
	if (there) {
		buffer_put(&t->content, a->body.data, a->body.len);
		digest_of(t->content.data, t->content.len, t->digest);
	}
	if (strcmp(before, t->digest) != 0)
		t->since = clock_now();
}

int
referrers_tag_cannot(const struct referrers_tag *t, struct error *err)
{
	return error_prefix(err, "the list of referrers in %s/%s:%s cannot be "
	    "written", t->ref.registry, t->ref.repository, t->ref.tag);
}

int
referrers_tag_edit(struct referrers_tag *t, bool *differs, struct error *err)
{
	buffer_clear(&t->next);
	if (referrers_index_edit(buffer_str(&t->content), t->content.len,
	    t->media_type, &t->changes, &t->next, differs, err) == -1)
		return referrers_tag_cannot(t, err);
	if (*differs)
		digest_of(t->next.data, t->next.len, t->next_digest);
	return 0;
}

void
referrers_tag_mark(struct referrers_tag *t)
{
	struct referrers_change *c;

	TAILQ_FOREACH(c, &t->changes, entry)
		c->written = true;
}

void
referrers_tag_maybe_written(struct referrers_tag *t)
{
	t->unsettled = true;
	t->since = clock_now();
}

void
referrers_tag_written(struct referrers_tag *t)
{
	referrers_tag_mark(t);
	buffer_clear(&t->content);
	t->known = t->next.len <= KEPT_MAX &&
	    referrers_of(t->w)->ntags <= KEPT_TAGS;
	if (t->known)
		buffer_put(&t->content, t->next.data, t->next.len);
	buffer_free(&t->next);
	memcpy(t->digest, t->next_digest, sizeof(t->digest));
	free(t->media_type);
	t->media_type = mem_strdup(MEDIA_OCI_INDEX);
	t->unsettled = true;
	t->repairs += t->repair;
	t->repair = false;
	t->since = clock_now();
	t->tries = t->looks = t->changed = 0;
}

bool
referrers_tag_again(struct referrers_tag *t, const struct error *err)
{
	bool passing = err->kind == ERROR_NETWORK || err->http >= 500 ||
	    err->kind == ERROR_RATE_LIMIT || err->kind == ERROR_PEER;

	t->known = false;
	if (!passing || t->tries == REFERRERS_TRIES_MAX)
		return false;
	timer_arm(t->timer, (AGAIN_MS << t->tries++) * NS_PER_MS);
	return true;
}
