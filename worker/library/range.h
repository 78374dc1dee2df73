/* SPDX-License-Identifier: Apache-2.0 */
/*
 * range.h - ranges of versions, in the words of npm: ">=1.2 <2", "^1.2",
 * "~1.2.3", "1.x", "1.2 - 1.4", "^1 || ^3".
 */
#ifndef REGBOT_RANGE_H
#define REGBOT_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/bounds.h"
#include "common/error.h"
#include "worker/library/versions.h"

enum range_op { RANGE_LT, RANGE_LE, RANGE_GT, RANGE_GE, RANGE_EQ, RANGE_NE };

/* Points into the text that it was read from. */
struct range {
	struct range_bound {
		enum range_op op;
		struct version version;
		int set;	/* bounds of one set hold together */
	} bounds[VERSION_BOUNDS_MAX];
	int n, sets;
};

/* Reads all n bytes. -1 and *err when it is not a range. */
int range_parse(const char *s, size_t n, struct range *r, struct error *err);

/* Whether a version is in it. A pre-release is only where pre is true, or
 * where a bound of the same three numbers is a pre-release itself. */
bool range_has(const struct range *r, const struct version *v, bool pre);

#endif
