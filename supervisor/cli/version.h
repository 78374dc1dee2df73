/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.h - what "regbot version" prints: the commit that regbot was built
 * from, with its tag and date, or the version in configure.ac where the sources
 * come without git.
 */
#ifndef REGBOT_VERSION_H
#define REGBOT_VERSION_H

#include "common/error.h"

/* Such as "v0.1.0", or "v0.1.0-5-g1234567890ab" five commits later. */
const char *version_tag(void);

/* The commit, with "-dirty" where files differ from it; or "unknown". */
const char *version_ref(void);

/* The text, for standard output; format is a template or NULL for the plain
 * lines. NULL on failure; the caller frees it. */
char *version_text(const char *format, struct error *err);

#endif
