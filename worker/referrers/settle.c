/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle.c - nothing that was written to a fallback tag is lost to another
 * regbot.
 *
 * A list is changed by reading it, adding to it and writing it, and registries
 * cannot do that in one step: who reads before another has written, and writes
 * after, undoes what the other wrote. Within one broker swap.c lets one job
 * through at a time. For other processes and machines there is this:
 *
 *  - From the start of a writer's GET to the answer to its PUT it takes at most
 *    REFERRERS_WINDOW_MS: swap.c reads the tag once more just before the PUT,
 *    again if that took long, and sends the PUT once.
 *  - Whoever wrote looks again, until two looks that are REFERRERS_SETTLE_MS
 *    or more apart show the same content, with its own changes in it. Where
 *    they are missing, it writes them again, and begins anew.
 *
 * Let D be that content, and let the tag have had it from the first look to
 * the second. A PUT that takes effect after the second look follows a GET that
 * was less than a window before, so after the first look, since the settling
 * time is longer than the window. So that GET read D, or what such a writer
 * made of D; each adds to what it read and takes out only what it was told to.
 * So what is written from then on has our changes, by induction for ever: they
 * are safe, and the job may end.
 *
 * It would not be enough to see our changes once: a writer who has read the
 * list before they were in it may still write, and another who has read them
 * put them back just for our look. Nor can D have come back between two looks,
 * since every write adds something that no earlier content had; except where
 * two runs add the very same referrers in the same order and a third writes in
 * between, or where one adds what another takes out.
 *
 * What remains: a registry that takes longer than the window for GET and PUT
 * together (the writer notices, and warns), applies a PUT after it has
 * answered or given up, or shows an older content to a GET; that exception; a
 * run that is killed before it has looked; other programs that write without
 * looking; a tag that others go on changing for REFERRERS_LOOKS_MAX looks, of
 * which each had our changes.
 */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "worker/referrers/referrers_private.h"

_Static_assert(REFERRERS_SETTLE_MS > REFERRERS_WINDOW_MS,
    "a look must come after every write that it may concern");

static int64_t
left(const struct referrers_tag *t)
{
	int64_t at = t->since + REFERRERS_SETTLE_MS * NS_PER_MS;

	return at - clock_now();
}

void
referrers_settle_later(struct referrers_tag *t)
{
	int64_t ns = left(t);

	timer_arm(t->timer, ns > 0 ? ns : 0);
}

void
referrers_settle_failed(struct referrers_tag *t, const struct error *err)
{
	struct referrers *r = referrers_of(t->w);
	char *name = reference_string(&t->ref);

	t->unsettled = t->repair = false;
	if (r->failed.kind == ERROR_NONE) {
		r->failed = *err;
		error_prefix(&r->failed, "what was added to the list of "
		    "referrers %s may be lost", name);
	}
	free(name);
}

/* The tag has another content than at the last look. */
static void
differs(struct referrers_tag *t)
{
	struct error err = { .kind = ERROR_NONE };
	bool missing;

	if (referrers_tag_edit(t, &missing, &err) == 0 && missing &&
	    t->repairs == REFERRERS_LOOKS_MAX)
		error_set(&err, ERROR_LIMIT, "others have undone it %d times",
		    REFERRERS_LOOKS_MAX);
	if (err.kind != ERROR_NONE) {
		referrers_settle_failed(t, &err);
		referrers_tag_free(t);
	} else if (missing) {
		t->repair = true;
		timer_arm(t->timer, 0);
	} else if (++t->looks == REFERRERS_LOOKS_MAX)
		referrers_tag_free(t);
	else
		referrers_settle_later(t);
}

static void
looked(void *tag, struct answer *a)
{
	struct referrers_tag *t = tag;
	char before[DIGEST_MAX + 1];

	t->call = NULL;
	t->state = TAG_IDLE;
	if (a->err.kind != ERROR_NONE && a->err.kind != ERROR_NOT_FOUND) {
		if (referrers_tag_again(t, &a->err))
			return;
		referrers_settle_failed(t, &a->err);
		if (TAILQ_EMPTY(&t->waiting))
			referrers_tag_free(t);
		else
			timer_arm(t->timer, 0);
		return;
	}
	memcpy(before, t->digest, sizeof(before));
	referrers_tag_take(t, a);
	t->tries = 0;
	if (!TAILQ_EMPTY(&t->waiting))	/* which came in the meantime */
		timer_arm(t->timer, 0);
	else if (strcmp(before, t->digest) != 0)
		differs(t);
	else
		referrers_tag_free(t);
}

void
referrers_settle_look(struct referrers_tag *t)
{
	if (left(t) > 0) {
		referrers_settle_later(t);
		return;
	}
	t->state = TAG_LOOKING;
	t->call = client_manifest_get(t->w->client, &t->ref, looked, t);
}

static void
tell_stopped(struct worker *w, const struct error *err)
{
	struct referrers *r = w->referrers;
	struct log_record rec;

	log_record_init(&rec, LOG_WARN, "Stopped before it was sure that all "
	    "referrers stay listed");
	log_record_int(&rec, "lists", (int64_t)r->ntags);
	log_record_string(&rec, "error", err->text);
	worker_log(w, &rec);
}

int
referrers_settle(struct worker *w, struct error *err)
{
	struct referrers *r = w->referrers;
	struct error why = { .kind = ERROR_NONE };

	if (r == NULL)
		return 0;
	r->settled = r->ntags == 0;
	if (worker_wait(w, &r->settled, &why) == -1 && r->ntags != 0)
		tell_stopped(w, &why);
	if (r->failed.kind == ERROR_NONE)
		return 0;
	*err = r->failed;
	return -1;
}
