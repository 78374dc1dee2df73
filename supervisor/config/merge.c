/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several sources may describe one registry: docker's configuration, then
 * creds. What the newer one sets wins; where both set a thing and differ, the
 * log says so, without the values of what is secret.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "supervisor/config/config_private.h"
#include "common/mem.h"
#include "common/reference.h"

#define HUB "docker.io"
#define HUB_HOST "registry-1.docker.io"
#define HUB_CREDENTIALS "https://index.docker.io/v1/"
#define CRED_EXPIRE (3600 * NS_PER_S)
#define REQ_CONCURRENT 3

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
config_registry_wipe(struct config_registry *r)
{
	free(r->key);
	mem_wipe(r->name);
	mem_wipe(r->hostname);
	mem_wipe(r->user);
	mem_wipe(r->pass);
	mem_wipe(r->token);
	mem_wipe(r->regcert);
	mem_wipe(r->client_cert);
	mem_wipe(r->client_key);
	mem_wipe(r->cred_helper);
	mem_wipe(r->cred_host);
	mem_wipe(r->path_prefix);
	config_strings_free(r->mirrors);
	config_strings_free(r->realms);
	memset(r, 0, sizeof(*r));
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
is_set(const char *s)
{
	return s != NULL && *s != '\0';
}

static void
tell(struct config_reader *r, const struct config_host *src, const char *what)
{
	char *message = mem_printf("Changing %s for registry", what);

	config_warn(r, src->at, message, "host", src->r.name);
	free(message);
}

/* Moves a text that is set. */
static void
merge_text(struct config_reader *r, char **dst, struct config_host *src,
    char **from, const char *what)
{
	if (!is_set(*from))
		return;
	if (is_set(*dst) && strcmp(*dst, *from) != 0)
		tell(r, src, what);
	mem_wipe(*dst);
	*dst = *from;
	*from = NULL;
}

static void
merge_list(struct config_reader *r, char ***dst, struct config_host *src,
    char ***from, const char *what)
{
	if (config_strings_count(*from) == 0)
		return;
	if (config_strings_count(*dst) != 0)
		tell(r, src, what);
	config_strings_free(*dst);
	*dst = *from;
	*from = NULL;
}

static void
merge_number(struct config_reader *r, int64_t *dst, struct config_host *src,
    int64_t from, const char *what)
{
	if (from == 0)
		return;
	if (*dst != 0 && *dst != from)
		tell(r, src, what);
	*dst = from;
}

static void
drop(char **s)
{
	mem_wipe(*s);
	*s = NULL;
}

/* A helper displaces what it would be asked for, and the other way round. */
static void
merge_login(struct config_reader *r, struct config_registry *d,
    struct config_host *src)
{
	struct config_registry *s = &src->r;
	bool login = is_set(s->pass) || is_set(s->token);

	if (!is_set(s->cred_helper) && login) {
		drop(&d->cred_helper);
		d->cred_expire = 0;
	}
	if (is_set(s->cred_helper) && !login && !is_set(s->user)) {
		drop(&d->user);
		drop(&d->pass);
		drop(&d->token);
	}
	merge_text(r, &d->user, src, &s->user, "login user");
	merge_text(r, &d->pass, src, &s->pass, "login password");
	merge_text(r, &d->token, src, &s->token, "login token");
	merge_text(r, &d->cred_helper, src, &s->cred_helper,
	    "credential helper");
	merge_text(r, &d->cred_host, src, &s->cred_host, "credential host");
	merge_number(r, &d->cred_expire, src, s->cred_expire,
	    "credential expire");
}

static void
merge_transfer(struct config_reader *r, struct config_registry *d,
    struct config_host *src)
{
	struct config_registry *s = &src->r;
	int64_t n;

	merge_list(r, &d->mirrors, src, &s->mirrors, "mirror settings");
	merge_list(r, &d->realms, src, &s->realms, "realms");
	n = d->priority;
	merge_number(r, &n, src, s->priority, "priority settings");
	d->priority = (unsigned)n;
	n = d->req_concurrent;
	merge_number(r, &n, src, s->req_concurrent, "reqConcurrent settings");
	d->req_concurrent = (int)n;
	merge_number(r, &d->blob_chunk, src, s->blob_chunk,
	    "blobChunk settings");
	merge_number(r, &d->blob_max, src, s->blob_max, "blobMax settings");
	if (s->req_per_sec > 0) {
		if (d->req_per_sec > 0 && (d->req_per_sec < s->req_per_sec ||
		    d->req_per_sec > s->req_per_sec))
			tell(r, src, "reqPerSec settings");
		d->req_per_sec = s->req_per_sec;
	}
}

void
config_merge(struct config_reader *r, struct config_host *dst,
    struct config_host *src)
{
	struct config_registry *d = &dst->r, *s = &src->r;

	if (src->tls_set) {
		if (dst->tls_set && d->tls != s->tls)
			tell(r, src, "TLS settings");
		d->tls = s->tls;
		dst->tls_set = true;
	}
	merge_login(r, d, src);
	merge_text(r, &d->regcert, src, &s->regcert, "certificate settings");
	merge_text(r, &d->client_cert, src, &s->client_cert,
	    "client certificate settings");
	merge_text(r, &d->client_key, src, &s->client_key,
	    "client certificate key settings");
	merge_text(r, &d->hostname, src, &s->hostname, "hostname settings");
	merge_text(r, &d->path_prefix, src, &s->path_prefix,
	    "path prefix settings");
	merge_transfer(r, d, src);
	if (src->disable_head_set) {
		if (dst->disable_head_set &&
		    d->disable_head != s->disable_head)
			tell(r, src, "APIOpts setting");
		d->disable_head = s->disable_head;
		dst->disable_head_set = true;
	}
	d->repo_auth = d->repo_auth || s->repo_auth;
	d->named = d->named || s->named;
	if (dst->at == NULL)
		dst->at = src->at;
}

/* Texts that were not set are "". */
static char *
text(char **from)
{
	char *s = *from != NULL ? *from : mem_strdup("");

	*from = NULL;
	return s;
}

static char *
trim_slashes(char **from)
{
	char *s = text(from), *out;
	size_t skip = strspn(s, "/"), n = strlen(s);

	while (n > skip && s[n - 1] == '/')
		n--;
	out = mem_strndup(s + skip, n - skip);
	mem_wipe(s);
	return out;
}

/* Where Docker Hub is reached, unless the file names a place. */
static void
finish_hub(struct config_registry *r)
{
	char *key = is_set(r->hostname) ?
	    reference_registry_key(r->hostname) : NULL;

	if (strcmp(r->key, HUB) == 0) {
		if (!is_set(r->hostname) || (key != NULL &&
		    strcmp(key, HUB) == 0)) {
			drop(&r->hostname);
			r->hostname = mem_strdup(HUB_HOST);
		}
		if (!is_set(r->cred_host)) {
			drop(&r->cred_host);
			r->cred_host = mem_strdup(HUB_CREDENTIALS);
		}
	}
	free(key);
}

void
config_host_finish(struct config_host *h, struct config_registry *out)
{
	struct config_registry *r = &h->r;

	finish_hub(r);
	if (!is_set(r->hostname)) {
		drop(&r->hostname);
		r->hostname = mem_strdup(r->name);
	}
	*out = *r;
	memset(r, 0, sizeof(*r));
	out->user = text(&out->user);
	out->pass = text(&out->pass);
	out->token = text(&out->token);
	out->regcert = text(&out->regcert);
	out->client_cert = text(&out->client_cert);
	out->client_key = text(&out->client_key);
	out->cred_helper = text(&out->cred_helper);
	out->cred_host = text(&out->cred_host);
	out->path_prefix = trim_slashes(&out->path_prefix);
	if (config_strings_count(out->mirrors) == 0) {
		config_strings_free(out->mirrors);
		out->mirrors = NULL;
	}
	if (config_strings_count(out->realms) == 0) {
		config_strings_free(out->realms);
		out->realms = NULL;
	}
	if (out->cred_expire <= 0)
		out->cred_expire = CRED_EXPIRE;
	if (out->req_concurrent <= 0)
		out->req_concurrent = REQ_CONCURRENT;
	if (out->blob_chunk < 0)
		out->blob_chunk = 0;
	if (out->blob_max < 0)
		out->blob_max = -1;
}

struct config_registry *
config_registry_default(const char *key)
{
	struct config_registry *r = mem_alloc(sizeof(*r));
	struct config_host h = { 0 };

	h.r.key = mem_strdup(key);
	h.r.name = mem_strdup(key);
	config_host_finish(&h, r);
	return r;
}

void
config_registry_free(struct config_registry *r)
{
	if (r == NULL)
		return;
	config_registry_wipe(r);
	free(r);
}
