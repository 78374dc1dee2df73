/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prepass.h - the rewriting of a script's source before Lua compiles it.
 *
 * A chain "a .. b .. c" becomes "((N)(a, b,(c)))", where N is a number that
 * no program contains, and numbers have a __call metamethod (concat.c). So
 * floats are joined as regbot's Lua wrote them. No local variable, environment
 * or upvalue is involved that a script could hide or replace. One call joins
 * the whole chain; a marker beside each ".." would need no brackets, but two
 * calls per operand and quadratic time. Source whose chains cannot be found is
 * left alone, so that Lua reports the error.
 *
 * A function "f(...)" that mentions arg begins with "local arg=((M)(...));",
 * where M is another such number: concat.c makes the table of Lua 5.1.
 */
#ifndef REGBOT_PREPASS_H
#define REGBOT_PREPASS_H

#include <stdbool.h>
#include <stddef.h>

/* N: how worker/compat/concat.c recognises a chain. */
#define PREPASS_NUMBER 0x1.5ca7bp-1031
#define PREPASS_NUMBER_TEXT "0x1.5ca7bp-1031"

/* M: how it recognises what the table arg is made of. */
#define PREPASS_VARARG 0x1.5ca7bp-1030
#define PREPASS_VARARG_TEXT "0x1.5ca7bp-1030"

/* Rewrites chains of "..", makes the tables arg, and drops needless
 * backslashes. Returns a new string
 * of *outlen bytes that the caller frees. Line numbers do not change. */
char *prepass(const char *src, size_t len, size_t *outlen);
/* Drops needless backslashes only. */
char *prepass_escapes(const char *src, size_t len, size_t *outlen);

/* The line of the first needless backslash before a letter or punctuation, and
 * the character after it; 0 when there is none. */
int prepass_needless(const char *src, size_t len, char *letter);

/* Finds the operand (from 0) in the only chain of count operands that starts
 * on a line; copies its last name to out and sets *field if that is a field's.
 * False when there is no such chain or more than one, or when the operand is
 * anything but a name or a chain of fields. */
bool prepass_operand(const char *src, size_t len, int line, int count,
    int operand, char *out, size_t outlen, bool *field);

#endif
