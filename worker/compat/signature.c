/* SPDX-License-Identifier: Apache-2.0 */
/* signature.c - checks arguments by their letters; see signature.h. */
#include "worker/compat/signature.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "worker/lua/number.h"
#include "worker/lua/vm.h"

static void
check_whole(lua_State *L, int arg, const char *name)
{
	number_truncate(L, arg);
	(void)vm_check_number(L, arg, name);
	if (!lua_isinteger(L, arg))
		vm_arg_error(L, arg, name,
		    "number has no integer representation");
}

static void
check(lua_State *L, int arg, const char *name, char letter)
{
	int type = lua_type(L, arg);

	if (letter >= 'A' && letter <= 'Z') {
		if (type == LUA_TNIL || type == LUA_TNONE)
			return;
		letter += 'a' - 'A';
	}
	switch (letter) {
	case 's':
		(void)vm_check_text(L, arg, name);
		break;
	case 'n':
		(void)vm_check_number(L, arg, name);
		break;
	case 'i':
		check_whole(L, arg, name);
		break;
	case 't':
		vm_check_table(L, arg, name);
		break;
	case 'f':
		if (type != LUA_TFUNCTION)
			vm_expected(L, arg, name, "function");
		break;
	case 'a':
		if (type == LUA_TNONE)
			vm_arg_error(L, arg, name, "value expected");
		break;
	}
}

/* Upvalues: the full name, what had the name before, the letters, and the
 * function to call. */
static int
signature_call(lua_State *L)
{
	const char *name = lua_tostring(L, lua_upvalueindex(1));
	const char *p = lua_touserdata(L, lua_upvalueindex(3));
	int n = lua_gettop(L);

	for (int arg = 1; *p != '\0'; arg++) {
		bool repeated = p[1] == '+';

		if (repeated && arg > n)
			break;
		check(L, arg, name, *p);
		if (!repeated)
			p++;
	}
	return lua_tocfunction(L, lua_upvalueindex(4))(L);
}

void
signature_set(lua_State *L, const char *library, const struct signature *list)
{
	for (; list->name != NULL; list++) {
		vm_push_name(L, library, list->name);
		lua_getfield(L, -2, list->name);
		lua_pushlightuserdata(L, (void *)(uintptr_t)list->letters);
		if (list->function != NULL)
			lua_pushcfunction(L, list->function);
		else
			lua_pushvalue(L, -2);
		lua_pushcclosure(L, signature_call, 4);
		lua_setfield(L, -2, list->name);
	}
}
