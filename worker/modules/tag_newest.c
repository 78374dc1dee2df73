/* SPDX-License-Identifier: Apache-2.0 */
/* tag_newest.c - tag.newest(): the newest tags, and the others. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "worker/library/range.h"
#include "worker/lua/owned.h"
#include "worker/lua/vm.h"
#include "worker/modules/modules.h"
#include "worker/values/binding.h"
#include "worker/values/created.h"
#include "worker/values/options.h"

#define FUNCTION "tag.newest"

struct newest_item {
	char *tag;
	struct version version;	/* points into tag */
	bool is_version;
	int64_t seconds;
	long nanoseconds;
};

/* Its userdata is at index 4 from the beginning to the end. */
struct newest {
	struct task task;
	size_t keep;
	bool by_created, prerelease, ranged;
	char *match, *range_text, *platform;
	struct range range;	/* points into range_text */
	struct newest_item *items;
	size_t n;
	struct created_tag *tags; /* of the items, in their order */
	struct created *created;
};

struct newest_options {
	const char *by, *match, *range, *platform;
	bool prerelease;
};

static const struct option option_table[] = {
#define ROW(key, type, member) \
	{ key, type, offsetof(struct newest_options, member) }
	ROW("by", OPTION_TEXT, by),
	ROW("match", OPTION_TEXT, match),
	ROW("range", OPTION_TEXT, range),
	ROW("prerelease", OPTION_BOOL, prerelease),
	ROW("platform", OPTION_TEXT, platform),
	{ NULL, 0, 0 }
#undef ROW
};

static void
newest_release(struct task *t)
{
	struct newest *q = (struct newest *)t;

	created_free(q->created);
	q->created = NULL;
	for (size_t i = 0; i < q->n; i++) {
		free(q->items[i].tag);
		if (q->tags != NULL)
			free(q->tags[i].why);
	}
	q->n = 0;
	free(q->items);
	free(q->tags);
	free(q->match);
	free(q->range_text);
	free(q->platform);
}

/* A wrong option is an error here: what is not kept may be deleted next. */
static void
read_options(lua_State *L, struct newest *q)
{
	struct newest_options o = { .by = "semver", .platform = "" };
	struct platform p;
	struct error err;

	if (!lua_isnoneornil(L, 3)) {
		vm_check_table(L, 3, FUNCTION);
		options_read(L, 3, FUNCTION, option_table, &o);
	}
	q->by_created = strcmp(o.by, "created") == 0;
	if (!q->by_created && strcmp(o.by, "semver") != 0)
		vm_arg_error(L, 3, FUNCTION, "the option \"by\" is \"semver\" "
		    "or \"created\"");
	q->prerelease = o.prerelease;
	q->ranged = o.range != NULL || !q->by_created;
	q->match = o.match != NULL ? mem_strdup(o.match) : NULL;
	q->platform = mem_strdup(o.platform);
	q->range_text = mem_strdup(o.range != NULL ? o.range : "*");
	if (range_parse(q->range_text, strlen(q->range_text), &q->range,
	    &err) == -1)
		vm_arg_error(L, 3, FUNCTION, err.text);
	if (*o.platform == '\0')
		return;
	if (platform_parse(o.platform, &p, &err) == -1)
		vm_arg_error(L, 3, FUNCTION, err.text);
	platform_free(&p);
}

/* Whether a tag is one of those that are meant. */
static bool
is_meant(lua_State *L, const struct newest *q, struct newest_item *item)
{
	bool found;

	item->is_version = version_parse(item->tag, strlen(item->tag),
	    &item->version) == 0;
	if (q->ranged && (!item->is_version || !range_has(&q->range,
	    &item->version, q->prerelease)))
		return false;
	if (q->match == NULL)
		return true;
	/* Of strings, whatever a script has made of the global. */
	lua_pushstring(L, item->tag);
	lua_getfield(L, -1, "find");
	lua_pushvalue(L, -2);
	lua_pushstring(L, q->match);
	if (lua_pcall(L, 2, 1, 0) != LUA_OK)
		vm_arg_error(L, 3, FUNCTION, luaL_tolstring(L, -1, NULL));
	found = lua_toboolean(L, -1);
	lua_pop(L, 2);
	return found;
}

static int
by_name(const void *a, const void *b)
{
	const struct newest_item *x = a, *y = b;

	return strcmp(x->tag, y->tag);
}

/* A registry may list a tag twice: it must not be among the newest and among
 * the others. */
static void
drop_doubles(struct newest *q)
{
	size_t n = 0;

	qsort(q->items, q->n, sizeof(*q->items), by_name);
	for (size_t i = 0; i < q->n; i++)
		if (n > 0 && by_name(&q->items[n - 1], &q->items[i]) == 0)
			free(q->items[i].tag);
		else
			q->items[n++] = q->items[i];
	q->n = n;
}

/* Takes what is meant of the list. */
static void
take_items(lua_State *L, struct newest *q, struct listing_task *l)
{
	q->items = mem_alloc((l->n + 1) * sizeof(*q->items));
	for (size_t i = 0; i < l->n; i++) {
		struct newest_item item = { .tag = l->items[i] };

		if (!is_meant(L, q, &item))
			continue;
		l->items[i] = NULL;
		q->items[q->n++] = item;
	}
	drop_doubles(q);
}

/* Newest first. */
static int
by_version(const void *a, const void *b)
{
	const struct newest_item *x = a, *y = b;
	int c = 0;

	if (x->is_version && y->is_version)
		c = version_compare(&y->version, &x->version);
	return c != 0 ? c : strcmp(y->tag, x->tag);
}

static int
by_created(const void *a, const void *b)
{
	const struct newest_item *x = a, *y = b;

	if (x->seconds != y->seconds)
		return x->seconds > y->seconds ? -1 : 1;
	if (x->nanoseconds != y->nanoseconds)
		return x->nanoseconds > y->nanoseconds ? -1 : 1;
	return by_version(a, b);
}

static void
push_tags(lua_State *L, const struct newest *q, size_t from, size_t to)
{
	lua_createtable(L, to - from > INT_MAX ? 0 : (int)(to - from), 0);
	for (size_t i = from; i < to; i++) {
		lua_pushstring(L, q->items[i].tag);
		lua_rawseti(L, -2, (lua_Integer)(i - from) + 1);
	}
}

static int
newest_results(lua_State *L, struct newest *q)
{
	size_t keep = q->keep < q->n ? q->keep : q->n;

	qsort(q->items, q->n, sizeof(*q->items), q->by_created ? by_created :
	    by_version);
	push_tags(L, q, 0, keep);
	push_tags(L, q, keep, q->n);
	task_release(&q->task);
	return 2;
}

/* Tags without a date are neither new nor old. */
static void
take_dates(lua_State *L, struct newest *q)
{
	struct reference *ref = value_check_reference(L, 1);
	size_t n = 0;

	for (size_t i = 0; i < q->n; i++) {
		struct created_tag *t = &q->tags[i];
		struct newest_item item = q->items[i];
		struct log_record r;

		if (t->why == NULL) {
			item.seconds = t->seconds;
			item.nanoseconds = t->nanoseconds;
			q->items[n++] = item;
			continue;
		}
		binding_log_start(&r, LOG_INFO, "Tag skipped", "repo", ref);
		log_record_string(&r, "tag", item.tag);
		log_record_string(&r, "reason", t->why);
		binding_log(L, &r);
		free(item.tag);
		free(t->why);
	}
	q->n = n;
	free(q->tags);
	q->tags = NULL;
}

static int
newest_dated(lua_State *L, int status, lua_KContext ctx)
{
	struct newest *q = (struct newest *)ctx;
	char *name, text[REFERENCE_MAX + 64];

	(void)status;
	if (q->task.err.kind != ERROR_NONE) {
		name = reference_repository(value_check_reference(L, 1));
		snprintf(text, sizeof(text), "Failed retrieving when the tags "
		    "of \"%s\" were created", name);
		free(name);
		return binding_fail(L, &q->task, "%s", text);
	}
	take_dates(L, q);
	return newest_results(L, q);
}

static void
dates_there(void *arg, const struct error *err)
{
	task_done(arg, err);
}

static int
newest_listed(lua_State *L, int status, lua_KContext ctx)
{
	struct listing_task *l = (struct listing_task *)ctx;
	struct newest *q = owned_test(L, 4, OWNED_PLAIN);

	(void)status;
	if (l->task.err.kind != ERROR_NONE)
		return binding_fail(L, &l->task, "Failed retrieving tag list");
	take_items(L, q, l);
	task_release(&l->task);
	if (!q->by_created)
		return newest_results(L, q);
	if (q->n > NEWEST_DATES_MAX)
		return vm_raise(L, "Failed retrieving when tags were created: "
		    "these are %zu tags, and at most %d are read; choose some "
		    "with the option \"match\" or \"range\"", q->n,
		    NEWEST_DATES_MAX);
	q->tags = mem_alloc((q->n + 1) * sizeof(*q->tags));
	memset(q->tags, 0, (q->n + 1) * sizeof(*q->tags));
	for (size_t i = 0; i < q->n; i++)
		q->tags[i].tag = q->items[i].tag;
	q->created = created_start(q->task.w, value_check_reference(L, 1),
	    q->platform, q->tags, q->n, dates_there, q);
	return task_await(L, &q->task, newest_dated);
}

int
modules_tag_newest(lua_State *L)
{
	struct reference *ref;
	struct log_record r;
	struct newest *q;
	struct listing_task *l;
	lua_Number n;

	binding_context(L);
	lua_settop(L, 3);
	ref = value_check_reference(L, 1);
	n = vm_check_number(L, 2, FUNCTION);
	if (!(n >= 0 && n < 1e15) || n != (lua_Number)(int64_t)n)
		return vm_arg_error(L, 2, FUNCTION, "a whole number, 0 or "
		    "more, expected");
	q = task_new(L, sizeof(*q), newest_release);
	q->keep = (size_t)n;
	read_options(L, q);
	lua_settop(L, 4);
	binding_log_start(&r, LOG_DEBUG, "Listing tags", "repo", ref);
	binding_log(L, &r);
	l = listing_tags(L, ref, 0, "");
	return task_await(L, &l->task, newest_listed);
}
