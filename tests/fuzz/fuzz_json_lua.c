/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as Lua values and back: what decode gives, encode writes, and that
 * does not change any more. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "common/bounds.h"
#include "worker/job/worker.h"
#include "worker/library/json_lua.h"
#include "worker/library/json_value.h"
#include "worker/lua/vm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"{\"a\":[1,2.5,true,null,\"x\"],\"b\":{\"c\":-1e3}}", "[]", "{}",
	"[[],{},[null,null]]", "18446744073709551615", "\"\\u00e9\\ud83d\\ude00"
	"\\u0000\"", "{\"\":{\"\":[]},\"a\":0.1}", " null ", "[-0.0,1e300]", NULL
};

/* Calls f with the value at the top and json.null as another argument; the
 * result takes its place. False on an error. */
static int
call(lua_State *L, lua_CFunction f, int null)
{
	lua_pushliteral(L, "json.f");
	lua_pushcclosure(L, f, 1);
	lua_insert(L, -2);
	while (null-- > 1)
		lua_pushnil(L);
	json_push_null(L);
	return lua_pcall(L, f == json_lua_decode ? 3 : 2, 1, 0) == LUA_OK;
}

/* The text at the top takes another trip. */
static void
again(lua_State *L)
{
	if (!call(L, json_lua_decode, 2) || !call(L, json_lua_encode, 1))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vm_library none[] = { { NULL, NULL } };
	static struct worker w;		/* of a job without an end */
	static lua_State *L;
	struct error err;

	if (L == NULL) {
		if ((L = vm_new(&w, WORKER_MEMORY, none, &err)) == NULL)
			abort();
		json_push_open(L);
	}
	lua_settop(L, 0);
	lua_pushlstring(L, (const char *)data, size);
	if (!call(L, json_lua_decode, 2))
		return 0;
	if (!call(L, json_lua_encode, 1)) {
		/* An empty table at the bottom is a level for encode only. */
		if (strstr(lua_tostring(L, -1), "nested deeper") == NULL)
			abort();
		return 0;
	}
	/* Bytes that are no UTF-8 become an escape, then a character. */
	again(L);
	lua_pushvalue(L, -1);
	again(L);
	if (!lua_rawequal(L, -1, -2))
		abort();
	return 0;
}
