/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing.h - the tags of a repository, or the repositories of a registry: all
 * pages, within bounds, with what a dry run pretends laid over.
 */
#ifndef REGBOT_LISTING_H
#define REGBOT_LISTING_H

#include <stddef.h>
#include <stdint.h>

#include "common/reference.h"
#include "worker/client/client.h"
#include "worker/lua/task.h"

struct listing_task {
	struct task task;
	struct reference ref;	/* tags: of what */
	char *registry;		/* repositories: of what; else NULL */
	int64_t limit;		/* 0: all */
	char *last;		/* the name that the list follows, or "" */
	struct client_call *call;
	char **items;		/* the result */
	size_t n, cap;
	size_t bytes, pages;
	char *name;		/* what the pages say that they list */
	char *mark;		/* a "next" seen before, to notice a circle */
	size_t mark_at;
	struct reference tag;	/* being looked up, for a dry run */
	size_t looked_up;	/* of items */
	size_t skipped;		/* invalid names */
	char *skipped_first;
};

/* Push the task and start it. last is "" to start at the beginning. */
struct listing_task *listing_tags(lua_State *L, const struct reference *ref,
    int64_t limit, const char *last);
struct listing_task *listing_repositories(lua_State *L, const char *registry,
    int64_t limit, const char *last);

#endif
