/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clientrig.h - a client with a scripted supervisor and scripted brokers, all
 * on one loop. A peer collects what the client sends; tests take it from
 * there, in order, and answer by hand.
 */
#ifndef REGBOT_CLIENTRIG_H
#define REGBOT_CLIENTRIG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/channel.h"
#include "worker/client/client.h"

#define RIG_BROKERS 8
#define RIG_FIELDS 8

struct rec {			/* a message that a peer got */
	struct rec *next;
	enum message_type type;
	uint32_t id;
	int nfields;
	uint64_t n[RIG_FIELDS];
	char *s[RIG_FIELDS];	/* token, text or bytes */
	size_t len[RIG_FIELDS];
};

struct peer {
	struct rig *rig;
	struct channel *channel;
	char *registry;
	struct rec *head, **tail;
	unsigned got;
	bool closed;
	bool answers_heads;	/* END with success at once */
};

struct rig {
	struct loop *loop;
	struct client *client;
	struct peer supervisor;
	struct peer brokers[RIG_BROKERS];	/* in the order of OPENs */
	unsigned nbrokers;
	bool hold_open;		/* OPEN is left to the test */
	unsigned stops;
	enum stop_reason stop_reason;
};

struct rig *rig_new(void);
void rig_free(struct rig *r);
void rig_steps(struct rig *r, int n);	/* rounds that do not wait */
/* The next message of the peer, which must have that type; the test's own
 * until the next call. Fails the test when none comes. */
struct rec *rig_take(struct peer *p, enum message_type type);
bool rig_quiet(struct peer *p);		/* it has none, after some rounds */
/* Answers an OPEN (whose id is given) with a new broker. */
struct peer *rig_open(struct rig *r, uint32_t id, const char *registry);
/* The broker that the nth OPEN made; waits for it. */
struct peer *rig_broker(struct rig *r, unsigned n);
void rig_kill(struct peer *p);		/* its process dies */

void rig_send(struct peer *p, enum message_type type, uint32_t id);
void rig_send_u64(struct peer *p, enum message_type type, uint32_t id,
    uint64_t n);
void rig_data(struct peer *p, uint32_t id, const void *bytes, size_t n);
void rig_subject(struct peer *p, uint32_t id, const char *digest);
void rig_meta(struct peer *p, uint32_t id, const char *media_type,
    const char *digest, uint64_t size, const char *next);
void rig_end(struct peer *p, uint32_t id, enum error_kind kind, int http,
    uint64_t number, const char *text);
void rig_refuse(struct peer *p, uint32_t id, enum error_kind kind,
    const char *text);

struct result {			/* what a done function saw */
	unsigned calls;
	struct error err;
	char *media_type, *digest, *next, *body;
	size_t len;
	int64_t size;
	bool read_failed;
	struct rate rate;	/* policies is not kept */
};
void rig_done(void *result, struct answer *a);
void rig_wait(struct rig *r, struct result *res);	/* until calls is 1 */
void result_free(struct result *res);

struct reference rig_ref(const char *s);

#endif
