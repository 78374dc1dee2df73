/* SPDX-License-Identifier: Apache-2.0 */
/*
 * versions.h - versions by Semantic Versioning 2.0.0, as tags write them: with
 * a "v" in front or without, "1" and "1.2" for 1.0.0 and 1.2.0, and leading
 * zeros, as in 2024.01.05.
 */
#ifndef REGBOT_VERSIONS_H
#define REGBOT_VERSIONS_H

#include <stddef.h>
#include <stdint.h>

/* Points into the text that it was read from. */
struct version {
	uint64_t part[3];	/* major, minor, patch */
	int parts;		/* how many of them were written */
	const char *pre, *build; /* what follows "-" and "+", not terminated */
	size_t npre, nbuild;	/* 0: none */
};

/* Reads all n bytes. -1 when it is not a version. */
int version_parse(const char *s, size_t n, struct version *v);
/* Reads parts, pre-release and build as version_parse, but stops at what
 * belongs to none of them; returns that, or NULL. "x", "X" and "*" count as
 * parts that were not written. */
const char *version_parse_partial(const char *s, const char *end,
    struct version *v);
/* Whether text is a pre-release, or build, by its characters. */
int version_valid_suffix(const char *s, size_t n);

/* Less than, equal to or greater than 0, by precedence: build does not
 * count. */
int version_compare(const struct version *a, const struct version *b);

#endif
