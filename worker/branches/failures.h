/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failures.h - what went wrong with the items of a parallel(): the first ones
 * by their place in the list, as many as an error shows.
 */
#ifndef REGBOT_FAILURES_H
#define REGBOT_FAILURES_H

#include <stddef.h>
#include <stdint.h>

#include "common/bounds.h"

struct failure {
	int64_t index;		/* of the item, from 1 */
	char *text;		/* "item 3 (\"3.19\"): <string>:7: boom" */
};

struct failures {
	size_t n;		/* all of them */
	size_t kept;
	struct failure list[PARALLEL_ERRORS_MAX];	/* by index */
};

/* Takes text. */
void failures_add(struct failures *f, int64_t index, char *text);
/* All of it as one text of lines, which the caller frees; count is the number
 * of items. NULL when nothing failed. */
char *failures_text(const struct failures *f, int64_t count);
void failures_free(struct failures *f);

#endif
