/* SPDX-License-Identifier: Apache-2.0 */
/* Source becomes a function, and is kept for the errors of "..". */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "worker/lua/vm_private.h"
#include "worker/prepass/prepass.h"

static const char sources_key;	/* registry: chunk name to source */

void
vm_load_open(lua_State *L)
{
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &sources_key);
}

/* A name that two chunks share (load's default) counts as unknown. */
static void
remember(lua_State *L, const char *src, size_t len, const char *name)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &sources_key);
	if (lua_getfield(L, -1, name) == LUA_TNIL)
		lua_pushlstring(L, src, len);
	else
		lua_pushboolean(L, 0);
	lua_setfield(L, -3, name);
	lua_pop(L, 2);
}

const char *
vm_source(lua_State *L, const char *name, size_t *len)
{
	const char *s = NULL;

	lua_rawgetp(L, LUA_REGISTRYINDEX, &sources_key);
	if (lua_getfield(L, -1, name) == LUA_TSTRING)
		s = lua_tolstring(L, -1, len);
	lua_pop(L, 2);
	return s;
}

/* Many write log "a" .. b, which Lua reads as (log "a") .. b. */
static void
explain(lua_State *L)
{
	static const char end[] = "near '..'";
	size_t n;
	const char *s = lua_tolstring(L, -1, &n);

	if (s == NULL || n < sizeof(end) - 1 ||
	    strcmp(s + n - (sizeof(end) - 1), end) != 0)
		return;
	lua_pushliteral(L, " (an argument with \"..\" needs parentheses: "
	    "log(\"a\" .. b))");
	lua_concat(L, 2);
}

/* "\d" for "%d" is a habit from other languages, and the script then matches
 * nothing; "\." does no harm. */
static void
log_escapes(lua_State *L, const char *src, size_t len, const char *name)
{
	struct log_record r;
	char letter, *text;
	int line = prepass_needless(src, len, &letter);

	if (line == 0)
		return;
	text = mem_printf("%.*s:%d: \"\\%c\" is just \"%c\" in Lua; in a "
	    "pattern write \"%%%c\"", LUA_IDSIZE, name + 1, line, letter,
	    letter, letter);
	log_record_init(&r, LOG_DEBUG, "Backslash without meaning");
	log_record_string(&r, "message", text);
	free(text);
	worker_log(vm_worker(L), &r);
}

int
vm_load(lua_State *L, const char *src, size_t len, const char *name)
{
	char *text;
	size_t n;
	int status;

	if (len > SCRIPT_MAX) {
		lua_pushfstring(L, "cannot compile %s: it is longer than "
		    "%d bytes", name + 1, (int)SCRIPT_MAX);
		return LUA_ERRSYNTAX;
	}
	text = prepass(src, len, &n);
	status = luaL_loadbufferx(L, text, n, name, "t");
	free(text);
	if (status == LUA_ERRSYNTAX) {
		/* The error must be about what was written, and a program
		 * that the pre-pass made too big is better run as it is. */
		lua_pop(L, 1);
		text = prepass_escapes(src, len, &n);
		status = luaL_loadbufferx(L, text, n, name, "t");
		free(text);
	}
	if (status == LUA_OK) {
		remember(L, src, len, name);
		log_escapes(L, src, len, name);
	} else if (status == LUA_ERRSYNTAX)
		explain(L);
	return status;
}
