/* SPDX-License-Identifier: Apache-2.0 */
/* platform_private.h - what platform*.c share among themselves. */
#ifndef REGBOT_PLATFORM_PRIVATE_H
#define REGBOT_PLATFORM_PRIVATE_H

#include <stdbool.h>

#include "worker/oci/manifest.h"

/* macos is darwin, x86_64 amd64, and so on; absent strings become "". */
void platform_normalize(struct platform *p);
/* Normalised; the caller frees dst's strings. Absent strings are fine. */
void platform_copy(struct platform *dst, const struct platform *src);
bool platform_variant_compatible(const char *host, const char *target);

#endif
