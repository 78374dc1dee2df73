/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle.h - when a request may start: the registry's slots (http.h; first
 * come, first served), the spacing of request starts, and the pause that a
 * failing or overloaded registry is given. Nobody holds a slot while it waits
 * for time.
 */
#ifndef REGBOT_THROTTLE_H
#define REGBOT_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/loop.h"

struct throttle;
/* A wait for a slot, for a start, or both; and the slot, once granted. */
struct throttle_turn;

#define THROTTLE_SLOT 1u	/* takes a slot; held until the turn is freed */
#define THROTTLE_START 2u	/* is a request's start: spacing and pause */
#define THROTTLE_FRONT 4u	/* goes ahead of all that wait: a retry */

/* concurrent >= 1; milli: requests per 1000 s, 0 for no spacing. */
struct throttle *throttle_new(struct loop *l, unsigned concurrent,
    unsigned milli);
/* From now on. Slots beyond a smaller number are kept until they are freed. */
void throttle_resize(struct throttle *t, unsigned concurrent);
void throttle_free(struct throttle *t);	/* all turns must be freed */

/* granted is called once, from the loop. */
struct throttle_turn *throttle_turn_new(struct throttle *t, unsigned flags,
    void (*granted)(void *arg), void *arg);
/* Waiting or granted; NULL is fine. */
void throttle_turn_free(struct throttle_turn *k);
bool throttle_turn_granted(const struct throttle_turn *k);

/* Who is told of waits longer than WAIT_TOLD_MS: of a pause or of the spacing
 * when it begins, once for all that wait; of a wait for a slot when it is
 * over, once until nothing waits any more. */
typedef void throttle_wait_fn(void *arg, const char *reason, int64_t ms,
    bool over);
void throttle_tell(struct throttle *t, throttle_wait_fn *fn, void *arg);

/* The registry failed an attempt that had started at started_at (clock_now),
 * because of why: nothing starts before a pause has passed. wait_ms is
 * Retry-After's, or -1: then status_backoff_ms of the failures in a row (those
 * of attempts that ran at the same time count once). Returns that number of
 * failures. */
unsigned throttle_failed(struct throttle *t, int64_t started_at,
    int64_t wait_ms, const char *why);
void throttle_succeeded(struct throttle *t);

#endif
