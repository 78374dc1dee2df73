/* SPDX-License-Identifier: Apache-2.0 */
/* signals.h - SIGINT, SIGTERM and SIGHUP as events of the loop. */
#ifndef REGBOT_SIGNALS_H
#define REGBOT_SIGNALS_H

#include "common/error.h"
#include "common/wire/loop.h"

struct signals;

/* Blocks them (children get clean masks, spawn.h) and ignores SIGPIPE; stop is
 * called from the loop with each. A SIGHUP that was ignored when we were
 * started stays ignored. NULL and *err on failure. */
struct signals *signals_new(struct loop *l, void (*stop)(void *arg, int sig),
    void *arg, struct error *err);
void signals_free(struct signals *s);	/* NULL is fine */

#endif
