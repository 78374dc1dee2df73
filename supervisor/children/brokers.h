/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokers.h - the brokers: one per registry name, started when a job first
 * names the registry, ended when nobody uses it any more, replaced when it
 * dies.
 */
#ifndef REGBOT_BROKERS_H
#define REGBOT_BROKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "supervisor/children/brokerchild.h"
#include "supervisor/supervisor.h"

struct brokers *brokers_new(struct supervisor *sv);
void brokers_free(struct brokers *b);	/* kills what is left */

/* A job asks for a channel to a registry: it gets OPENED or REFUSED with id,
 * now or when the broker is ready. */
void brokers_open(struct brokers *b, struct job *j, uint32_t id,
    const char *registry);

/* The process of a registry that the job has opened, or NULL when there is
 * none that lives. Borrowed, until the loop goes on. */
struct brokerchild *brokers_used(const struct brokers *b,
    const struct job *j, const char *registry);

/* The job is over: its waiting requests are forgotten, its use ends. */
void brokers_forget(struct brokers *b, const struct job *j);

/* QUIT to all. done is called from the loop once they are gone. */
void brokers_quit(struct brokers *b, void (*done)(void *arg), void *arg);

#endif
