/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reference_private.h - what the two halves of reference.h share: stretches of
 * text, and what may be a registry.
 */
#ifndef REGBOT_REFERENCE_PRIVATE_H
#define REGBOT_REFERENCE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HEX DIGITS "abcdefABCDEF"
#define HUB "docker.io"

struct span {
	const char *p;
	size_t n;
};

/* strspn for a stretch that does not end in NUL. */
size_t reference_run(const char *p, size_t n, const char *set);
bool reference_equals(struct span s, const char *text);

/* What may come before the first slash without being a repository. */
bool reference_is_registry(struct span s);

/* Docker Hub by any of its names, or an empty one. */
bool reference_is_hub(struct span s);

#endif
