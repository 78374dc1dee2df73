/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_private.h - what manifest*.c share among themselves. */
#ifndef REGBOT_MANIFEST_PRIVATE_H
#define REGBOT_MANIFEST_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "common/buffer.h"
#include "common/error.h"
#include "worker/oci/manifest.h"

/* A member that must be a string where it is there and not null; "" where it
 * is not. The caller frees *out. what names the object in errors. */
int manifest_string(json_object *o, const char *key, size_t max,
    const char *what, char **out, struct error *err);

/* Sets media_type and kind from the Content-Type ("" when there was none) and
 * the body, which must agree. */
int manifest_type_decide(struct manifest *m, const char *header,
    struct error *err);
/* Whether only the body can tell that the digest is over a signed part. */
bool manifest_may_be_signed(const char *header);

#endif
