/* SPDX-License-Identifier: Apache-2.0 */
/* modrig_store.c - the registry in memory: its manifests, blobs and tags. */
#include "tests/unit/modules/modrig_store.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/digest.h"
#include "common/mem.h"

struct store {
	struct entry **entries;	/* each by itself: they are borrowed */
	size_t n;
};

struct store *
store_new(void)
{
	return mem_alloc(sizeof(struct store));
}

static void
entry_free(struct entry *e)
{
	free(e->repo);
	free(e->tag);
	free(e->digest);
	free(e->media_type);
	free(e->bytes);
	free(e);
}

void
store_free(struct store *s)
{
	for (size_t i = 0; i < s->n; i++)
		entry_free(s->entries[i]);
	free(s->entries);
	free(s);
}

struct entry *
store_add(struct store *s, const char *repo, const char *tag,
    const char *media_type, const char *bytes)
{
	struct entry *e = mem_alloc(sizeof(*e));
	char digest[DIGEST_MAX + 1];
	size_t i;

	if (*tag != '\0')
		for (i = 0; i < s->n; i++)
			if (strcmp(s->entries[i]->repo, repo) == 0 &&
			    strcmp(s->entries[i]->tag, tag) == 0)
				*s->entries[i]->tag = '\0';
	digest_of(bytes, strlen(bytes), digest);
	e->repo = mem_strdup(repo);
	e->tag = mem_strdup(tag);
	e->digest = mem_strdup(digest);
	e->media_type = mem_strdup(media_type);
	e->bytes = mem_strdup(bytes);
	s->entries = mem_resize(s->entries, s->n + 1, sizeof(*s->entries));
	s->entries[s->n++] = e;
	return e;
}

struct entry *
store_find(struct store *s, const char *repo, const char *name)
{
	for (size_t i = 0; i < s->n; i++) {
		struct entry *e = s->entries[i];

		if (!e->deleted && strcmp(e->repo, repo) == 0 &&
		    (strcmp(e->digest, name) == 0 ||
		    (*name != '\0' && strcmp(e->tag, name) == 0)))
			return e;
	}
	return NULL;
}

bool
store_delete(struct store *s, const char *repo, const char *name)
{
	bool any = false;

	for (size_t i = 0; i < s->n; i++) {
		struct entry *e = s->entries[i];

		if (e->deleted || strcmp(e->repo, repo) != 0)
			continue;
		if (strcmp(e->digest, name) == 0)
			e->deleted = any = true;
		else if (strcmp(e->tag, name) == 0) {
			*e->tag = '\0';
			any = true;
		}
	}
	return any;
}

char *
store_list(struct store *s, const char *repo, int n, const char *last,
    char **next)
{
	bool known = false, on = *last == '\0';
	const char *end = "";
	struct buffer b;
	int count = 0;

	buffer_init(&b, 0);
	buffer_printf(&b, "{\"name\":\"%s\",\"tags\":[", repo);
	*next = NULL;
	for (size_t i = 0; i < s->n && *next == NULL; i++) {
		struct entry *e = s->entries[i];

		if (strcmp(e->repo, repo) != 0)
			continue;
		known = true;
		if (e->deleted || *e->tag == '\0')
			continue;
		if (!on) {
			on = strcmp(e->tag, last) == 0;
			continue;
		}
		if (n > 0 && count == n) {
			*next = mem_strdup(end);
			break;
		}
		buffer_printf(&b, "%s\"%s\"", count++ > 0 ? "," : "", e->tag);
		end = e->tag;
	}
	buffer_puts(&b, "]}");
	if (*next == NULL)
		*next = mem_strdup("");
	if (known)
		return buffer_steal(&b);
	free(*next);
	buffer_free(&b);
	return NULL;
}
