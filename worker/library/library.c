/* SPDX-License-Identifier: Apache-2.0 */
/* library.c - a searcher for package.loaders; see library.h. */
#include "worker/library/library.h"

#include <string.h>

#include <lauxlib.h>

/* The image of other regbots has lunajson, also as json, and semver. */
static const luaL_Reg libraries[] = {
	{ "json", library_json }, { "lunajson", library_json },
	{ "semver", library_semver }, { "time", library_time },
	{ NULL, NULL }
};

/* Nothing is said of other names: no file of theirs was missed here. */
static int
library_searcher(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);

	for (const luaL_Reg *r = libraries; r->name != NULL; r++)
		if (strcmp(r->name, name) == 0) {
			lua_pushcfunction(L, r->func);
			return 1;
		}
	return 0;
}

void
library_open(lua_State *L)
{
	lua_getglobal(L, "package");
	lua_getfield(L, -1, "loaders");
	lua_pushcfunction(L, library_searcher);
	lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
	lua_pop(L, 2);
}
