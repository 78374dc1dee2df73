/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenge.h - the parser of WWW-Authenticate (RFC 9110, 11.6.1). Total:
 * any bytes give either challenges or an error.
 */
#ifndef REGBOT_CHALLENGE_H
#define REGBOT_CHALLENGE_H

#include "common/bounds.h"
#include "common/error.h"

struct challenge {
	char *scheme;		/* lower case: "basic", "bearer" */
	char *realm, *service, *scope, *error;	/* NULL where absent */
};

struct challenges {
	struct challenge list[CHALLENGES_MAX];
	int n;
};

/* Adds the challenges of one header's value to *c, which starts zeroed; a
 * response may have several such headers. On failure *c keeps the challenges
 * that came before the malformed part. */
int challenge_parse(struct challenges *c, const char *value,
    struct error *err);

/* The first challenge of that scheme (lower case), or NULL. */
const struct challenge *challenge_find(const struct challenges *c,
    const char *scheme);

void challenge_free(struct challenges *c);

#endif
