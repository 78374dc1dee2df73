/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prepass.h - the rewriting of a script's source before Lua compiles it.
 *
 * A chain "a .. b .. c" becomes "((N)(a, b,(c)))", where N is a number that
 * no program contains, and numbers have a __call metamethod (concat.c). So
 * floats are joined as regbot's Lua wrote them. No local variable,
 * environment or upvalue is involved that a script could hide or replace. One
 * call joins the whole chain; a marker beside each ".." instead would need no
 * brackets, but two calls per operand and time in the square of their number.
 * Source whose chains cannot be told is left alone, so that Lua words the
 * error.
 */
#ifndef REGBOT_PREPASS_H
#define REGBOT_PREPASS_H

#include <stdbool.h>
#include <stddef.h>

/* N: concat.c in worker/compat knows a chain by it. */
#define PREPASS_NUMBER 0x1.5ca7bp-1031
#define PREPASS_NUMBER_TEXT "0x1.5ca7bp-1031"

/* Rewrites chains of ".." and drops needless backslashes. A new string of
 * *outlen bytes that the caller frees. Line numbers stay. */
char *prepass(const char *src, size_t len, size_t *outlen);
/* Drops needless backslashes only. */
char *prepass_escapes(const char *src, size_t len, size_t *outlen);

/* The line of the first needless backslash before a letter or punctuation, and
 * the character after it; 0 when there is none. */
int prepass_needless(const char *src, size_t len, char *letter);

/* The operand (0 first) of the only chain of count operands that starts on a
 * line: copies its last name to out and says whether that is a field's. False
 * when there is no such chain, or more than one, or the operand is anything
 * but a name or a chain of fields. */
bool prepass_operand(const char *src, size_t len, int line, int count,
    int operand, char *out, size_t outlen, bool *field);

#endif
