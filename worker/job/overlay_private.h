/* SPDX-License-Identifier: Apache-2.0 */
/* overlay_private.h - what the files of the overlay share; see overlay.h. */
#ifndef REGBOT_OVERLAY_PRIVATE_H
#define REGBOT_OVERLAY_PRIVATE_H

#include <sys/queue.h>

#include "worker/job/overlay.h"

/* A tag or a digest of one repository, and what became of it. */
struct overlay_entry {
	char *name;
	bool is_digest;
	bool deleted;
	bool seen;		/* as the registry has it; nothing is pretended */
	bool listed;		/* overlay_tags: the registry has it too */
	bool unread;		/* a digest's: a registry has its content, and
				 * what it names is not known here yet */
	bool index;		/* a digest's that is unread: it may name
				 * manifests, and is in the list of these */
	LIST_ENTRY(overlay_entry) indexes;
	unsigned long changed;	/* when: a count */
	struct reference real;	/* by digest; empty when deleted */
	STAILQ_ENTRY(overlay_entry) all;
	/* A tag's place among those of the digest that it stands for; a
	 * digest's tags. */
	LIST_ENTRY(overlay_entry) same;
	bool is_same;		/* it is in such a list */
	LIST_HEAD(, overlay_entry) tags;
};

struct overlay_repository {
	char *registry;		/* the key */
	char *name;
	void *entries;		/* tsearch tree by is_digest and name */
	bool deletes;		/* a digest was deleted */
	bool made;		/* something was put: it is there */
	bool listed;		/* a manifest was: it has a list of tags */
	void *blobs;		/* tsearch tree of digests: pretended ones */
	STAILQ_HEAD(, overlay_entry) all;
	LIST_HEAD(, overlay_entry) indexes;
};

struct overlay {
	void *repositories;	/* tsearch tree by registry and name */
	size_t n;		/* entries and blobs of all of them */
	unsigned long changes;
	void *contents;		/* tsearch tree by digest */
	size_t bytes;		/* of them */
};

/* NULL: nothing is pretended of it. */
struct overlay_repository *overlay_repository(const struct overlay *o,
    const struct reference *ref);
struct overlay_entry *overlay_entry(const struct overlay_repository *r,
    const char *name, bool is_digest);
/* Pretends it, as at src, unless there are too many. When it was put: a count
 * (overlay.changes). */
void overlay_entry_put(struct overlay *o, struct overlay_repository *r,
    const char *digest, const struct reference *src, unsigned long changed);
/* Whether it is pretended to be there. */
static inline bool
overlay_entry_there(const struct overlay_entry *e)
{
	return e != NULL && !e->deleted && !e->seen;
}
/* It is not to be read any more; as_image: it names no manifests. */
void overlay_entry_read(struct overlay_entry *e, bool as_image);

/* overlay_content.c: tdestroy's. */
void overlay_content_free(void *content);

#endif
