/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.h - recognizes Lua 5.3 and marks the chains of ".." in an array of
 * tokens. It accepts a little more than Lua: what it lets through is still
 * compiled by Lua.
 */
#ifndef REGBOT_PARSE_H
#define REGBOT_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/compat/lex.h"

/* What token.chain says of a LEX_CONCAT. */
enum { CHAIN_NONE, CHAIN_MIDDLE, CHAIN_LAST };

/* Looks for chains of count operands that start on a line. */
struct parse_find {
	const char *src;
	int line, count;
	int operand;		/* the one that is wanted, 0 first */
	int matches;		/* chains that were found */
	size_t first, last;	/* the operand's tokens, in the last of them */
};

/* False when this is no program. find may be NULL. */
bool parse_chains(struct token *t, struct parse_find *find);

#endif
