/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerchild.h - one broker process: its credentials (where there is a
 * helper, that is asked first), its start, its end.
 */
#ifndef REGBOT_BROKERCHILD_H
#define REGBOT_BROKERCHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/message.h"
#include "supervisor/children/child.h"
#include "supervisor/children/deletions.h"
#include "supervisor/config/config.h"

struct brokerchild;

struct brokerchild_ops {
	void (*ready)(void *arg);	/* channels can be given to it */
	/* CHANNEL number is served. -1: there is no such number. */
	int (*attached)(void *arg, uint32_t number, struct error *err);
	/* This many more bytes were uploaded for that job. */
	void (*progress)(void *arg, uint64_t job, uint64_t bytes);
	/* It is over; the callback frees it. how as in child.h. */
	void (*gone)(void *arg, const struct error *how);
};

/* key: reference_registry_key() of the registry. Keeps a reference to config.
 * deletions, which outlives it, has what a broker before it began and did not
 * finish: this one does, before it is ready (or FINISH_FIRST_MS have passed),
 * and adds its own. NULL and *err when it cannot be started. */
struct brokerchild *brokerchild_start(struct child_env *env,
    struct config *config, const char *key, struct deletions *deletions,
    const struct brokerchild_ops *ops, void *arg, struct error *err);
void brokerchild_free(struct brokerchild *c);	/* kills; NULL is fine */

/* As child_is_dying and child_is_full. */
bool brokerchild_is_dying(const struct brokerchild *c);
bool brokerchild_is_full(const struct brokerchild *c);

/* fd (or -1) is closed in every case. If something cannot be sent, it is
 * killed. */
void brokerchild_send(struct brokerchild *c, struct message_out *o, int fd);

/* It got its registry: until then it cannot do anything. */
bool brokerchild_has_started(const struct brokerchild *c);

/* QUIT, and SIGKILL once its time is over: QUIT_MS, or DELETION_MS as long as
 * a tag deletion is under way, which is logged. gone is called in the end. */
void brokerchild_quit(struct brokerchild *c);

#endif
