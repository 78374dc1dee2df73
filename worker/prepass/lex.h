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

/* What a token means to a neighbouring chain of "..". */
enum lex_type {
	LEX_END,
	LEX_NAME,
	LEX_STRING,
	LEX_LITERAL,		/* a number, "...", nil, true, false */
	LEX_CONCAT,
	LEX_TIGHT,		/* an operator that binds tighter than ".." */
	LEX_LOOSE,		/* one that binds less tightly */
	LEX_TILDE,		/* TIGHT with one operand, LOOSE with two */
	LEX_MEMBER,		/* "." or ":" */
	LEX_ASSIGN,
	LEX_COMMA, LEX_SEMICOLON,
	LEX_OPEN, LEX_CLOSE,	/* a bracket of any kind */
	LEX_FUNCTION, LEX_IF, LEX_DO, LEX_REPEAT,	/* begin a block */
	LEX_ENDWORD, LEX_UNTIL,				/* end one */
	LEX_BEFORE_EXPRESSION,	/* return, while and the like */
	LEX_BEFORE_STATEMENT	/* then, else, local and the like */
};

struct lua_token {
	uint32_t start, end;	/* offsets into the source */
	uint8_t type;
	/* Filled in by chains_mark(). */
	uint8_t chain;		/* of a LEX_CONCAT: CHAIN_MIDDLE and so on */
	bool opens, closes;	/* a chain starts before, ends after it */
	bool begins;		/* a bracket that begins a statement */
	/* Filled in by varargs_mark(). */
	bool vararg;		/* the ")" of "function (...)" that wants arg */
};

/* All tokens, a LEX_END last; the caller frees them. *whole is false when
 * the rest of the source after the last token is malformed. */
struct lua_token *lex(const char *src, size_t len, size_t *count,
    bool *whole);

#endif
