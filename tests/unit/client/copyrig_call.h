/* SPDX-License-Identifier: Apache-2.0 */
/* copyrig_call.h - a call of copyrig.h's client, for its files. */
#ifndef REGBOT_COPYRIG_CALL_H
#define REGBOT_COPYRIG_CALL_H

#include "tests/unit/client/copyrig.h"

struct client_call {
	struct client_call *next;
	answer_fn *done;
	void *arg;
	struct answer a;
	unsigned *busy;		/* a counter that it is part of */
	bool slot;
};

/* Queues an answer, and writes down what was asked for. */
struct client_call *call_new(answer_fn *done, void *arg,
    const char *operation, const char *name);
void answer_fail(struct client_call *c, enum error_kind kind, int http,
    const char *text);
void answer_set(char **where, const char *s);

/* Does that repository's registry list referrers? */
bool rig_has_api(const char *repository);

#endif
