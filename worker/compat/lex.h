/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lex.h - cuts Lua 5.3 source into tokens, for the pre-pass. It accepts a
 * little more than Lua does: what it lets through is still compiled by Lua.
 */
#ifndef REGBOT_LEX_H
#define REGBOT_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lex_type {
	LEX_END, LEX_NAME, LEX_NUMBER, LEX_STRING, LEX_CONCAT, LEX_DOTS,
	LEX_EQ, LEX_NE, LEX_LE, LEX_GE, LEX_SHL, LEX_SHR, LEX_IDIV,
	LEX_COLONS,
	/* Keywords, in the order of the table in lex.c. */
	LEX_AND, LEX_BREAK, LEX_DO, LEX_ELSE, LEX_ELSEIF, LEX_ENDWORD,
	LEX_FALSE, LEX_FOR, LEX_FUNCTION, LEX_GOTO, LEX_IF, LEX_IN,
	LEX_LOCAL, LEX_NIL, LEX_NOT, LEX_OR, LEX_REPEAT, LEX_RETURN,
	LEX_THEN, LEX_TRUE, LEX_UNTIL, LEX_WHILE
	/* Any other token is its own character, from 33 to 126, plus 128. */
};
#define LEX_CHAR(c) (128 + (c))

struct token {
	uint32_t start, end;	/* offsets into the source */
	uint8_t type;
	/* Filled in by the parser (prepass.c). */
	uint8_t chain;		/* LEX_CONCAT: an operand's separator */
	bool opens, closes;	/* a chain starts before, ends after it */
	bool begins;		/* a bracket that begins a statement */
};

/* All tokens, a LEX_END last; the caller frees them. *whole is false when
 * the rest of the source after the last token is malformed. */
struct token *lex(const char *src, size_t len, size_t *count, bool *whole);

#endif
