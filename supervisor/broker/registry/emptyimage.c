/* SPDX-License-Identifier: Apache-2.0 */
/* The image that replaces the one under a tag that is being deleted. */
#include "supervisor/broker/registry/emptyimage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/image/placeholder.h"
#include "common/text.h"

#define CREATED "1970-01-01T00:00:00Z"

static void
put_config(struct empty_image *i, const char *tag)
{
	struct buffer now;
	uint64_t random[2] = { 0, 0 };

	/* Without random bytes the time alone makes it unique. */
	if (getrandom(random, sizeof(random), 0) == -1)
		random[0] = random[1] = 0;
	buffer_init(&now, 0);
	text_time(&now, clock_wall(), 9, false, true);
	buffer_printf(&i->config,
	    "{\"created\":\"" CREATED "\",\"architecture\":\"amd64\","
	    "\"os\":\"linux\",\"config\":{\"Labels\":{"
	    "\"delete-date\":\"%.10s %.18s +0000 UTC\","
	    "\"delete-id\":\"%016" PRIx64 "%016" PRIx64 "\","
	    "\"delete-tag\":\"%s\"}},"
	    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]},"
	    "\"history\":[{\"created\":\"" CREATED "\","
	    "\"created_by\":\"# regbot\",\"comment\":\"empty JSON blob\"}]}",
	    now.data, now.data + 11, random[0], random[1], tag,
	    i->layer_digest);
	buffer_free(&now);
}

void
emptyimage_new(struct empty_image *i, const char *repository, const char *tag,
    const char *like)
{
	static const char oci[] = "application/vnd.oci.";

	memset(i, 0, sizeof(*i));
	buffer_init(&i->layer, 0);
	buffer_init(&i->config, 0);
	buffer_init(&i->manifest, 0);
	buffer_puts(&i->layer, PLACEHOLDER_LAYER);
	digest_of(i->layer.data, i->layer.len, i->layer_digest);
	put_config(i, tag);
	digest_of(i->config.data, i->config.len, i->config_digest);
	i->media_type = placeholder_put(&i->manifest,
	    strncmp(like, oci, strlen(oci)) == 0, i->config_digest,
	    i->config.len, repository, tag);
	digest_of(i->manifest.data, i->manifest.len, i->digest);
}

void
emptyimage_free(struct empty_image *i)
{
	buffer_free(&i->layer);
	buffer_free(&i->config);
	buffer_free(&i->manifest);
}
