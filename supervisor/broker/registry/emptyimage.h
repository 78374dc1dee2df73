/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emptyimage.h - an image of one empty layer that nobody else has, to take a
 * tag's place before both are deleted.
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

/* Of OCI's or docker's types, whichever like (a manifest's media type) is of.
 * The config has time, a random number and the tag, so that its digest is
 * unique and says what it is. */
void emptyimage_new(struct empty_image *i, const char *tag, const char *like);
void emptyimage_free(struct empty_image *i);

#endif
