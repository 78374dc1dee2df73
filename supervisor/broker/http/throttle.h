/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle.h - when a request may start: the registry's concurrent requests
 * (first come, first served), the spacing of request starts, and the pause
 * that a failing or overloaded registry is given. While waiting for time no
 * place is held.
 */
#ifndef REGBOT_THROTTLE_H
#define REGBOT_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/loop.h"

struct throttle;
struct ticket;

#define TICKET_SLOT 1u		/* wants a place; held until ticket_free() */
#define TICKET_START 2u		/* is a request's start: spacing and pause */
#define TICKET_FRONT 4u		/* goes before all that wait: a repetition */

/* concurrent >= 1; milli: requests per 1000 s, 0 for no spacing. */
struct throttle *throttle_new(struct loop *l, unsigned concurrent,
    unsigned milli);
void throttle_free(struct throttle *t);	/* all tickets must be freed */

/* granted is called once, from the loop. */
struct ticket *ticket_new(struct throttle *t, unsigned flags,
    void (*granted)(void *arg), void *arg);
void ticket_free(struct ticket *k);	/* waiting or granted; NULL is fine */
bool ticket_granted(const struct ticket *k);

/* The registry failed an attempt that had started at started_at (clock_now):
 * nothing starts before a pause has passed. wait_ms is Retry-After's, or -1:
 * then 100 ms doubled for each failure in a row (failures of attempts that
 * ran at the same time count once). Returns that number of failures. */
unsigned throttle_failed(struct throttle *t, int64_t started_at,
    int64_t wait_ms);
void throttle_succeeded(struct throttle *t);

/* What a number of failures means for the next attempt, in ms. */
int64_t throttle_wait_ms(unsigned failures);

#endif
