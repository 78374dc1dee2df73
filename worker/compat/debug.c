/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug.c - debug.traceback. The rest of 5.1's debug library could read and
 * change what other functions hold, ours included, and end the hook that
 * keeps the deadline.
 */
#include <limits.h>

#include <lauxlib.h>

#include "worker/compat/compat.h"
#include "worker/lua/number.h"

/* debug.traceback([thread,] [message [, level]]). A message that is no text
 * comes back as it is. */
static int
debug_traceback(lua_State *L)
{
	bool thread = lua_isthread(L, 1);
	lua_State *of = thread ? lua_tothread(L, 1) : L;
	int message = thread ? 2 : 1;
	lua_Integer from;

	lua_settop(L, message + 1);
	if (!lua_isnil(L, message) && !lua_isstring(L, message)) {
		lua_settop(L, message);
		return 1;
	}
	number_textify(L, message);
	number_truncate(L, message + 1);
	from = luaL_optinteger(L, message + 1, of == L ? 1 : 0);
	traceback_push(L, of, lua_tostring(L, message),
	    from < 0 || from > INT_MAX ? INT_MAX : (int)from);
	return 1;
}

void
compat_debug(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "traceback", debug_traceback }, { NULL, NULL }
	};
	static const char *const refused[] = {
		"debug", "getfenv", "gethook", "getinfo", "getlocal",
		"getmetatable", "getregistry", "getupvalue", "setfenv",
		"sethook", "setlocal", "setmetatable", "setupvalue",
	};

	luaL_newlib(L, functions);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		vm_refuse(L, "debug.", refused[i], "they see no more of the "
		    "interpreter than debug.traceback shows");
	lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
	lua_pushvalue(L, -2);
	lua_setfield(L, -2, "debug");
	lua_pop(L, 1);
	lua_setglobal(L, "debug");
}
