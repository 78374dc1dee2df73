/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup.h - what the supervisor says about the registry before START: the
 * messages REGISTRY and SECRET make a struct http_registry.
 */
#ifndef REGBOT_SETUP_H
#define REGBOT_SETUP_H

#include "common/buffer.h"
#include "common/error.h"
#include "common/wire/message.h"
#include "supervisor/broker/http/http.h"

struct setup {
	struct http_registry config;
	struct {		/* the values so far, until setup_done */
#define SECRET_TEXT(member, kind) struct buffer member;
#include "common/registry_fields.def"
	} secrets;
};

void setup_init(struct setup *s);
void setup_free(struct setup *s);	/* wipes the secrets */

/* 0, or -1 and ERROR_PROTOCOL. REGISTRY comes once. */
int setup_registry(struct setup *s, const struct message *m,
    struct error *err);
int setup_secret(struct setup *s, const struct message *m,
    struct error *err);
/* At START: no string of the config is NULL from now on. */
void setup_done(struct setup *s);

#endif
