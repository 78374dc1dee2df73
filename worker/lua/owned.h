/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owned.h - what Lua's values hold outside of Lua. Lua calls a finalizer once,
 * and when that call finds no memory or no stack left, it has been called:
 * what it should have freed would leak, and requests under way would write
 * into memory that Lua gave away. So Lua holds only a pointer; the thing
 * itself is on a list of the state, and what no finalizer freed is freed when
 * the state is closed. It is allocated like Lua's own memory.
 */
#ifndef REGBOT_OWNED_H
#define REGBOT_OWNED_H

#include <stddef.h>

#include <lua.h>

/* The metatable of things that scripts never see. */
#define OWNED_PLAIN "regbot.owned"
/* The __gc of every metatable whose userdata come from owned_push. */
int owned_gc(lua_State *L);
/* Makes the list and OWNED_PLAIN; before anything is pushed. */
void owned_open(lua_State *L);

/* Pushes a userdata of that metatable and returns n zeroed bytes, which it
 * owns: release is called once, then they are freed. May raise; then there is
 * nothing to release. */
void *owned_push(lua_State *L, size_t n, const char *type,
    void (*release)(void *p));
/* The bytes of the userdata at index, or NULL when it is another userdata. */
void *owned_test(lua_State *L, int index, const char *type);

#endif
