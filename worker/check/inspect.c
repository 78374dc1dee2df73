/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c - the script and its modules, one after the other. */
#include "worker/check/inspect.h"

#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/mem.h"
#include "worker/check/usage.h"
#include "worker/client/client.h"
#include "worker/lua/vm.h"

struct inspection {
	struct worker *w;
	struct usage *g;
	const char *place;	/* the chunk at hand */
	struct buffer dump;
};

static void
say(const struct inspection *c, int level, const char *message, const char *text)
{
	struct log_record r;

	log_record_init(&r, level, message);
	log_record_string(&r, "message", text);
	worker_log(c->w, &r);
}

static void
on_use(void *arg, const struct bytecode_use *u)
{
	struct inspection *c = arg;

	usage_add(c->g, c->place, u);
}

static int
write_dump(lua_State *L, const void *p, size_t n, void *arg)
{
	struct buffer *b = arg;

	(void)L;
	return buffer_put(b, p, n) == 0 ? 0 : 1;
}

/* The globals of the function at the top, which it takes. */
static void
look(struct inspection *c, lua_State *L)
{
	lua_Debug ar;

	buffer_clear(&c->dump);
	if (lua_dump(L, write_dump, &c->dump, 0) != 0) {
		usage_mute(c->g);
		lua_pop(L, 1);
		return;
	}
	lua_getinfo(L, ">S", &ar);
	c->place = ar.short_src;
	if (!bytecode_walk(c->dump.data, c->dump.len, on_use, c))
		usage_mute(c->g);
}

static bool
is_loaded(lua_State *L, const char *table, const char *name)
{
	bool r;

	lua_getfield(L, LUA_REGISTRYINDEX, table);
	r = lua_getfield(L, -1, name) != LUA_TNIL;
	lua_pop(L, 2);
	return r;
}

/* Whether one of package.loaders after the first two, which look among what is
 * preloaded and for files, has a module. They are C functions. */
static bool
is_built_in(lua_State *L, const char *name)
{
	int top = lua_gettop(L);
	bool r = false;

	lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
	lua_getfield(L, -1, "package");
	lua_getfield(L, -1, "loaders");
	for (lua_Integer i = 3; !r && lua_rawgeti(L, top + 3, i) != LUA_TNIL;
	    i++) {
		lua_pushstring(L, name);
		lua_call(L, 1, 1);
		r = lua_isfunction(L, -1);
		lua_pop(L, 1);
	}
	lua_settop(L, top);
	return r;
}

static void
missing(struct inspection *c, const struct usage_module *m, const char *why)
{
	char *text;

	usage_mute(c->g);
	if (!m->sure || usage_touch_package(c->g))
		return;
	text = mem_printf("%s:%d: module %s not found:%s%s", m->place,
	    m->line, m->name, *why == '\n' ? "" : " ", why);
	say(c, LOG_ERROR, "Module not found", text);
	free(text);
}

struct module_text {		/* a module on its way */
	bool done;
	struct error err;
	char *path, *text;
	size_t len;
};

static void
arrived(void *arg, struct answer *a)
{
	struct module_text *f = arg;

	f->err = a->err;
	f->path = mem_strdup(a->media_type);
	f->len = a->body.len;
	f->text = buffer_steal(&a->body);
	f->done = true;
}

/* Compiles a module as require would, without running it: a status, and a
 * function or a message at the top. */
static int
compile(lua_State *L, const struct module_text *f)
{
	char *name = mem_printf("@%s", f->path);
	size_t skip = 0;
	int status;

	/* A first line with '#' is for a shell; its line stays empty. */
	if (f->len != 0 && *f->text == '#')
		while (skip < f->len && f->text[skip] != '\n')
			skip++;
	status = vm_load(L, f->text + skip, f->len - skip, name);
	free(name);
	return status;
}

static void
check_text(struct inspection *c, lua_State *L, const struct module_text *f)
{
	int status = compile(L, f);

	if (status == LUA_OK) {
		look(c, L);
		return;
	}
	usage_mute(c->g);
	if (status == LUA_ERRSYNTAX)
		say(c, LOG_ERROR, "Syntax error in module",
		    lua_tostring(L, -1));
	lua_pop(L, 1);
}

static void
check_module(struct inspection *c, lua_State *L, const struct usage_module *m)
{
	struct module_text f = { .done = false };
	struct client_call *call;

	if (is_loaded(L, "_LOADED", m->name) ||
	    is_loaded(L, "_PRELOAD", m->name))
		return;
	call = client_module(c->w->client, m->name, arrived, &f);
	if (worker_wait(c->w, &f.done, &f.err) == -1)
		call_cancel(call);
	if (f.err.kind == ERROR_NONE)
		check_text(c, L, &f);
	else if (f.err.kind != ERROR_NOT_FOUND || !is_built_in(L, m->name))
		missing(c, m, f.err.text);
	free(f.path);
	free(f.text);
}

static void
on_mistake(void *arg, const char *text)
{
	say(arg, LOG_WARN, "Probable mistake in script", text);
}

/* Protected: 1 is the check. */
static int
run(lua_State *L)
{
	struct inspection *c = lua_touserdata(L, 1);
	const struct usage_module *m;
	struct usage_module copy;

	if (vm_load(L, c->w->script, c->w->script_len, "=<string>") != LUA_OK)
		return lua_error(L);
	look(c, L);
	for (size_t i = 0; (m = usage_module(c->g, i)) != NULL; i++) {
		copy = *m;
		check_module(c, L, &copy);
	}
	usage_judge(c->g, L, on_mistake, c);
	return 0;
}

char *
check_script(struct worker *w)
{
	struct inspection c = { .w = w, .g = usage_new() };
	char *text = NULL;
	int status;

	buffer_init(&c.dump, CHECK_DUMP_MAX);
	lua_settop(w->L, 0);
	lua_pushcfunction(w->L, run);
	lua_pushlightuserdata(w->L, &c);
	status = lua_pcall(w->L, 1, 0, 0);
	if (status != LUA_OK)
		text = vm_error_text(w->L);
	lua_settop(w->L, 0);
	buffer_free(&c.dump);
	usage_free(c.g);
	return text;
}
