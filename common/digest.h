/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - content digests (OCI image-spec, "Descriptors"): sha256, sha384
 * and sha512 in lower-case hex. Built on nettle, which takes the processor's
 * SHA instructions as libcrypto does but has nothing to set up: libcrypto
 * took a third of a worker's start.
 */
#ifndef REGBOT_DIGEST_H
#define REGBOT_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/bounds.h"
#include "common/error.h"

/* True for "sha256:<64 hex>", "sha384:<96>", "sha512:<128>", lower case. */
bool digest_valid(const char *s);

/* "sha256" of "sha256:..."; NULL when it is not one of ours. */
const char *digest_algorithm(const char *s);

/* A running digest with the algorithm of like ("sha256:..." or "sha256"). */
struct digest;
struct digest *digest_new(const char *like);	/* NULL: unknown algorithm */
void digest_add(struct digest *d, const void *p, size_t n);
void digest_final(struct digest *d, char out[DIGEST_MAX + 1]);
void digest_free(struct digest *d);		/* NULL is fine */

/* The sha256 digest of n bytes. */
void digest_of(const void *p, size_t n, char out[DIGEST_MAX + 1]);

/* 0 when the bytes have the digest want; else -1 and ERROR_DIGEST. */
int digest_verify(const void *p, size_t n, const char *want,
    struct error *err);

#endif
