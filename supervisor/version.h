/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - what "regbot version" prints. */
#ifndef REGBOT_VERSION_H
#define REGBOT_VERSION_H

#include "common/error.h"

/* The text, for standard output; format is a template or NULL for the plain
 * lines. NULL on failure; the caller frees it. */
char *version_text(const char *format, struct error *err);

#endif
