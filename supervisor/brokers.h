/*
 * brokers.h - the brokers: one per registry name, started when a job first
 * names the registry, ended when nobody uses it any more, replaced when it
 * dies.
 */
#ifndef REGBOT_BROKERS_H
#define REGBOT_BROKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "supervisor.h"

struct brokers *brokers_new(struct supervisor *sv);
void brokers_free(struct brokers *b);	/* kills what is left */

/* A job asks for a channel to a registry: it gets OPENED or REFUSED with id,
 * now or when the broker is ready. */
void brokers_open(struct brokers *b, struct job *j, uint32_t id,
    const char *registry);

/* A stream pair between two registries that the job has opened. 0, or -1. */
int brokers_stream(struct brokers *b, struct job *j, const char *source,
    const char *target, uint64_t stream, struct error *err);

/* The job is over: its waiting requests are forgotten, its use ends. */
void brokers_forget(struct brokers *b, const struct job *j);

/* QUIT to all. done is called from the loop once they are gone. */
void brokers_quit(struct brokers *b, void (*done)(void *arg), void *arg);

#endif
