/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokers_private.h - one registry's broker (brokerentry.c), and all of them
 * (brokers.c).
 */
#ifndef REGBOT_BROKERS_PRIVATE_H
#define REGBOT_BROKERS_PRIVATE_H

#include "supervisor/children/brokers.h"
#include "supervisor/children/claims.h"
#include "supervisor/children/deaths.h"

struct broker_entry {
	TAILQ_ENTRY(broker_entry) next;
	struct brokers *all;
	char *key;
	struct brokerchild *child;	/* NULL: not running */
	bool ready, quitting;
	uint64_t generation;
	uint32_t last_channel;
	struct deaths deaths;
	struct claims claims;
	struct deletions deletions;
	struct timer *idle;
};

struct brokers {
	struct child_env *env;
	struct config *config;		/* a reference */
	bool dry_run;
	const struct brokers_ops *ops;
	void *arg;
	TAILQ_HEAD(, broker_entry) list;
	void (*quit_done)(void *arg);
	void *quit_arg;
	struct timer *quit_now;
	bool left;		/* deletions.left of one that is gone */
};

struct broker_entry *brokerentry_new(struct brokers *all, const char *key);
void brokerentry_free(struct broker_entry *b);	/* kills it */

/* The job waits for a channel, and gets one when the broker is ready. */
void brokerentry_open(struct broker_entry *b, uint64_t job,
    const char *script, uint32_t id);
/* The job is over. */
void brokerentry_forget(struct broker_entry *b, uint64_t job);
/* QUIT to a broker that runs. */
void brokerentry_quit(struct broker_entry *b);
/* The end of all: QUIT too; where tag deletions are not finished and no broker
 * runs, one is started for them. */
void brokerentry_end(struct broker_entry *b);

#endif
