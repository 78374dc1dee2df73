/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerchild.h - one broker process: its credentials (a helper is asked for
 * them first where there is one), its start, its end.
 */
#ifndef REGBOT_BROKERCHILD_H
#define REGBOT_BROKERCHILD_H

#include <stdint.h>

#include "common/message.h"
#include "supervisor/supervisor.h"

struct brokerchild;

struct brokerchild_ops {
	void (*ready)(void *arg);	/* channels can be given to it */
	/* CHANNEL number is served. -1: there is no such number. */
	int (*attached)(void *arg, uint32_t number, struct error *err);
	void (*progress)(void *arg, uint64_t job, uint64_t bytes);
	/* It is over; the callback frees it. how as in child.h. */
	void (*gone)(void *arg, const struct error *how);
};

/* key: reference_registry_key() of the registry. */
struct brokerchild *brokerchild_start(struct supervisor *sv, const char *key,
    const struct brokerchild_ops *ops, void *arg, struct error *err);
void brokerchild_free(struct brokerchild *c);	/* kills; NULL is fine */

bool brokerchild_is_dying(const struct brokerchild *c);
bool brokerchild_is_full(const struct brokerchild *c);	/* as in child.h */
void brokerchild_send(struct brokerchild *c, struct message_out *o, int fd);

/* QUIT, and SIGKILL once its time is over. gone is called in the end. */
void brokerchild_quit(struct brokerchild *c);

#endif
