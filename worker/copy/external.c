/* SPDX-License-Identifier: Apache-2.0 */
/*
 * external.c - the URLs that a manifest has for a layer which is stored
 * elsewhere. They are tried one by one, once the source registry has said that
 * it does not have the layer. Whoever wrote the manifest chose them: what they
 * give counts only with the right digest, and the broker of their host decides
 * whether it goes there.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "worker/copy/copy_private.h"

#define SHOWN_MAX 200	/* of a URL in an error */

void
external_take(struct copy_blob *b, const struct descriptor *d)
{
	const struct manifest *m = b->owner->m;
	json_object *urls = NULL;

	/* The manifest may be gone before the blob is wanted again. */
	json_object_object_get_ex(d->json, "urls", &urls);
	b->urls = json_object_get(urls);
	for (size_t i = 0; i < m->nlayers; i++)
		if (&m->layers[i] == d)
			b->layer = i + 1;
	for (size_t i = 0; i < m->nchildren; i++)
		if (&m->children[i] == d)
			b->layer = i + 1;
}

void
external_begin(struct copy_blob *b)
{
	b->url_tried = 0;
	b->url = NULL;
}

static size_t
count(const struct copy_blob *b)
{
	size_t n = json_object_array_length(b->urls);

	return n < LAYER_URLS_MAX ? n : LAYER_URLS_MAX;
}

/* As much as an error or the log shows: a query may hold a signature. */
static int
shown(const char *url)
{
	size_t n = strcspn(url, "?");

	return n < SHOWN_MAX ? (int)n : SHOWN_MAX;
}

static bool
printable(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] >= 0x7f)
			return false;
	return true;
}

/* The registry that host, as it stands in a URL, belongs to. http has another
 * port than registries have by default. */
static char *
registry_of(const char *host, size_t n, bool plain)
{
	char *name = mem_strndup(host, n), *colon = strrchr(name, ':'), *key;
	bool port = colon != NULL && strchr(colon, ']') == NULL;
	char *whole = mem_printf("%s%s", name, plain && !port ? ":80" : "");

	key = reference_registry_key(whole);
	free(name);
	free(whole);
	return key;
}

/* Why a URL is not fetched, or NULL and its registry. */
static const char *
parse(json_object *v, char **registry)
{
	const char *url = json_object_get_string(v), *host;
	bool plain = false;
	size_t n;

	*registry = NULL;
	if (!json_object_is_type(v, json_type_string))
		return "it is not a text";
	n = (size_t)json_object_get_string_len(v);
	if (n > URL_MAX)
		return "it is too long";
	if (!printable(url, n))
		return "it has characters that a URL cannot have";
	if (strncasecmp(url, "https://", 8) == 0)
		host = url + 8;
	else if ((plain = strncasecmp(url, "http://", 7) == 0))
		host = url + 7;
	else
		return "it is not an http or https URL";
	if (strchr(url, '#') != NULL)
		return "it has a fragment";
	n = strcspn(host, "/?");
	if (memchr(host, '@', n) != NULL)
		return "it has a user name";
	*registry = registry_of(host, n, plain);
	return *registry == NULL ? "its host is not valid" : NULL;
}

static void
tell(const struct copy_blob *b)
{
	struct log_record r;
	char *url;

	if (b->copy->w->log_level > LOG_INFO)
		return;
	url = mem_strndup(b->url, (size_t)shown(b->url));
	log_record_init(&r, LOG_INFO, "Copy layer from its URL");
	log_record_string(&r, "layer", b->digest);
	log_record_string(&r, "url", url);
	client_log(b->copy->client, &r);
	log_record_free(&r);
	free(url);
}

bool
external_next(struct copy_blob *b, struct answer *a)
{
	/* Another URL is no help where the target fails. */
	bool at_source = a->read_failed || a->err.kind == ERROR_DIGEST;
	const char *why;
	json_object *v;

	if (b->urls == NULL || !at_source ||
	    (b->url_tried == 0 && a->err.kind != ERROR_NOT_FOUND))
		return false;
	while (b->url_tried < count(b)) {
		v = json_object_array_get_idx(b->urls, b->url_tried++);
		free(b->url_registry);
		why = parse(v, &b->url_registry);
		b->url = why == NULL ? json_object_get_string(v) : NULL;
		if (why == NULL) {
			tell(b);
			return true;
		}
		error_set(&a->err, ERROR_INPUT, "%s", why);
	}
	return false;
}

void
external_explain(const struct copy_blob *b, struct error *err)
{
	size_t all;
	char *layer;

	if (b->url_tried == 0)
		return;
	all = json_object_array_length(b->urls);
	layer = b->layer != 0 ? mem_printf("layer %zu", b->layer) :
	    mem_strdup("the config");
	if (b->url != NULL)
		error_prefix(err, "%s is not in the source registry, and "
		    "cannot be read from URL %zu of %zu in the manifest, %.*s",
		    layer, b->url_tried, all, shown(b->url), b->url);
	else
		error_prefix(err, "%s is not in the source registry, and "
		    "cannot be read from URL %zu of %zu in the manifest",
		    layer, b->url_tried, all);
	free(layer);
}
