/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tags.c - digest tags: tags of the source that begin with the digest of a
 * manifest in the copy ("sha256-0123... .sig"). They are found in one list of
 * the source's tags and copied as roots, one by one; their digests may have
 * digest tags in turn.
 */
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/digest.h"
#include "common/json.h"
#include "common/mem.h"
#include "worker/copy/copy_private.h"

/* The digest that a tag begins with, NULL when it is not a digest tag. */
static char *
tag_digest(const char *tag)
{
	static const struct { const char *name; size_t hex; } algorithms[] = {
		{ "sha256", 64 }, { "sha384", 96 }, { "sha512", 128 },
	};
	char *digest;
	size_t len;

	for (size_t i = 0; i < 3; i++) {
		len = strlen(algorithms[i].name);
		if (strncmp(tag, algorithms[i].name, len) != 0 ||
		    tag[len] != '-' ||
		    strlen(tag) < len + 1 + algorithms[i].hex)
			continue;
		digest = mem_strndup(tag, len + 1 + algorithms[i].hex);
		digest[len] = ':';
		if (digest_valid(digest))
			return digest;
		free(digest);
	}
	return NULL;
}

static void
tag_start(struct copy *c, size_t i)
{
	struct error err = { .kind = ERROR_NONE };
	struct reference src, dst;
	struct copy_node *n;
	char *tag = c->tags[i];

	c->tags[i] = c->tags[--c->ntags];
	if (!copy_item(c)) {
		free(tag);
		return;
	}
	reference_copy(&src, &c->src);
	reference_copy(&dst, &c->dst);
	reference_set_tag(&src, tag);
	reference_set_tag(&dst, tag);
	n = node_new(c, &src, &dst);
	n->root = true;
	c->tag_active = true;
	if (copy_source(c, n, &err) == -1)
		copy_over(c, &err);
	else
		root_start(n);
	reference_free(&src);
	reference_free(&dst);
	free(tag);
}

static void list_page(struct copy *c, const char *query);

static void
keep_tag(struct copy *c, const char *tag)
{
	char *digest = tag_digest(tag);

	if (digest != NULL && strcmp(tag, c->src.tag) != 0 &&
	    reference_valid_tag(tag)) {
		c->tags = mem_resize(c->tags, c->ntags + 1,
		    sizeof(c->tags[0]));
		c->tags[c->ntags++] = mem_strdup(tag);
	}
	free(digest);
}

static int
take_page(struct copy *c, struct answer *a, struct error *err)
{
	json_object *o, *list = NULL, *e;

	c->list_bytes += a->body.len;
	if (++c->pages > LIST_PAGES_MAX || c->list_bytes > LIST_BYTES_MAX ||
	    (a->next[0] != '\0' && strcmp(a->next, c->page) == 0))
		return error_set(err, ERROR_LIMIT, "the list of tags is "
		    "too long or endless");
	if ((o = json_parse(buffer_str(&a->body), a->body.len,
	    JSON_BYTES_MAX, "the tag list", err)) == NULL)
		return -1;
	json_object_object_get_ex(o, "tags", &list);
	if (json_object_is_type(list, json_type_array))
		for (size_t i = 0; i < json_object_array_length(list); i++) {
			e = json_object_array_get_idx(list, i);
			if (json_object_is_type(e, json_type_string))
				keep_tag(c, json_object_get_string(e));
		}
	json_object_put(o);
	return 0;
}

static void
list_got(void *obj, struct answer *a)
{
	struct copy *c = obj;
	char *next;

	/* In a dry run the source repository may only be pretended. */
	if (c->dry && a->err.kind == ERROR_NOT_FOUND)
		error_clear(&a->err);
	else if (a->err.kind == ERROR_NONE)
		(void)take_page(c, a, &a->err);
	if (a->err.kind != ERROR_NONE) {
		copy_fail(c, &a->err, "failed to list tags for %s",
		    c->top->name);
		return;
	}
	if (a->next[0] != '\0') {
		next = mem_strdup(a->next);
		list_page(c, next);
		free(next);
		return;
	}
	c->tags_listed = true;
	if (c->w->overlay != NULL)
		overlay_tags(c->w->overlay, &c->src, &c->tags, &c->ntags);
	tags_next(c);
}

static void
list_page(struct copy *c, const char *query)
{
	struct step *s = step_new(c, list_got, c);

	free(c->page);
	c->page = mem_strdup(query);
	if (s != NULL)
		s->call = client_tag_list(c->client, &c->src, 0, "", query,
		    step_done, s);
}

/* A list of referrers is not copied over the target's: its entries are. Other
 * things that have such a tag are copied like any digest tag. */
static bool
merged(const struct copy_node *n, const char *tag)
{
	return n->copy->referrers && referrers_is_tag(tag) && !n->foreign;
}

void
tags_next(struct copy *c)
{
	struct copy_node *n;
	char *digest;
	bool found;

	if (c->over || c->tag_active)
		return;
	if (c->digest_tags && !c->tags_listed) {
		list_page(c, "");
		return;
	}
	for (size_t i = 0; i < c->ntags; i++) {
		digest = tag_digest(c->tags[i]);
		n = digest != NULL ? node_find(c, digest) : NULL;
		found = n != NULL && !merged(n, c->tags[i]);
		free(digest);
		if (found) {
			tag_start(c, i);
			return;
		}
	}
	if (!refer_next(c))
		put_node(c->top);	/* the top comes last */
}
