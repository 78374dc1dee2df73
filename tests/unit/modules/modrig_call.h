/* SPDX-License-Identifier: Apache-2.0 */
/* modrig_call.h - a call of modrig.h's client, for its files. */
#ifndef REGBOT_MODRIG_CALL_H
#define REGBOT_MODRIG_CALL_H

#include "tests/unit/modules/modrig_client.h"
#include "tests/unit/modules/modrig_store.h"
#include "worker/client/client.h"

struct client_call {
	struct client *client;
	struct timer *timer;
	answer_fn *done;
	void *arg;
	struct answer answer;
	bool slot, delivering, released;
};

/* A call whose answer comes from the loop; it is written down. */
struct client_call *modrig_request(struct client *c, const char *verb,
    const struct reference *ref, const char *name, answer_fn *done,
    void *arg);
struct entry *modrig_entry_of(struct client *c, const struct reference *ref,
    const char *name);
void modrig_manifest_answer(struct client_call *call, const struct entry *e,
    bool body);
void modrig_not_found(struct client_call *call, const char *body);
void modrig_set(char **field, const char *value);

#endif
