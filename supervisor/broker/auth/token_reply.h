/* SPDX-License-Identifier: Apache-2.0 */
/* token_reply.h - the JSON that a token server answers with. */
#ifndef REGBOT_TOKEN_REPLY_H
#define REGBOT_TOKEN_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "common/bounds.h"
#include "common/error.h"

struct token_reply {
	char *token;		/* never "" */
	char *refresh;		/* a refresh token, or NULL */
	int64_t life_s;		/* seconds that it is valid for, from now */
};

/* Parses n bytes; now_s is the time of day. Text that is not a JSON object, or
 * whose token cannot be sent in a header, is an error that never quotes it. */
int token_reply_parse(struct token_reply *r, const char *p, size_t n,
    int64_t now_s, struct error *err);
void token_reply_free(struct token_reply *r);	/* wipes */

#endif
