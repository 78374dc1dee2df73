/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update.c - writes the lists of referrers under fallback tags. All changes of
 * a tag that wait are written at once; settle.c sees to it that they stay.
 */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "worker/referrers/referrers_private.h"

#define CHANGED_MAX 200		/* times that somebody else was faster */
#define CHANGED_MS 20		/* then a while, so that they take turns */

static void go(void *tag);

/* Answers edits, whose callbacks may make new ones. */
static void
answer(struct referrers_edits *done, const struct error *err)
{
	struct referrers_edit *e;

	while ((e = TAILQ_FIRST(done)) != NULL) {
		TAILQ_REMOVE(done, e, entry);
		if (e->done != NULL)
			e->done(e->arg, err);
		free(e);
	}
}

/* What becomes of the tag now that an attempt is over. */
static void
next(struct referrers_tag *t)
{
	t->state = TAG_IDLE;
	if (!TAILQ_EMPTY(&t->waiting))
		timer_arm(t->timer, 0);
	else if (t->unsettled)
		referrers_settle_later(t);
	else
		referrers_tag_free(t);
}

/* Those that waited are over, by err. */
static void
finish(struct referrers_tag *t, const struct error *err)
{
	struct referrers_edits done = TAILQ_HEAD_INITIALIZER(done);

	TAILQ_CONCAT(&done, &t->writing, entry);
	TAILQ_CONCAT(&done, &t->waiting, entry);
	t->state = TAG_IDLE;
	/* It must live until next, whatever the callbacks do. */
	answer(&done, err);
	next(t);
}

static void
failed(struct referrers_tag *t, const struct error *err)
{
	struct error why = *err;

	referrers_tag_forget(t, false);
	t->known = false;
	if (t->repair)
		referrers_settle_failed(t, &why);
	finish(t, &why);
}

/* Trying goes on for a minute: who waits for it shall know why. */
static void
tell_again(struct referrers_tag *t, const struct error *err)
{
	struct log_record r;
	char *name;

	if (t->tries != 1)
		return;
	name = reference_string(&t->ref);
	log_record_init(&r, LOG_WARN, "A list of referrers could not be "
	    "written, trying again");
	log_record_string(&r, "image", name);
	log_record_string(&r, "err", err->text);
	worker_log(t->w, &r);
	free(name);
}

static void
again(struct referrers_tag *t, const struct error *err)
{
	struct error why = *err;

	t->state = TAG_IDLE;
	TAILQ_CONCAT(&t->writing, &t->waiting, entry);
	TAILQ_CONCAT(&t->waiting, &t->writing, entry);
	if (referrers_tag_again(t, err)) {
		tell_again(t, &why);
		return;
	}
	(void)referrers_tag_cannot(t, &why);
	failed(t, &why);
}

static void
tell_late(struct referrers_tag *t)
{
	struct referrers *r = referrers_of(t->w);
	struct log_record rec;
	char *name;

	if (r->late_told)
		return;
	r->late_told = true;
	name = reference_string(&t->ref);
	log_record_init(&rec, LOG_WARN, "The registry is slow: what another "
	    "regbot adds to the list of referrers at this moment may be lost");
	log_record_string(&rec, "image", name);
	worker_log(t->w, &rec);
	free(name);
}

static void
somebody_else(struct referrers_tag *t, struct answer *a)
{
	struct error err = { .kind = ERROR_NONE };

	referrers_tag_take(t, a);
	TAILQ_CONCAT(&t->writing, &t->waiting, entry);
	TAILQ_CONCAT(&t->waiting, &t->writing, entry);
	t->state = TAG_IDLE;
	if (++t->changed > CHANGED_MAX) {
		error_set(&err, ERROR_LIMIT, "the tag %s was changed by "
		    "others %d times while it was to be written", t->ref.tag,
		    CHANGED_MAX);
		failed(t, &err);
		return;
	}
	timer_arm(t->timer, (clock_now() / 1000 % CHANGED_MS) * NS_PER_MS);
}

static void
swapped(void *tag, struct answer *a)
{
	struct referrers_tag *t = tag;
	struct referrers_edits done = TAILQ_HEAD_INITIALIZER(done);
	struct error none = { .kind = ERROR_NONE };

	t->call = NULL;
	if (a->err.kind != ERROR_NONE) {
		if (a->err.http < 400 || a->err.http >= 500)
			referrers_tag_maybe_written(t);
		again(t, &a->err);
	} else if (a->changed) {
		somebody_else(t, a);
	} else {
		if (a->late)
			tell_late(t);
		referrers_tag_written(t);
		TAILQ_CONCAT(&done, &t->writing, entry);
		answer(&done, &none);
		next(t);
	}
}

static void
write_list(struct referrers_tag *t)
{
	struct error err = { .kind = ERROR_NONE };
	bool differs;

	if (referrers_tag_edit(t, &differs, &err) == -1) {
		failed(t, &err);
		return;
	}
	if (!differs) {
		referrers_tag_mark(t);
		t->repair = false;
		finish(t, &err);
		return;
	}
	t->state = TAG_WRITING;
	TAILQ_CONCAT(&t->writing, &t->waiting, entry);
	t->call = client_manifest_swap(t->w->client, &t->ref, t->digest,
	    MEDIA_OCI_INDEX, t->next_digest, t->next.data, t->next.len,
	    swapped, t);
}

static void
read_done(void *tag, struct answer *a)
{
	struct referrers_tag *t = tag;

	t->call = NULL;
	t->state = TAG_IDLE;
	if (a->err.kind != ERROR_NONE && a->err.kind != ERROR_NOT_FOUND) {
		again(t, &a->err);
		return;
	}
	referrers_tag_take(t, a);
	write_list(t);
}

/* The timer. */
static void
go(void *tag)
{
	struct referrers_tag *t = tag;

	if (t->state != TAG_IDLE)
		return;
	if (TAILQ_EMPTY(&t->waiting) && !t->repair) {
		referrers_settle_look(t);
	} else if (t->known) {
		write_list(t);
	} else {
		t->state = TAG_READING;
		t->call = client_manifest_get(t->w->client, &t->ref,
		    read_done, t);
	}
}

static struct referrers_edit *
edit(struct referrers_tag *t, const char *digest, json_object *descriptor,
    referrers_done *done, void *arg, struct error *err)
{
	struct referrers_edit *e;

	if (referrers_tag_change(t, digest, descriptor, err) == -1) {
		if (t->state == TAG_IDLE && TAILQ_EMPTY(&t->waiting) &&
		    !t->unsettled)
			referrers_tag_free(t);
		return NULL;
	}
	e = mem_alloc(sizeof(*e));
	e->done = done;
	e->arg = arg;
	TAILQ_INSERT_TAIL(&t->waiting, e, entry);
	if (t->state == TAG_IDLE)
		timer_arm(t->timer, 0);
	return e;
}

struct referrers_edit *
referrers_add(struct worker *w, const struct reference *ref,
    const char *subject, json_object *descriptor, referrers_done *done,
    void *arg, struct error *err)
{
	struct referrers_tag *t = referrers_tag_of(w, ref, subject, go, err);

	return t == NULL ? NULL : edit(t, referrers_text(descriptor,
	    "digest"), descriptor, done, arg, err);
}

struct referrers_edit *
referrers_remove(struct worker *w, const struct reference *ref,
    const char *subject, const char *digest, referrers_done *done, void *arg,
    struct error *err)
{
	struct referrers_tag *t = referrers_tag_of(w, ref, subject, go, err);

	return t == NULL ? NULL : edit(t, digest, NULL, done, arg, err);
}

void
referrers_forget(struct referrers_edit *e)
{
	if (e != NULL)
		e->done = NULL;
}
