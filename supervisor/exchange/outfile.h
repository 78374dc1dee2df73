/* SPDX-License-Identifier: Apache-2.0 */
/* outfile.h - replaces a whole file, or leaves it as it was. */
#ifndef REGBOT_OUTFILE_H
#define REGBOT_OUTFILE_H

#include <stddef.h>

#include "common/error.h"

/* path becomes n bytes at p and a line feed, through a file beside it that is
 * renamed. What is there must be a regular file, whose mode is kept, or
 * nothing; a symbolic link is not followed. */
int outfile_write(const char *path, const char *p, size_t n,
    struct error *err);

#endif
