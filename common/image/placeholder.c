/* SPDX-License-Identifier: Apache-2.0 */
/* placeholder.c - the manifest of the image that is deleted for a tag. */
#include "common/image/placeholder.h"

#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/digest.h"

static const struct types {
	const char *manifest, *config, *layer;
} docker = {
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.container.image.v1+json",
	"application/vnd.docker.image.rootfs.diff.tar.gzip",
}, oci = {
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.oci.image.config.v1+json",
	"application/vnd.oci.image.layer.v1.tar",
};

/* Up to the config's digest. */
static void
put_start(struct buffer *out, const struct types *t)
{
	buffer_printf(out, "{\"schemaVersion\":2,\"mediaType\":\"%s\","
	    "\"config\":{\"mediaType\":\"%s\",\"digest\":\"", t->manifest,
	    t->config);
}

/* No part needs an escape: digests, repositories and tags have neither quotes
 * nor backslashes nor controls. */
const char *
placeholder_put(struct buffer *out, bool is_oci, const char *config_digest,
    size_t config_size, const char *repository, const char *tag)
{
	const struct types *t = is_oci ? &oci : &docker;
	char layer[DIGEST_MAX + 1];

	digest_of(PLACEHOLDER_LAYER, strlen(PLACEHOLDER_LAYER), layer);
	put_start(out, t);
	buffer_printf(out, "%s\",\"size\":%zu},\"layers\":"
	    "[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}],"
	    "\"annotations\":{\"" PLACEHOLDER_ANNOTATION "\":\"%s:%s\","
	    "\"org.opencontainers.image.description\":\"regbot is deleting "
	    "this tag; if it stays, delete the tag once more\"}}",
	    config_digest, config_size, t->layer, layer,
	    strlen(PLACEHOLDER_LAYER), repository, tag);
	return t->manifest;
}

/* With the config's digest and size that stand where they must. */
static bool
is_of(const char *bytes, size_t len, bool is_oci, const char *repository,
    const char *tag)
{
	static const char between[] = "\",\"size\":";
	char digest[sizeof("sha256:") + 64] = "", size[16] = "";
	struct buffer want;
	size_t at, n;
	bool same = false;

	buffer_init(&want, 0);
	put_start(&want, is_oci ? &oci : &docker);
	at = want.len;
	n = sizeof(digest) - 1;
	if (len < at + n + strlen(between) + sizeof(size))
		goto out;
	memcpy(digest, bytes + at, n);
	at += n + strlen(between);
	memcpy(size, bytes + at, sizeof(size) - 1);
	size[strspn(size, "0123456789")] = '\0';
	if (!digest_valid(digest))
		goto out;
	buffer_clear(&want);
	placeholder_put(&want, is_oci, digest, strtoul(size, NULL, 10),
	    repository, tag);
	same = len == want.len && memcmp(bytes, want.data, len) == 0;
out:
	buffer_free(&want);
	return same;
}

bool
placeholder_is(const char *bytes, size_t len, const char *repository,
    const char *tag)
{
	return is_of(bytes, len, true, repository, tag) ||
	    is_of(bytes, len, false, repository, tag);
}

bool
placeholder_may_be(size_t len, const char *repository, const char *tag)
{
	char config[DIGEST_MAX + 1];
	struct buffer shortest;
	bool may = false;

	digest_of("", 0, config);
	for (int is_oci = 0; is_oci < 2; is_oci++) {
		buffer_init(&shortest, 0);
		(void)placeholder_put(&shortest, is_oci, config, 1,
		    repository, tag);
		/* The config's size may have more digits. */
		may = may || (len >= shortest.len && len < shortest.len + 4);
		buffer_free(&shortest);
	}
	return may;
}
