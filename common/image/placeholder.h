/* SPDX-License-Identifier: Apache-2.0 */
/*
 * placeholder.h - the manifest of the empty image that takes a tag's place
 * while the tag is deleted on a registry that can only delete manifests. It
 * says in an annotation which tag it stands for, so that whoever meets it
 * after an interruption knows what it is.
 */
#ifndef REGBOT_PLACEHOLDER_H
#define REGBOT_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buffer.h"

/* Its annotation; the value is REPOSITORY:TAG. */
#define PLACEHOLDER_ANNOTATION "regbot.deleting-tag"
/* The content of its only layer. */
#define PLACEHOLDER_LAYER "{}"

/* Appends the manifest for that tag, with OCI's or Docker's media types. The
 * config's digest, a sha256, makes it unique. Returns its media type. */
const char *placeholder_put(struct buffer *out, bool oci,
    const char *config_digest, size_t config_size, const char *repository,
    const char *tag);

/* Are these the very bytes that placeholder_put makes for that tag, with some
 * config? */
bool placeholder_is(const char *bytes, size_t len, const char *repository,
    const char *tag);

/* May that tag's have so many bytes? Few other manifests have. */
bool placeholder_may_be(size_t len, const char *repository,
    const char *tag);

#endif
