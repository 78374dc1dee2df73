/* SPDX-License-Identifier: Apache-2.0 */
/* The image that replaces the one under a tag that is being deleted. */
#include "supervisor/broker/registry/emptyimage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/text.h"

static const struct types {
	const char *manifest, *config, *layer;
} oci = {
	"application/vnd.oci.image.manifest.v1+json",
	"application/vnd.oci.image.config.v1+json",
	"application/vnd.oci.image.layer.v1.tar",
}, docker = {
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.container.image.v1+json",
	"application/vnd.docker.image.rootfs.diff.tar.gzip",
};

static void
put_config(struct empty_image *i, const char *tag)
{
	struct buffer now;
	uint64_t random = 0;

	/* Without random bytes the time alone makes it unique. */
	if (getrandom(&random, sizeof(random), 0) == -1)
		random = 0;
	buffer_init(&now, 0);
	text_time(&now, clock_wall(), 9, false, true);
	buffer_printf(&i->config,
	    "{\"created\":\"%s\",\"architecture\":\"amd64\","
	    "\"os\":\"linux\",\"config\":{\"Labels\":{"
	    "\"delete-date\":\"%.10s %.18s +0000 UTC\","
	    "\"delete-id\":\"%016" PRIx64 "\",\"delete-tag\":\"%s\"}},"
	    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]},"
	    "\"history\":[{\"created\":\"%s\","
	    "\"created_by\":\"# regbot\",\"comment\":\"empty JSON blob\"}]}",
	    now.data, now.data, now.data + 11, random, tag, i->layer_digest,
	    now.data);
	buffer_free(&now);
}

void
emptyimage_new(struct empty_image *i, const char *tag, const char *like)
{
	const struct types *t = strncmp(like, "application/vnd.oci.",
	    strlen("application/vnd.oci.")) == 0 ? &oci : &docker;

	memset(i, 0, sizeof(*i));
	buffer_init(&i->layer, 0);
	buffer_init(&i->config, 0);
	buffer_init(&i->manifest, 0);
	buffer_puts(&i->layer, "{}");
	digest_of(i->layer.data, i->layer.len, i->layer_digest);
	put_config(i, tag);
	digest_of(i->config.data, i->config.len, i->config_digest);
	i->media_type = t->manifest;
	buffer_printf(&i->manifest,
	    "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":"
	    "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu},\"layers\":"
	    "[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}]}",
	    t->manifest, t->config, i->config_digest, i->config.len,
	    t->layer, i->layer_digest, i->layer.len);
	digest_of(i->manifest.data, i->manifest.len, i->digest);
}

void
emptyimage_free(struct empty_image *i)
{
	buffer_free(&i->layer);
	buffer_free(&i->config);
	buffer_free(&i->manifest);
}
