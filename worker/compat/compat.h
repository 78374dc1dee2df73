/* SPDX-License-Identifier: Apache-2.0 */
/* compat.h - Lua 5.3 as scripts for regbot's Lua 5.1 expect it. */
#ifndef REGBOT_COMPAT_H
#define REGBOT_COMPAT_H

#include <stdbool.h>

#include <lua.h>

#include "worker/lua/vm.h"

/* Each sets or replaces functions in the global tables. */
void compat_base(lua_State *L);
void compat_coroutine(lua_State *L);
void compat_debug(lua_State *L);
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

/* The first entries of vm_new()'s table: this folder's libraries, and those of
 * worker/lua. The order matters: later ones build on earlier ones. */
#define COMPAT_LIBRARIES \
	{ compat_base, base_handler }, \
	{ compat_coroutine, NULL }, \
	{ compat_debug, NULL }, \
	{ compat_env, NULL }, \
	{ compat_string, string_replacement }, \
	{ compat_table, NULL }, \
	{ compat_math, NULL }, \
	{ compat_numbers, concat_call }, \
	{ os_open, NULL }, \
	{ require_open, NULL }, \
	{ print_open, NULL }

#endif
