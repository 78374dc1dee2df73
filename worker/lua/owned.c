/* SPDX-License-Identifier: Apache-2.0 */
/* owned.c - what Lua's values hold outside of Lua; see owned.h. */
#include "worker/lua/owned.h"

#include <stdalign.h>
#include <string.h>
#include <sys/queue.h>

#include <lauxlib.h>

struct owned {
	LIST_ENTRY(owned) entry;
	size_t size;		/* of everything, as allocated */
	void (*release)(void *p);
	alignas(max_align_t) unsigned char data[];
};
LIST_HEAD(owned_list, owned);

static const char list_key;	/* registry: a struct owned_list */

static void
owned_free(lua_State *L, struct owned *o)
{
	void *arg;
	lua_Alloc f = lua_getallocf(L, &arg);

	LIST_REMOVE(o, entry);
	o->release(o->data);
	f(arg, o, o->size, 0);
}

int
owned_gc(lua_State *L)
{
	struct owned **slot = lua_touserdata(L, 1), *o = *slot;

	*slot = NULL;
	if (o != NULL)
		owned_free(L, o);
	return 0;
}

/* The list is the first to get a finalizer, so Lua calls it last. */
static int
list_gc(lua_State *L)
{
	struct owned_list *list = lua_touserdata(L, 1);
	struct owned *o;

	while ((o = LIST_FIRST(list)) != NULL)
		owned_free(L, o);
	return 0;
}

static void
push_metatable(lua_State *L, lua_CFunction gc)
{
	lua_newtable(L);
	lua_pushcfunction(L, gc);
	lua_setfield(L, -2, "__gc");
}

void
owned_open(lua_State *L)
{
	struct owned_list *list = lua_newuserdata(L, sizeof(*list));

	LIST_INIT(list);
	push_metatable(L, list_gc);
	lua_setmetatable(L, -2);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &list_key);
	push_metatable(L, owned_gc);
	lua_setfield(L, LUA_REGISTRYINDEX, OWNED_PLAIN);
}

/* As Lua allocates: after a collection if need be, else an error. */
static void *
allocate(lua_State *L, size_t size)
{
	void *arg, *p;
	lua_Alloc f = lua_getallocf(L, &arg);

	if ((p = f(arg, NULL, 0, size)) == NULL) {
		lua_newuserdata(L, size);	/* raises, or found some */
		lua_pop(L, 1);
		lua_gc(L, LUA_GCCOLLECT, 0);
		if ((p = f(arg, NULL, 0, size)) == NULL)
			luaL_error(L, "not enough memory");
	}
	return memset(p, 0, size);
}

void *
owned_push(lua_State *L, size_t n, const char *type, void (*release)(void *p))
{
	struct owned **slot = lua_newuserdata(L, sizeof(*slot)), *o;
	struct owned_list *list;

	*slot = NULL;
	luaL_setmetatable(L, type);
	o = allocate(L, sizeof(*o) + n);
	o->size = sizeof(*o) + n;
	o->release = release;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &list_key);
	list = lua_touserdata(L, -1);
	lua_pop(L, 1);
	LIST_INSERT_HEAD(list, o, entry);
	*slot = o;
	return o->data;
}

void *
owned_test(lua_State *L, int index, const char *type)
{
	struct owned **slot = luaL_testudata(L, index, type);

	return slot != NULL && *slot != NULL ? (*slot)->data : NULL;
}
