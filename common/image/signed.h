/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signed.h - signed schema 1 manifests: their digest is not over all bytes but
 * over the part that the signatures cover. Signatures are not verified: the
 * digest is what the content is known by.
 */
#ifndef REGBOT_SIGNED_H
#define REGBOT_SIGNED_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "common/buffer.h"
#include "common/error.h"

#define MEDIA_DOCKER_V1_SIGNED \
	"application/vnd.docker.distribution.manifest.v1+prettyjws"

/* json is bytes, parsed. out gets what the signatures cover. */
int signed_payload(json_object *json, const char *bytes, size_t len,
    struct buffer *out, struct error *err);

/* digest_verify for a manifest of any media type (without parameters). */
int signed_verify(const char *media_type, const char *bytes, size_t len,
    const char *want, struct error *err);

#endif
