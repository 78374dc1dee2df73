/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup.h - what the supervisor says of the registry before START: messages
 * REGISTRY and SECRET, put together to a struct registry_config.
 */
#ifndef REGBOT_SETUP_H
#define REGBOT_SETUP_H

#include "common/buffer.h"
#include "common/error.h"
#include "supervisor/broker/http/http.h"
#include "common/message.h"

#define SETUP_SECRETS 6		/* kinds of SECRET that are one value each */

struct setup {
	struct registry_config config;
	struct buffer secrets[SETUP_SECRETS];	/* until setup_done */
};

void setup_init(struct setup *s);
void setup_free(struct setup *s);	/* wipes the secrets */

/* 0, or -1 and ERROR_PROTOCOL. */
int setup_registry(struct setup *s, const struct message *m,
    struct error *err);
int setup_secret(struct setup *s, const struct message *m,
    struct error *err);
/* At START: no string of the config is NULL any more. */
void setup_done(struct setup *s);

#endif
