/* SPDX-License-Identifier: Apache-2.0 */
/* usage.c - collects the uses of globals. */
#include "worker/check/usage.h"

#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "worker/check/usage_private.h"

struct usage *
usage_new(void)
{
	return mem_alloc(sizeof(struct usage));
}

static void
names_free(struct usage_names *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->list[i]);
	free(n->list);
}

void
usage_free(struct usage *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < g->nuses; i++) {
		free(g->uses[i].name);
		free(g->uses[i].field);
	}
	for (size_t i = 0; i < g->nmodules; i++)
		free((char *)(uintptr_t)g->modules[i].name);
	names_free(&g->places);
	names_free(&g->defined);
	names_free(&g->tested);
	names_free(&g->opaque);
	free(g->uses);
	free(g->modules);
	free(g);
}

/* Of a table's field: NAME.FIELD, which no global can be called. */
static char *
joined(const char *name, const char *field)
{
	return field == NULL ? mem_strdup(name) : mem_printf("%s.%s", name,
	    field);
}

static void
names_add(struct usage_names *n, char *name)
{
	if (n->n == n->room) {
		n->room = n->room * 2 + 16;
		n->list = mem_resize(n->list, n->room, sizeof(n->list[0]));
	}
	n->list[n->n++] = name;
}

/* The copy that is kept of a chunk's name. */
static const char *
place_of(struct usage *g, const char *place)
{
	for (size_t i = g->places.n; i > 0; i--)
		if (strcmp(g->places.list[i - 1], place) == 0)
			return g->places.list[i - 1];
	names_add(&g->places, mem_strdup(place));
	return g->places.list[g->places.n - 1];
}

void
usage_mute(struct usage *g)
{
	g->muted = true;
}

bool
usage_touch_package(const struct usage *g)
{
	return g->package;
}

static void
add_module(struct usage *g, const char *place,
    const struct bytecode_use *u)
{
	struct usage_module *m;
	char *name = mem_strndup(u->literal.p, u->literal.len);

	for (size_t i = 0; i < g->nmodules; i++)
		if (strcmp(g->modules[i].name, name) == 0) {
			free(name);
			return;
		}
	if (g->nmodules == CHECK_MODULES_MAX) {
		free(name);
		g->muted = true;
		return;
	}
	g->modules = mem_resize(g->modules, g->nmodules + 1,
	    sizeof(g->modules[0]));
	m = &g->modules[g->nmodules++];
	m->name = name;
	m->place = place_of(g, place);
	m->line = u->line;
	m->sure = u->called;
}

/* Functions that may define any global, or hide all of them. */
static bool
defines_any(const char *name)
{
	static const char *const names[] = {
		"dofile", "getfenv", "load", "loadfile", "loadstring",
		"module", "setfenv",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* What a use says besides itself. */
static void
note(struct usage *g, const char *place, const struct bytecode_use *u,
    const char *name, const char *field)
{
	if (u->tested)
		names_add(&g->tested, joined(name, field));
	if (strcmp(name, "_G") == 0) {
		if (field != NULL && u->field_set)
			names_add(&g->defined, mem_strdup(field));
		g->muted = g->muted || (u->opaque && !u->tested);
		return;
	}
	if (u->field_set && field != NULL)
		names_add(&g->defined, joined(name, field));
	if (u->opaque)
		names_add(&g->opaque, mem_strdup(name));
	if (strcmp(name, "package") == 0)
		g->package = true;
	if (strcmp(name, "require") == 0 && !u->tested) {
		if (u->literal.p != NULL)
			add_module(g, place, u);
		else
			g->muted = true;
	}
	if (defines_any(name) && !u->tested)
		g->muted = true;
}

static bool
has_nul(struct bytecode_text t)
{
	return t.p != NULL && memchr(t.p, '\0', t.len) != NULL;
}

void
usage_add(struct usage *g, const char *place,
    const struct bytecode_use *u)
{
	struct usage_use *use;
	char *name, *field;

	if (u->kind == BYTECODE_ENV || has_nul(u->name) || has_nul(u->field) ||
	    has_nul(u->literal)) {
		g->muted = true;
		return;
	}
	name = mem_strndup(u->name.p, u->name.len);
	if (u->kind == BYTECODE_SET) {
		names_add(&g->defined, name);
		return;
	}
	field = u->field.p != NULL ? mem_strndup(u->field.p, u->field.len) :
	    NULL;
	note(g, place, u, name, field);
	if (g->nuses == g->room) {
		g->room = g->room * 2 + 64;
		g->uses = mem_resize(g->uses, g->room, sizeof(g->uses[0]));
	}
	use = &g->uses[g->nuses++];
	use->place = place_of(g, place);
	use->line = u->line;
	use->name = name;
	use->field = field;
}

const struct usage_module *
usage_module(const struct usage *g, size_t i)
{
	return i < g->nmodules ? &g->modules[i] : NULL;
}
