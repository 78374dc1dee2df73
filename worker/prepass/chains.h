/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chains.h - finds the chains "a .. b .. c" among the tokens of a script. It
 * knows what ends an operand of "..", not Lua's grammar: whatever it lets
 * through is still compiled by Lua.
 */
#ifndef REGBOT_CHAINS_H
#define REGBOT_CHAINS_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/prepass/lex.h"

/* Values of lua_token.chain for a LEX_CONCAT. */
enum { CHAIN_NONE, CHAIN_MIDDLE, CHAIN_LAST };

/* Looks for chains of count operands that start on a line. */
struct chain_find {
	int line, count;
	int operand;		/* the one that is wanted, from 0 */
	int matches;		/* chains that were found */
	size_t first, last;	/* the operand's tokens, in the last of them */
};

/* Marks the tokens of all chains. False when it is not a program: then the
 * marks mean nothing. find may be NULL. */
bool chains_mark(const char *src, struct lua_token *t,
    struct chain_find *find);

#endif
