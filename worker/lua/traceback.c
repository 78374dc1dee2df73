/* SPDX-License-Identifier: Apache-2.0 */
/* The traceback below an error, without our own machinery in it. */
#include <string.h>

#include <lauxlib.h>

#include "worker/lua/vm_private.h"

#define LEVELS_HEAD 10		/* levels shown of a deep stack */
#define LEVELS_TAIL 11

static bool
is_hidden(lua_State *of, lua_Debug *ar)
{
	lua_CFunction f;
	const struct vm_library *l = vm_of(of)->libraries;

	lua_getinfo(of, "f", ar);
	f = lua_tocfunction(of, -1);
	lua_pop(of, 1);
	if (f == NULL)
		return false;
	while (l->open != NULL && l->hidden != f)
		l++;
	return l->open != NULL;
}

/* The name under which a loaded module has the function at the top, which is
 * popped: "table.sort", "error". Pushes it and is true, or pushes nothing. */
static bool
global_name(lua_State *L)
{
	int f = lua_gettop(L);

	lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
	lua_pushnil(L);
	while (lua_istable(L, f + 1) && lua_next(L, f + 1) != 0) {
		if (lua_type(L, -2) == LUA_TSTRING && lua_istable(L, -1)) {
			lua_pushnil(L);
			while (lua_next(L, -2) != 0) {
				if (lua_type(L, -2) == LUA_TSTRING &&
				    lua_rawequal(L, -1, f)) {
					const char *m = lua_tostring(L, -4);
					const char *k = lua_tostring(L, -2);

					if (strcmp(m, "_G") == 0)
						lua_pushstring(L, k);
					else
						lua_pushfstring(L, "%s.%s",
						    m, k);
					lua_replace(L, f);
					lua_settop(L, f);
					return true;
				}
				lua_pop(L, 1);
			}
		}
		lua_pop(L, 1);
	}
	lua_settop(L, f - 1);
	return false;
}

/* Names and words are those of regbot's Lua, which calls every named thing a
 * function. */
static void
add_level(lua_State *L, lua_State *of, lua_Debug *ar, luaL_Buffer *b)
{
	lua_getinfo(of, "Slnt", ar);
	lua_pushfstring(L, "\n\t%s:", ar->short_src);
	luaL_addvalue(b);
	if (ar->currentline > 0) {
		lua_pushfstring(L, "%d:", ar->currentline);
		luaL_addvalue(b);
	}
	luaL_addstring(b, " in ");
	lua_getinfo(of, "f", ar);
	lua_xmove(of, L, 1);
	if (*ar->namewhat != '\0') {
		lua_pop(L, 1);
		lua_pushfstring(L, "function '%s'", ar->name);
	} else if (*ar->what == 'm') {
		lua_pop(L, 1);
		lua_pushliteral(L, "main chunk");
	} else if (*ar->what != 'C') {
		lua_pop(L, 1);
		lua_pushfstring(L, "function <%s:%d>", ar->short_src,
		    ar->linedefined);
	} else if (global_name(L)) {
		lua_pushfstring(L, "function '%s'", lua_tostring(L, -1));
		lua_remove(L, -2);
	} else
		lua_pushliteral(L, "function (anonymous)");
	luaL_addvalue(b);
	if (ar->istailcall)
		luaL_addstring(b, "\n\t(tailcall): ?");
}

/* How many levels there are; a walk from level to level would be quadratic
 * where a recursion has filled the stack. */
static int
count_levels(lua_State *L)
{
	lua_Debug ar;
	int low = 1, high = 1;

	while (lua_getstack(L, high, &ar)) {
		low = high;
		high *= 2;
	}
	while (low < high) {
		int mid = low + (high - low) / 2;

		if (lua_getstack(L, mid, &ar))
			low = mid + 1;
		else
			high = mid;
	}
	return low;		/* the first that is none */
}

void
traceback_push(lua_State *L, lua_State *of, const char *message, int from)
{
	luaL_Buffer b;
	lua_Debug ar;
	int end = count_levels(of), shown = 0;

	luaL_buffinit(L, &b);
	if (message != NULL) {
		luaL_addstring(&b, message);
		luaL_addchar(&b, '\n');
	}
	luaL_addstring(&b, "stack traceback:");
	for (int level = from; level < end && lua_getstack(of, level, &ar);
	    level++) {
		if (is_hidden(of, &ar))
			continue;
		if (shown++ == LEVELS_HEAD && end - level > LEVELS_TAIL) {
			luaL_addstring(&b, "\n\t...");
			level = end - LEVELS_TAIL - 1;
			continue;
		}
		add_level(L, of, &ar, &b);
	}
	if (of == L)		/* what called the script */
		luaL_addstring(&b, "\n\t[C]: ?");
	luaL_pushresult(&b);
}

int
traceback_handler(lua_State *L)
{
	lua_settop(L, 1);
	traceback_push(L, L, luaL_tolstring(L, 1, NULL), 1);
	return 1;
}
