/* SPDX-License-Identifier: Apache-2.0 */
/* timetext.h - times and durations as they stand in images and scripts. */
#ifndef REGBOT_TIMETEXT_H
#define REGBOT_TIMETEXT_H

#include <stddef.h>
#include <stdint.h>

#include "common/text.h"

/* RFC 3339, Go's "2021-01-01 00:00:00 +0000 UTC", or a part of these: without
 * a zone it is UTC, and a date alone is its midnight. -1 when it is not a
 * time. */
int timetext_parse(const char *s, size_t n, struct text_time *t);

/* A duration as Go writes it, and also with d (24 hours) and w (7 days), which
 * stand first: "1w2d12h". Nanoseconds; -1 when it is none. */
int timetext_duration(const char *s, size_t n, int64_t *out);

#endif
