/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerrig.h - a broker in the test's own process, over the fake http, with
 * the test as its supervisor and as its workers.
 */
#ifndef REGBOT_BROKERRIG_H
#define REGBOT_BROKERRIG_H

#include "common/wire/message.h"
#include "supervisor/broker/broker.h"

#define RIG_DRY_RUN 1
#define RIG_EVERYTHING 2

struct rig {
	struct loop *loop;
	struct broker *broker;
	int control;		/* our end */
	int worker;		/* our end of the first channel, job 7 */
	int status;		/* the broker's exit status, -1: none */
	struct message m;	/* the last that rig_get took */
};

/* A broker that serves registry "r.test" with one channel (job 7). secret is
 * the registry's CA, or NULL. */
void rig_new(struct rig *g, unsigned channel_flags, uint64_t registry_flags,
    const char *regcert);
void rig_free(struct rig *g);

/* One more channel: our end. */
int rig_channel(struct rig *g, uint64_t job, unsigned flags);
/* One end of a stream goes to the broker, the other is returned. */
int rig_stream(struct rig *g, uint64_t job, uint64_t stream, unsigned role);

/* fields: a letter each, u (uint64_t), s (char *), b (char *, size_t). pass is
 * a descriptor that goes along (and is closed), or -1. */
void rig_send(struct rig *g, int fd, int pass, enum message_type type,
    uint32_t id, const char *fields, ...);
void rig_ask(struct rig *g, enum message_type type, uint32_t id,
    const char *fields, ...);	/* on the first channel, and runs */

/* rig_rounds rounds of the loop, without waiting: enough for each timer that
 * is due to arm another, several times. */
extern int rig_rounds;
void rig_run(struct rig *g);
/* The next message to fd into g->m: its type, 0 for none, -1 at the end. */
int rig_get(struct rig *g, int fd);
/* The same, after a run, on the first channel. */
int rig_next(struct rig *g);
/* Takes messages on fd up to the END of id: its kind, or -1 for none. */
int rig_end(struct rig *g, int fd, uint32_t id);

#endif
