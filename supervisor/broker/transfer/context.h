/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.h - what all exchanges of a broker share: the registry's
 * configuration, and the objects that they are made with.
 */
#ifndef REGBOT_CONTEXT_H
#define REGBOT_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

/* What the supervisor said about the registry: registry_fields.def, and what
 * else REGISTRY has. Strings are owned, "" where absent; lists are
 * NULL-terminated, or NULL. */
struct http_registry {
#define REGISTRY_NAME(member, position) char *member;
#define REGISTRY_FLAG(member, bit) bool member;
#define SECRET_TEXT(member, kind) char *member;
#define SECRET_LIST(member, kind, limit) char **member;
#include "common/registry_fields.def"
	char *user_agent;
	int tls;		/* 0 on, 1 insecure, 2 off */
	bool trace;		/* send a LOG record for every exchange */
	unsigned req_concurrent;	/* >= 1 */
	unsigned req_milli;	/* requests per 1000 s; 0: no limit */
};

/* From a request's end to the end of the answer's headers, in ms: those of
 * bounds.h, unless a test cannot wait so long. */
struct transfer_patience {
	int64_t read, list, write, token;
};

/* Owned by http.c's object. */
struct transfer_context {
	struct loop *loop;
	const struct http_registry *cfg;
	struct transfer_pool *pool;	/* transfer.h */
	struct target_rules *rules;	/* target.h: where exchanges may go */
	struct scrub *secrets;		/* scrub.h: what no text may show */
	struct exchange_log *log;	/* exchange_log.h */
	struct transfer_patience patience;
};

#endif
