/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prepass.h - the rewriting of a script's source before Lua compiles it.
 *
 * A chain "a .. b .. c" becomes "((N)(a, b,(c)))", where N is a number that
 * no program has and numbers have a __call metamethod (concat.c): so floats
 * are joined as regbot's Lua writes them, and no local variable, environment
 * or upvalue is needed, none of which a script could not take away. Source
 * that does not parse is left alone, so that Lua words the error.
 */
#ifndef REGBOT_PREPASS_H
#define REGBOT_PREPASS_H

#include <stdbool.h>
#include <stddef.h>

#define PREPASS_NUMBER 0x1.5ca7bp-1031
#define PREPASS_NUMBER_TEXT "0x1.5ca7bp-1031"

/* As prepass() (vm.h), but only needless backslashes are dropped. */
char *prepass_escapes(const char *src, size_t len, size_t *outlen);

/* The line of the first needless backslash before a letter or punctuation, and
 * what stands behind it; 0 when there is none. */
int prepass_needless(const char *src, size_t len, char *letter);

/* The operand (0 first) of the only chain of count operands that starts on a
 * line: its last name, cut into out, and whether that is a field's. False
 * when there is none, or not only one, or it is no simple name. */
bool prepass_operand(const char *src, size_t len, int line, int count,
    int operand, char *out, size_t outlen, bool *field);

#endif
