/* SPDX-License-Identifier: Apache-2.0 */
/* The URL and the header lines of a request. */
#include "supervisor/broker/http/spec.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* One header line for each, in regbot's order of preference. */
static const char *const manifest_types[] = {
	"application/vnd.oci.image.index.v1+json",
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.distribution.manifest.v1+prettyjws",
	"application/vnd.docker.distribution.manifest.v1+json",
	"application/vnd.oci.artifact.manifest.v1+json",
};

void
spec_copy(struct http_spec *to, const struct http_spec *s,
    struct http_source *source, struct http_sink *sink)
{
	char *body;

	*to = *s;
	to->repository = mem_strdup(s->repository != NULL ? s->repository :
	    "");
	to->actions = mem_strdup(s->actions != NULL ? s->actions : "");
	to->mount_from = mem_strdup(s->mount_from);
	to->path = mem_strdup(s->path != NULL ? s->path : "");
	to->query = mem_strdup(s->query);
	to->url = mem_strdup(s->url);
	to->accept = mem_strdup(s->accept);
	to->media_type = mem_strdup(s->media_type);
	to->content_range = mem_strdup(s->content_range);
	to->what = mem_strdup(s->what != NULL ? s->what : "answer");
	if (s->body != NULL) {
		body = mem_alloc(s->body_len);
		if (s->body_len != 0)
			memcpy(body, s->body, s->body_len);
		to->body = body;
	}
	if (s->source != NULL) {
		*source = *s->source;
		to->source = source;
	}
	if (s->sink != NULL) {
		*sink = *s->sink;
		to->sink = sink;
	}
	if (to->range_from < 0)
		to->range_from = 0;
}

void
spec_free(struct http_spec *s)
{
	free((char *)(uintptr_t)s->repository);
	free((char *)(uintptr_t)s->actions);
	free((char *)(uintptr_t)s->mount_from);
	free((char *)(uintptr_t)s->path);
	free((char *)(uintptr_t)s->query);
	free((char *)(uintptr_t)s->url);
	free((char *)(uintptr_t)s->accept);
	free((char *)(uintptr_t)s->media_type);
	free((char *)(uintptr_t)s->content_range);
	free((char *)(uintptr_t)s->what);
	free((void *)(uintptr_t)s->body);
}

static int
foreign_url(const struct http_spec *s, const struct transfer_context *ctx,
    struct url *u, struct error *err)
{
	if (url_parse(u, s->url, NULL, err) == -1)
		return -1;
	return target_foreign(ctx->rules, u, NULL, err);
}

int
spec_url(const struct http_spec *s, const struct transfer_context *ctx,
    struct url *u, struct error *err)
{
	const struct url *origin = target_origin(ctx->rules);
	const char *prefix = ctx->cfg->path_prefix;
	struct buffer b;
	int ret;

	if (s->method == HTTP_HEAD && ctx->cfg->disable_head)
		return error_set(err, ERROR_INPUT, "HEAD requests are "
		    "disabled for %s (apiOpts.disableHead)", ctx->cfg->name);
	if (s->foreign)
		return foreign_url(s, ctx, u, err);
	if (s->url != NULL) {
		if (url_parse(u, s->url, origin, err) == -1)
			return error_prefix(err, "the registry's Location");
		ret = target_check(ctx->rules, u, origin, err);
		return ret == 0 ? 0 : error_prefix(err,
		    "the registry's Location");
	}
	buffer_init(&b, URL_MAX);
	buffer_printf(&b, "%sv2/", origin->text);
	if (*s->repository != '\0' && *prefix != '\0')
		buffer_printf(&b, "%s/", prefix);
	if (*s->repository != '\0')
		buffer_printf(&b, "%s/", s->repository);
	buffer_puts(&b, s->path);
	if (s->query != NULL && *s->query != '\0')
		buffer_printf(&b, "?%s", s->query);
	ret = url_parse(u, buffer_str(&b), NULL, NULL);
	/* Nothing in a name may change which host we talk to. */
	if (ret == -1 || !target_own(ctx->rules, u) ||
	    strchr(s->path, '?') != NULL || strchr(s->path, '#') != NULL ||
	    strpbrk(s->repository, "?#") != NULL)
		ret = error_set(err, ERROR_INPUT, "cannot request \"%.512s\": "
		    "it is not a valid URL", buffer_str(&b));
	buffer_free(&b);
	return ret;
}

static struct curl_slist *
add(struct curl_slist *list, const char *name, const char *value)
{
	char *line = mem_printf("%s: %s", name, value);

	list = curl_slist_append(list, line);
	mem_wipe(line);
	return list;
}

struct curl_slist *
spec_headers(const struct http_spec *s, const char *authorization,
    uint64_t from)
{
	struct curl_slist *list = NULL;
	char range[64], to[32] = "";

	if (authorization != NULL)
		list = curl_slist_append(list, authorization);
	if (s->accept_manifests)
		for (size_t i = 0; i < sizeof(manifest_types) /
		    sizeof(manifest_types[0]); i++)
			list = add(list, "Accept", manifest_types[i]);
	else if (s->accept != NULL)
		list = add(list, "Accept", s->accept);
	else
		list = curl_slist_append(list, "Accept:");
	if (s->media_type != NULL)
		list = add(list, "Content-Type", s->media_type);
	else
		list = curl_slist_append(list, "Content-Type:");
	if (s->content_range != NULL)
		list = add(list, "Content-Range", s->content_range);
	if (s->range_to > 0)
		snprintf(to, sizeof(to), "%lld", (long long)s->range_to);
	if (from > 0 || s->range_to > 0) {
		snprintf(range, sizeof(range), "bytes=%llu-%s",
		    (unsigned long long)from, to);
		list = add(list, "Range", range);
	}
	return list;
}
