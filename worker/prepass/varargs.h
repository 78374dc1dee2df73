/* SPDX-License-Identifier: Apache-2.0 */
/*
 * varargs.h - finds the functions "f(...)" that mention the name arg, which
 * was in Lua 5.1 a local table of what "..." stands for, with its number n.
 */
#ifndef REGBOT_VARARGS_H
#define REGBOT_VARARGS_H

#include "worker/prepass/lex.h"

/* Marks the ")" that ends the parameters of each of these functions. What is
 * no program may have any of its brackets marked. */
void varargs_mark(const char *src, struct lua_token *t);

#endif
