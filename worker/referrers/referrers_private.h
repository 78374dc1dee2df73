/* SPDX-License-Identifier: Apache-2.0 */
/* referrers_private.h - what the files of worker/referrers share. */
#ifndef REGBOT_REFERRERS_PRIVATE_H
#define REGBOT_REFERRERS_PRIVATE_H

#include <stdint.h>
#include <sys/queue.h>

#include "common/wire/loop.h"
#include "worker/client/client.h"
#include "worker/referrers/referrers.h"

struct referrers_edit {
	TAILQ_ENTRY(referrers_edit) entry;	/* of its tag's waiting */
	referrers_done *done;	/* NULL: nobody waits */
	void *arg;
};

TAILQ_HEAD(referrers_edits, referrers_edit);

/* A change of a list: a descriptor that must be in it, or a digest that must
 * not. */
struct referrers_change {
	TAILQ_ENTRY(referrers_change) entry;
	char *digest;
	json_object *descriptor;	/* NULL: it must not be there */
	size_t bytes;		/* of descriptor, counted in referrers.bytes */
	bool written;
};
TAILQ_HEAD(referrers_changes, referrers_change);

enum referrers_state {
	TAG_IDLE,	/* nothing to do, or the timer is armed */
	TAG_READING, TAG_WRITING, TAG_LOOKING
};

struct referrers_tag {		/* a list that this job writes */
	TAILQ_ENTRY(referrers_tag) entry;
	struct worker *w;
	struct reference ref;	/* with the tag */
	char *subject;
	enum referrers_state state;
	struct client_call *call;
	struct timer *timer;	/* the next thing to do */
	struct referrers_changes changes;	/* all that were made */
	struct referrers_edits waiting;	/* their changes are not written */
	struct referrers_edits writing;	/* by the PUT under way */
	bool known;		/* content is what the tag had lately */
	char digest[DIGEST_MAX + 1];	/* of it; "": there is no tag */
	struct buffer content;
	char *media_type;
	struct buffer next;	/* what is being PUT */
	char next_digest[DIGEST_MAX + 1];
	bool unsettled;		/* this job has written it */
	bool repair;		/* and what it wrote is not there any more */
	int64_t since;		/* clock_now() since when it has that digest,
				 * as far as we have seen */
	unsigned tries, looks, changed, repairs;
};

struct referrers_registry {	/* where it is known: one, or a repository */
	SLIST_ENTRY(referrers_registry) entry;
	char *key;
	bool missing;		/* it has no list of its own */
};

struct referrers_pretended {
	SLIST_ENTRY(referrers_pretended) entry;
	struct reference ref;	/* the repository, with the subject */
	json_object *descriptor;
};

struct referrers {
	TAILQ_HEAD(, referrers_tag) tags;
	size_t ntags, nregistries, bytes;
	SLIST_HEAD(, referrers_registry) registries;
	SLIST_HEAD(, referrers_pretended) pretended;
	size_t npretended;
	bool settled;		/* for worker_wait */
	bool late_told;
	struct error failed;	/* what became known after the script's call */
};

/* registry.c */
struct referrers *referrers_of(struct worker *w);	/* made if need be */
/* What this job knows of ref's registry, or NULL. */
const struct referrers_registry *referrers_registry_find(struct worker *w,
    const struct reference *ref);
/* It has no list of its own: in this repository, or everywhere. */
void referrers_registry_missing(struct worker *w,
    const struct reference *ref, bool everywhere);

/* index.c */
/* Applies changes to an index of n bytes (n 0: there is none). *differs: out
 * is the new one; else out is empty. -1: it is no list of referrers, or would
 * become too large. */
int referrers_index_edit(const char *p, size_t n, const char *media_type,
    const struct referrers_changes *changes, struct buffer *out,
    bool *differs, struct error *err);

/* tag.c */
/* The list of subject in ref's repository; NULL: there are too many. */
struct referrers_tag *referrers_tag_of(struct worker *w,
    const struct reference *ref, const char *subject,
    void (*go)(void *tag), struct error *err);
void referrers_tag_free(struct referrers_tag *t);
/* Notes a change, instead of an earlier one of the same digest. */
int referrers_tag_change(struct referrers_tag *t, const char *digest,
    json_object *descriptor, struct error *err);
/* Forgets changes: all, or those that were not written. */
void referrers_tag_forget(struct referrers_tag *t, bool all);
/* What an answer says that the tag has; "" and nothing when it is not
 * there. */
void referrers_tag_take(struct referrers_tag *t, struct answer *a);
/* Says in *err that the list could not be written, and where it is; -1. */
int referrers_tag_cannot(const struct referrers_tag *t, struct error *err);
/* Makes t->next of t->content. *differs: it must be written. */
int referrers_tag_edit(struct referrers_tag *t, bool *differs,
    struct error *err);
/* The tag has all changes. */
void referrers_tag_mark(struct referrers_tag *t);
/* t->next may have been written, though the answer says nothing. */
void referrers_tag_maybe_written(struct referrers_tag *t);
/* t->next was written. */
void referrers_tag_written(struct referrers_tag *t);
/* The timer, for the next try. False: that was the last one. */
bool referrers_tag_again(struct referrers_tag *t, const struct error *err);

/* settle.c */
void referrers_settle_later(struct referrers_tag *t);
/* The tag's timer has fired, and nothing waits to be written. */
void referrers_settle_look(struct referrers_tag *t);
/* It could not be written, or looked at. */
void referrers_settle_failed(struct referrers_tag *t,
    const struct error *err);

/* pretend.c: what a dry run makes of a list that was read. */
void referrers_pretend_apply(struct worker *w, const struct reference *ref,
    const char *subject, const char *type, json_object **list);

#endif
