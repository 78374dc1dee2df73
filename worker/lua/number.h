/* SPDX-License-Identifier: Apache-2.0 */
/* number.h - numbers as regbot's Lua shows them. */
#ifndef REGBOT_NUMBER_H
#define REGBOT_NUMBER_H

#include <lua.h>

/* "5", "0.1", "1e+21", "+Inf", "NaN". */
#define NUMBER_TEXT_MAX 48
void number_text(lua_Number n, char out[NUMBER_TEXT_MAX]);

/* These replace a float at index i and leave other values, numeric strings
 * too, as they are: by its text, by an integer where it is a whole number. */
void number_textify(lua_State *L, int i);
void number_normalise(lua_State *L, int i);
/* Replaces a string that is a number by that number. */
void number_of_text(lua_State *L, int i);
/* Replaces a float, or a string that is one, by an integer, cut towards
 * zero. */
void number_truncate(lua_State *L, int i);

#endif
