/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emptyimage.h - an image of one empty layer whose digest is unique. It takes
 * a tag's place, and then both are deleted.
 */
#ifndef REGBOT_EMPTYIMAGE_H
#define REGBOT_EMPTYIMAGE_H

#include "common/bounds.h"
#include "common/buffer.h"

struct empty_image {
	struct buffer layer, config, manifest;
	char layer_digest[DIGEST_MAX + 1];
	char config_digest[DIGEST_MAX + 1];
	char digest[DIGEST_MAX + 1];	/* of the manifest */
	const char *media_type;
};

/* With OCI's or Docker's media types, matching like (a manifest's media type).
 * The config holds a random number and the time, which make the digests
 * unique; but it says that it was created in 1970, so that a script that
 * deletes what is old finds it if it is ever left behind. */
void emptyimage_new(struct empty_image *i, const char *repository,
    const char *tag, const char *like);
void emptyimage_free(struct empty_image *i);

#endif
