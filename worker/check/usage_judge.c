/* SPDX-License-Identifier: Apache-2.0 */
/* usage_judge.c - what is wrong with the globals that were collected. */
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "common/words/nearest.h"
#include "worker/check/usage_private.h"
#include "worker/lua/vm.h"

struct judge {
	const struct usage *g;
	lua_State *L;
	/* Sorted, of g's. */
	struct usage_names defined, tested, opaque;
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct usage_names
sorted(const struct usage_names *n)
{
	struct usage_names s = { .n = n->n };

	s.list = mem_array(n->n, sizeof(s.list[0]));
	if (n->n != 0)
		memcpy(s.list, n->list, n->n * sizeof(s.list[0]));
	qsort(s.list, s.n, sizeof(s.list[0]), compare_names);
	return s;
}

static bool
has(const struct usage_names *n, const char *name)
{
	return n->n != 0 && bsearch(&name, n->list, n->n, sizeof(n->list[0]),
	    compare_names) != NULL;
}

/* The nearest of the names in the table at the top and, of those that the script
 * defines, of the globals or of table's fields. It lives as long as both. */
static const char *
nearest_in(const struct judge *j, const char *name, const char *table)
{
	size_t n = 0, room = 64, skip = table != NULL ? strlen(table) + 1 : 0;
	const char **names = mem_array(room, sizeof(*names)), *near;
	lua_State *L = j->L;

	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_pop(L, 1);
		if (lua_type(L, -1) != LUA_TSTRING)
			continue;
		if (n == room) {
			room *= 2;
			names = mem_resize(names, room, sizeof(*names));
		}
		names[n++] = lua_tostring(L, -1);
	}
	names = mem_resize(names, n + j->defined.n + 1, sizeof(*names));
	for (size_t i = 0; i < j->defined.n; i++) {
		const char *one = j->defined.list[i], *dot = strchr(one, '.');

		if (table == NULL ? dot == NULL : dot != NULL &&
		    strncmp(one, table, skip - 1) == 0 && dot == one + skip - 1)
			names[n++] = one + skip;
	}
	names[n] = NULL;
	near = nearest_word(name, names, sizeof(*names));
	free(names);
	return near;
}

/* Ends a sentence with what was probably meant. */
static char *
with_hint(char *text, const char *near)
{
	char *r;

	if (near == NULL)
		return text;
	r = mem_printf("%s, did you mean \"%s\"?", text, near);
	free(text);
	return r;
}

/* The field of a table that is ours, which is at the top. */
static char *
judge_field(const struct judge *j, const struct usage_use *u)
{
	lua_State *L = j->L;
	char *whole = mem_printf("%s.%s", u->name, u->field), *text = NULL;
	bool fine;

	fine = lua_getmetatable(L, -1);
	lua_pop(L, fine ? 1 : 0);
	fine = fine || has(&j->defined, whole) || has(&j->tested, whole) ||
	    has(&j->opaque, u->name);
	free(whole);
	if (fine)
		return NULL;
	lua_pushstring(L, u->field);
	if (lua_rawget(L, -2) == LUA_TNIL) {
		lua_pop(L, 1);
		return with_hint(mem_printf("%s has no function or field "
		    "\"%s\"", u->name, u->field), nearest_in(j, u->field,
		    u->name));
	}
	text = vm_refusal(L);
	lua_pop(L, 1);
	return text;
}

/* What is wrong with a use, or NULL. */
static char *
judge_use(const struct judge *j, const struct usage_use *u)
{
	lua_State *L = j->L;
	char *text = NULL;

	if (strcmp(u->name, "_G") == 0 || has(&j->defined, u->name) ||
	    has(&j->tested, u->name))
		return NULL;
	lua_pushglobaltable(L);
	lua_pushstring(L, u->name);
	if (lua_rawget(L, -2) == LUA_TTABLE && u->field != NULL)
		text = judge_field(j, u);
	else if (lua_isnil(L, -1) && strcmp(u->name, "arg") != 0) {
		lua_pop(L, 1);
		text = with_hint(mem_printf("nothing defines the global "
		    "\"%s\"", u->name), nearest_in(j, u->name, NULL));
		lua_pushnil(L);
	} else
		text = vm_refusal(L);
	lua_pop(L, 2);
	return text;
}

static int
compare_uses(const void *a, const void *b)
{
	const struct usage_use *const *x = a, *const *y = b;

	if ((*x)->place != (*y)->place)
		return strcmp((*x)->place, (*y)->place);
	return ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

/* A mistake that is made again and again is told once a chunk: uses are the n
 * that were told. */
static bool
is_repeated(const struct usage_use *u,
    const struct usage_use *const *uses, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (uses[i]->place == u->place &&
		    strcmp(uses[i]->name, u->name) == 0 &&
		    (uses[i]->field == NULL) == (u->field == NULL) &&
		    (u->field == NULL ||
		    strcmp(uses[i]->field, u->field) == 0))
			return true;
	return false;
}

void
usage_judge(const struct usage *g, lua_State *L,
    void (*warn)(void *arg, const char *text), void *arg)
{
	struct judge j = { .g = g, .L = L };
	const struct usage_use **uses;
	char *text, *line;
	size_t n = 0;

	if (g->muted)
		return;
	j.defined = sorted(&g->defined);
	j.tested = sorted(&g->tested);
	j.opaque = sorted(&g->opaque);
	uses = mem_array(g->nuses, sizeof(*uses));
	for (size_t i = 0; i < g->nuses; i++)
		uses[i] = &g->uses[i];
	qsort(uses, g->nuses, sizeof(*uses), compare_uses);
	for (size_t i = 0; i < g->nuses && n < SCRIPT_WARNINGS_MAX; i++) {
		const struct usage_use *u = uses[i];

		text = is_repeated(u, uses, n) ? NULL : judge_use(&j, u);
		if (text == NULL)
			continue;
		uses[n++] = u;
		line = mem_printf("%s:%d: %s", u->place, u->line, text);
		warn(arg, line);
		free(line);
		free(text);
	}
	free(uses);
	free(j.defined.list);
	free(j.tested.list);
	free(j.opaque.list);
}
