/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - what the table registry.def says about a single registry. */
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/reference.h"
#include "supervisor/config/config_private.h"

#define HUB "docker.io"
#define HUB_HOST "registry-1.docker.io"
#define HUB_CREDENTIALS "https://index.docker.io/v1/"
#define CRED_EXPIRE (3600 * NS_PER_S)
#define REQ_CONCURRENT 3

const struct config_registry_field config_registry_fields[] = {
#define REGISTRY_FIELD(kind, member, key, read, flags, shown, changed) \
	{ REGISTRY_##kind, offsetof(struct config_registry, member), \
	    sizeof(REGISTRY_TYPE_##kind), shown, changed },
#include "supervisor/config/registry.def"
#undef REGISTRY_FIELD
	{ REGISTRY_END, 0, 0, NULL, NULL }
};

void
config_registry_clear(const struct config_registry_field *f,
    struct config_registry *r)
{
	void *p = config_registry_member(f, r);

	if (f->kind == REGISTRY_TEXT)
		mem_wipe(*(char **)p);
	else if (f->kind == REGISTRY_LIST)
		config_strings_free(*(char ***)p);
	memset(p, 0, f->size);
}

void
config_registry_wipe(struct config_registry *r)
{
	const struct config_registry_field *f;

	for (f = config_registry_fields; f->kind != REGISTRY_END; f++)
		config_registry_clear(f, r);
	free(r->key);
	free(r->position);
	memset(r, 0, sizeof(*r));
}

void
config_registry_free(struct config_registry *r)
{
	if (r == NULL)
		return;
	config_registry_wipe(r);
	free(r);
}

/* A string that is not set or "" gets a value. */
static void
fill(char **where, const char *value)
{
	if (config_is_set(*where))
		return;
	mem_wipe(*where);
	*where = mem_strdup(value);
}

/* Where Docker Hub is reached, unless the file names another place. */
static void
finish_hub(struct config_registry *r)
{
	char *key;

	if (strcmp(r->key, HUB) != 0)
		return;
	key = config_is_set(r->hostname) ?
	    reference_registry_key(r->hostname) : NULL;
	if (key != NULL && strcmp(key, HUB) == 0)
		r->hostname[0] = '\0';
	free(key);
	fill(&r->hostname, HUB_HOST);
	fill(&r->cred_host, HUB_CREDENTIALS);
}

static void
trim_slashes(char *s)
{
	size_t skip = strspn(s, "/"), n = strlen(s);

	while (n > skip && s[n - 1] == '/')
		n--;
	memmove(s, s + skip, n - skip);
	s[n - skip] = '\0';
}

void
config_registry_finish(struct config_registry *r)
{
	const struct config_registry_field *f;

	finish_hub(r);
	fill(&r->hostname, r->name);
	for (f = config_registry_fields; f->kind != REGISTRY_END; f++) {
		void *p = config_registry_member(f, r);

		if (f->kind == REGISTRY_TEXT)
			fill(p, "");
		else if (f->kind == REGISTRY_LIST &&
		    config_strings_count(*(char ***)p) == 0)
			config_registry_clear(f, r);
	}
	trim_slashes(r->path_prefix);
	if (r->tls == TLS_UNSET)
		r->tls = TLS_ENABLED;
	if (r->cred_expire <= 0)
		r->cred_expire = CRED_EXPIRE;
	r->elastic = r->req_concurrent <= 0;
	if (r->elastic)
		r->req_concurrent = REQ_CONCURRENT;
	if (r->blob_chunk < 0)
		r->blob_chunk = 0;
	if (r->blob_max < 0)
		r->blob_max = -1;
	if (r->disable_head < 0)
		r->disable_head = 0;
}

struct config_registry *
config_registry_default(const char *key)
{
	struct config_registry *r = mem_alloc(sizeof(*r));

	r->key = mem_strdup(key);
	r->name = mem_strdup(key);
	config_registry_finish(r);
	return r;
}

const char *
config_tls_name(enum config_tls tls)
{
	static const char *const names[] = {
		[TLS_UNSET] = "", [TLS_ENABLED] = "enabled",
		[TLS_INSECURE] = "insecure", [TLS_DISABLED] = "disabled",
	};

	return names[tls];
}

static void
describe_list(struct log_record *out, const char *name, char *const *list)
{
	struct buffer b;

	buffer_init(&b, LOG_TEXT_MAX);
	buffer_putc(&b, '[');
	for (char *const *s = list; s != NULL && *s != NULL; s++)
		buffer_printf(&b, "%s%s", s == list ? "" : " ", *s);
	buffer_putc(&b, ']');
	log_record_string(out, name, b.data);
	buffer_free(&b);
}

static void
describe_field(const struct config_registry_field *f, const void *p,
    struct log_record *out)
{
	switch (f->kind) {
	case REGISTRY_TEXT:
		log_record_string(out, f->shown, *(char *const *)p);
		break;
	case REGISTRY_LIST:
		describe_list(out, f->shown, *(char *const *const *)p);
		break;
	case REGISTRY_NUMBER:
		log_record_int(out, f->shown, *(const int64_t *)p);
		break;
	case REGISTRY_BOOL:
		log_record_bool(out, f->shown, *(const bool *)p);
		break;
	case REGISTRY_TLS:
		log_record_string(out, f->shown,
		    config_tls_name(*(const enum config_tls *)p));
		break;
	case REGISTRY_FLOAT:	/* not shown: a log record has no such type */
	case REGISTRY_END:
		break;
	}
}

static int
by_key(const void *a, const void *b)
{
	return strcmp(((const struct attr *)a)->key,
	    ((const struct attr *)b)->key);
}

void
config_registry_describe(const struct config_registry *r,
    struct log_record *out)
{
	struct config_registry copy = *r;
	static char none[] = "";

	if (strcmp(r->hostname, r->name) == 0)
		copy.hostname = none;
	for (const struct config_registry_field *f = config_registry_fields;
	    f->kind != REGISTRY_END; f++)
		if (f->shown != NULL)
			describe_field(f, config_registry_member(f, &copy),
			    out);
	log_record_string(out, "source", "host");
	qsort(out->attrs, (size_t)out->nattrs, sizeof(out->attrs[0]), by_key);
}
