/* SPDX-License-Identifier: Apache-2.0 */
/* compat_private.h - what the libraries of this folder are made of. */
#ifndef REGBOT_COMPAT_PRIVATE_H
#define REGBOT_COMPAT_PRIVATE_H

#include <stdbool.h>

#include <lua.h>

#include "worker/lua/vm.h"

/* Each sets or replaces functions in the global tables. */
void compat_base(lua_State *L);
void compat_env(lua_State *L);
void compat_string(lua_State *L);
void compat_table(lua_State *L);
void compat_math(lua_State *L);
void compat_numbers(lua_State *L);

/* Tracebacks do not show these: a script's message handler as xpcall calls
 * it, what gsub calls for a replacement, and what joins a chain of "..". */
int base_handler(lua_State *L);
int string_replacement(lua_State *L);
int concat_call(lua_State *L);

#endif
