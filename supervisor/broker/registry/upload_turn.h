/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload_turn.h - uploads of one blob to one repository take turns, whichever
 * jobs they belong to. Docker's registry, among others, briefly denies that it
 * has a blob while it is uploaded or mounted once more, and then refuses
 * manifests that name it.
 *
 * No job can keep another's upload back for ever: a turn is lost when its
 * bytes stop for UPLOAD_STALL_MS, not counting its wait for a place among the
 * registry's requests, and who has waited UPLOAD_WAIT_MS goes ahead beside the
 * other.
 */
#ifndef REGBOT_UPLOAD_TURN_H
#define REGBOT_UPLOAD_TURN_H

#include "supervisor/broker/registry/registry.h"

enum upload_turn_state {
	TURN_WAITS,	/* for another upload */
	TURN_OURS,	/* others wait for us */
	TURN_BESIDE	/* we may upload, nobody waits for us */
};

struct upload_turn {
	TAILQ_ENTRY(upload_turn) entry;
	struct registry *registry;
	char *blob;			/* "repository@digest" */
	enum upload_turn_state state;
	bool told;			/* ready was called or not needed */
	bool there;			/* another upload has succeeded */
	bool sent;			/* it is the registry's turn now */
	int64_t progress;		/* clock_now() of the last byte */
	struct timer *timer;
	void (*ready)(void *arg, bool there);
	bool (*queued)(void *arg);
	void *arg;
};

/* *now: it may be uploaded at once. Otherwise ready is called, from the loop:
 * with there if the registry has just taken the blob from someone else, so
 * that nothing is left to do. queued says whether it waits for a place among
 * the registry's requests. upload_turn_end may come at any time. */
struct upload_turn *upload_turn_new(struct registry *reg,
    const char *repository, const char *digest, bool *now,
    void (*ready)(void *arg, bool there), bool (*queued)(void *arg),
    void *arg);
/* A byte has moved; all have. */
void upload_turn_progress(struct upload_turn *t);
void upload_turn_sent(struct upload_turn *t);
/* there: the registry has said that it has the blob. NULL is fine. */
void upload_turn_end(struct upload_turn *t, bool there);

/* Was the blob uploaded there lately? Then asking is cheaper. */
bool upload_turn_lately(const struct registry *reg, const char *repository,
    const char *digest);
void upload_turn_free_all(struct registry *reg);

#endif
