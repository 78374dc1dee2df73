/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge.c - several sources may describe one registry: docker's
 * configuration, then creds. What the newer one sets wins; where both set a
 * field and differ, a warning says so, without the values.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/config/config_private.h"

struct config_host *
config_hosts_add(struct config_hosts *h)
{
	h->list = mem_resize(h->list, h->n + 1, sizeof(h->list[0]));
	memset(&h->list[h->n], 0, sizeof(h->list[0]));
	return &h->list[h->n++];
}

struct config_host *
config_hosts_find(struct config_hosts *h, const char *key)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->list[i].r.key != NULL &&
		    strcmp(h->list[i].r.key, key) == 0)
			return &h->list[i];
	return NULL;
}

void
config_hosts_free(struct config_hosts *h)
{
	for (size_t i = 0; i < h->n; i++) {
		config_registry_wipe(&h->list[i].r);
		mem_wipe(h->list[i].scheme);
		mem_wipe(h->list[i].api);
	}
	free(h->list);
	memset(h, 0, sizeof(*h));
}

static bool
is_set(const struct config_registry_field *f, const void *p)
{
	static const char zero[sizeof(int64_t)];

	if (f->kind == REGISTRY_TEXT)
		return config_is_set(*(char *const *)p);
	if (f->kind == REGISTRY_LIST)
		return config_strings_count(*(char *const *const *)p) != 0;
	return memcmp(p, zero, f->size) != 0;
}

/* Two values that are set. Lists are not compared. */
static bool
differ(const struct config_registry_field *f, const void *a, const void *b)
{
	if (f->kind == REGISTRY_TEXT)
		return strcmp(*(char *const *)a, *(char *const *)b) != 0;
	return f->kind == REGISTRY_LIST || memcmp(a, b, f->size) != 0;
}

static void
warn_changed(struct config_reader *r, const struct config_host *src,
    const char *what)
{
	char *message = mem_printf("Changing %s for registry", what);

	config_warn(r, src->at, message, "host", src->r.name);
	free(message);
}

/* Moves a value that is set. */
static void
merge_field(struct config_reader *r, const struct config_registry_field *f,
    struct config_host *dst, struct config_host *src)
{
	void *to = config_registry_member(f, &dst->r);
	void *from = config_registry_member(f, &src->r);

	if (f->changed == NULL || !is_set(f, from))
		return;
	if (is_set(f, to) && differ(f, to, from))
		warn_changed(r, src, f->changed);
	config_registry_clear(f, &dst->r);
	memcpy(to, from, f->size);
	memset(from, 0, f->size);
}

static void
drop(char **s)
{
	mem_wipe(*s);
	*s = NULL;
}

static bool
has_login(const struct config_registry *r)
{
	return config_is_set(r->user) || config_is_set(r->pass) ||
	    config_is_set(r->token) || config_is_set(r->cred_helper);
}

/* A new login displaces an older helper, and a new helper an older login. */
static void
displace_login(struct config_registry *d, const struct config_registry *s)
{
	bool login = config_is_set(s->pass) || config_is_set(s->token);

	if (!config_is_set(s->cred_helper) && login) {
		drop(&d->cred_helper);
		d->cred_expire = 0;
	}
	if (config_is_set(s->cred_helper) && !login &&
	    !config_is_set(s->user)) {
		drop(&d->user);
		drop(&d->pass);
		drop(&d->token);
	}
}

void
config_merge(struct config_reader *r, struct config_host *dst,
    struct config_host *src)
{
	const struct config_registry_field *f;

	if (dst->at == NULL || has_login(&src->r))
		dst->at = src->at;
	displace_login(&dst->r, &src->r);
	for (f = config_registry_fields; f->kind != REGISTRY_END; f++)
		merge_field(r, f, dst, src);
	dst->r.named = dst->r.named || src->r.named;
}
