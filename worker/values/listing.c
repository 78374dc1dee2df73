/* SPDX-License-Identifier: Apache-2.0 */
/* listing.c - lists of tags and repositories; see listing.h. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/bounds.h"
#include "common/buffer.h"
#include "common/digest.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/wire/log_record.h"
#include "worker/job/catalog.h"
#include "worker/job/overlay.h"
#include "worker/values/fetch.h"
#include "worker/values/listing.h"
#include "worker/oci/manifest.h"

static void listing_page(void *arg, struct answer *a);

static void
listing_release(struct task *t)
{
	struct listing_task *l = (struct listing_task *)t;
	size_t i;

	call_cancel(l->call);
	l->call = NULL;
	for (i = 0; i < l->n; i++)
		free(l->items[i]);
	free(l->items);
	reference_free(&l->ref);
	reference_free(&l->tag);
	free(l->last);
	free(l->registry);
	free(l->name);
	free(l->mark);
	free(l->skipped_first);
}

static void
listing_request(struct listing_task *l, int64_t n, const char *last,
    const char *next)
{
	struct client *c = l->task.w->client;

	if (l->registry != NULL)
		l->call = client_catalog(c, l->registry, n, last, next,
		    listing_page, l);
	else
		l->call = client_tag_list(c, &l->ref, n, last, next,
		    listing_page, l);
}

/* Names that could never be used are left out, and that is said. */
static void
listing_warn_skipped(struct listing_task *l)
{
	struct log_record r;
	char *name;

	if (l->skipped == 0)
		return;
	if (l->registry != NULL) {
		log_record_init(&r, LOG_WARN, "Invalid repository names in "
		    "list skipped");
		log_record_string(&r, "host", l->registry);
	} else {
		log_record_init(&r, LOG_WARN, "Invalid tag names in list "
		    "skipped");
		name = reference_repository(&l->ref);
		log_record_string(&r, "repo", name);
		free(name);
	}
	log_record_int(&r, "count", (int64_t)l->skipped);
	log_record_string(&r, "first", l->skipped_first);
	worker_log(l->task.w, &r);
}

static void
listing_remember(const struct listing_task *l)
{
	struct worker *w = l->task.w;
	char *key = reference_registry_key(l->registry);

	if (w->catalog == NULL)
		w->catalog = catalog_new();
	for (size_t i = 0; i < l->n && key != NULL; i++)
		catalog_add(w->catalog, key, l->items[i]);
	free(key);
}

/* The names are all there. */
static void
listing_over(struct listing_task *l)
{
	struct overlay *o = l->task.w->overlay;
	char *key;

	if (l->registry == NULL && o != NULL)
		overlay_tags(o, &l->ref, &l->items, &l->n);
	else if (o != NULL &&
	    (key = reference_registry_key(l->registry)) != NULL) {
		overlay_repositories(o, key, &l->items, &l->n);
		free(key);
	}
	if (l->registry != NULL)
		listing_remember(l);
	while (l->limit > 0 && l->n > (uint64_t)l->limit)
		free(l->items[--l->n]);
	task_done(&l->task, NULL);
}

static void listing_look_up(struct listing_task *l);

static void
listing_looked_up(void *arg, struct answer *a)
{
	struct listing_task *l = arg;

	l->call = NULL;
	if (a->err.kind == ERROR_NONE && digest_valid(a->digest))
		overlay_seen(l->task.w->overlay, &l->tag, a->digest);
	l->looked_up++;
	listing_look_up(l);
}

/* A dry run has deleted manifests, and with each go all its tags: which those
 * are, only the registry can say. */
static void
listing_look_up(struct listing_task *l)
{
	struct worker *w = l->task.w;

	for (; l->looked_up < l->n; l->looked_up++) {
		reference_free(&l->tag);
		reference_copy(&l->tag, &l->ref);
		reference_set_tag(&l->tag, l->items[l->looked_up]);
		if (!overlay_unseen(w->overlay, &l->tag))
			continue;
		l->call = client_manifest_head(w->client, &l->tag,
		    listing_looked_up, l);
		return;
	}
	listing_over(l);
}

static void
listing_finish(struct listing_task *l)
{
	const struct overlay *o = l->task.w->overlay;

	listing_warn_skipped(l);
	if (l->registry == NULL && o != NULL && overlay_deletes(o, &l->ref))
		listing_look_up(l);
	else
		listing_over(l);
}

/* The registry lists the repository and yet says that there is none: it has
 * no tags any more. */
static bool
listing_is_empty(const struct listing_task *l, const struct error *err)
{
	char *key;
	bool listed;

	if (strstr(err->text, "NAME_UNKNOWN") == NULL)
		return false;
	key = reference_registry_key(l->ref.registry);
	listed = key != NULL && catalog_lists(l->task.w->catalog, key,
	    l->ref.repository);
	free(key);
	return listed;
}

/* A repository that a dry run would have made is not there, but has tags. */
static void
listing_failed(struct listing_task *l, const struct error *err)
{
	bool empty;

	if (err->kind == ERROR_NOT_FOUND && l->pages == 0 &&
	    l->registry == NULL) {
		empty = listing_is_empty(l, err);
		if (l->task.w->overlay != NULL)
			overlay_tags(l->task.w->overlay, &l->ref, &l->items,
			    &l->n);
		empty = empty || (l->task.w->overlay != NULL &&
		    overlay_made(l->task.w->overlay, &l->ref));
		if (empty || l->n > 0) {
			while (l->limit > 0 && l->n > (uint64_t)l->limit)
				free(l->items[--l->n]);
			task_done(&l->task, NULL);
			return;
		}
	}
	task_done(&l->task, err);
}

static int
listing_add(struct listing_task *l, json_object *v, struct error *err)
{
	const char *what = l->registry != NULL ? "repository" : "tag";
	const char *s;
	size_t n;

	if (!json_object_is_type(v, json_type_string))
		return error_set(err, ERROR_INPUT, "the %s list holds "
		    "something that is not a string", what);
	s = json_object_get_string(v);
	n = (size_t)json_object_get_string_len(v);
	l->bytes += n + sizeof(char *);
	if (l->bytes > LIST_BYTES_MAX)
		return error_set(err, ERROR_LIMIT, "the %s list is larger "
		    "than %u bytes", what, LIST_BYTES_MAX);
	if (strlen(s) != n || !(l->registry != NULL ?
	    reference_valid_repository(s) : reference_valid_tag(s))) {
		if (l->skipped++ == 0)
			l->skipped_first = mem_strndup(s, strnlen(s, TAG_MAX));
		return 0;
	}
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 64 : l->cap * 2;
		l->items = mem_resize(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->n++] = mem_strdup(s);
	return 0;
}

/* Pages of one list say the same name, those that say one at all. */
static int
listing_name(struct listing_task *l, json_object *page, struct error *err)
{
	json_object *v = NULL;
	const char *s;

	if (!json_object_object_get_ex(page, "name", &v) || v == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_string))
		return error_set(err, ERROR_INPUT, "the tag list's \"name\" "
		    "is not a string");
	s = json_object_get_string(v);
	if (l->name == NULL) {
		l->name = mem_strdup(s);
		return 0;
	}
	if (strcmp(l->name, s) != 0)
		return error_set(err, ERROR_INPUT, "a page of the tag list is "
		    "of \"%.128s\", the first was of \"%.128s\"", s, l->name);
	return 0;
}

/* Some registries, docker's for tags, send the whole list whatever "last"
 * says: of n entries before this page, those that follow stay. */
static void
listing_skip(struct listing_task *l, size_t n)
{
	size_t i, drop;

	if (*l->last == '\0')
		return;
	for (drop = n; drop < l->n; drop++)
		if (strcmp(l->items[drop], l->last) == 0)
			break;
	if (drop++ == l->n)
		return;
	for (i = 0; i < drop; i++)
		free(l->items[i]);
	l->n -= drop;
	memmove(l->items, l->items + drop, l->n * sizeof(*l->items));
}

static int
listing_read(struct listing_task *l, json_object *page, struct error *err)
{
	const char *key = l->registry != NULL ? "repositories" : "tags";
	json_object *v = NULL;
	size_t i, n, before = l->n;

	if (!json_object_is_type(page, json_type_object))
		return error_set(err, ERROR_INPUT, "the list is not a JSON "
		    "object");
	if (l->registry == NULL && listing_name(l, page, err) == -1)
		return -1;
	if (!json_object_object_get_ex(page, key, &v) && l->name == NULL)
		return error_set(err, ERROR_INPUT, "the list has no \"%s\"",
		    key);
	if (v == NULL)
		return 0;
	if (!json_object_is_type(v, json_type_array))
		return error_set(err, ERROR_INPUT, "\"%s\" is not a list",
		    key);
	n = json_object_array_length(v);
	for (i = 0; i < n; i++)
		if (listing_add(l, json_object_array_get_idx(v, i), err) == -1)
			return -1;
	listing_skip(l, before);
	return 0;
}

/*
 * A registry could send us round for ever. A mark is compared with each next
 * and moved up at each power of two, so that a circle of any length meets it.
 */
static int
listing_advance(struct listing_task *l, const char *next, struct error *err)
{
	if (l->pages >= LIST_PAGES_MAX)
		return error_set(err, ERROR_LIMIT, "the list has more than %d "
		    "pages", LIST_PAGES_MAX);
	if (l->mark != NULL && strcmp(l->mark, next) == 0)
		return error_set(err, ERROR_INPUT, "the registry's pages go "
		    "in a circle: \"%.256s\" came before", next);
	if (l->pages >= l->mark_at) {
		free(l->mark);
		l->mark = mem_strdup(next);
		l->mark_at = l->pages * 2;
	}
	return 0;
}

static void
listing_page(void *arg, struct answer *a)
{
	struct listing_task *l = arg;
	json_object *page;
	struct error err;
	char *next;
	int rv;

	l->call = NULL;
	if (a->err.kind != ERROR_NONE) {
		listing_failed(l, &a->err);
		return;
	}
	l->pages++;
	page = json_parse(buffer_str(&a->body), a->body.len, JSON_BYTES_MAX,
	    l->registry != NULL ? "the repository list" : "the tag list",
	    &err);
	rv = page == NULL ? -1 : listing_read(l, page, &err);
	json_object_put(page);
	if (rv == -1) {
		task_done(&l->task, &err);
		return;
	}
	if (*a->next == '\0' ||
	    (l->limit > 0 && l->n >= (uint64_t)l->limit)) {
		listing_finish(l);
		return;
	}
	if (listing_advance(l, a->next, &err) == -1) {
		task_done(&l->task, &err);
		return;
	}
	next = mem_strdup(a->next);
	listing_request(l, 0, "", next);
	free(next);
}

static void
listing_start(struct listing_task *l, int64_t limit, const char *last)
{
	size_t most = l->registry != NULL ? REPOSITORY_MAX : TAG_MAX;
	const char *p;
	struct error err;

	l->last = mem_strdup(last);
	for (p = last; *p > 0x20 && *p < 0x7f; p++)
		;
	if (*p != '\0' || (size_t)(p - last) > most) {
		error_set(&err, ERROR_INPUT, "the option \"last\" is not a "
		    "name that a registry could have");
		task_done(&l->task, &err);
		return;
	}
	l->limit = limit > 0 ? limit : 0;
	/* Registries refuse a larger page rather than sending a smaller. */
	listing_request(l, l->limit > LIST_ASK_MAX ? LIST_ASK_MAX : l->limit,
	    last, "");
}

struct listing_task *
listing_tags(lua_State *L, const struct reference *ref, int64_t limit,
    const char *last)
{
	struct listing_task *l = task_new(L, sizeof(*l), listing_release);
	struct error err;
	char *name = reference_string(ref);

	task_doing(&l->task, mem_printf("failed to list tags for %s", name));
	free(name);
	reference_copy(&l->ref, ref);
	if (ref->ocidir) {
		(void)fetch_askable(ref, &err);
		task_done(&l->task, &err);
	} else
		listing_start(l, limit, last);
	return l;
}

struct listing_task *
listing_repositories(lua_State *L, const char *registry, int64_t limit,
    const char *last)
{
	struct listing_task *l = task_new(L, sizeof(*l), listing_release);
	char *key = reference_registry_key(registry);
	struct error err;

	task_doing(&l->task, mem_printf("failed to list repositories for "
	    "%.255s", registry));
	l->registry = mem_strdup(registry);
	/* A path would not make the list any shorter. */
	if (key == NULL || strchr(registry, '/') != NULL) {
		error_set(&err, ERROR_INPUT, "\"%.255s\" is not the name of a "
		    "registry: that is HOST or HOST:PORT", registry);
		task_done(&l->task, &err);
	} else
		listing_start(l, limit, last);
	free(key);
	return l;
}
