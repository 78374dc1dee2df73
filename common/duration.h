/* SPDX-License-Identifier: Apache-2.0 */
/*
 * duration.h - durations as Go writes them ("1h2m3.5s"): an optional sign,
 * then decimals with a unit each, of ns, us, µs, ms, s, m, h; "0" alone is
 * fine. Values are nanoseconds.
 */
#ifndef REGBOT_DURATION_H
#define REGBOT_DURATION_H

#include <stdint.h>

#include "common/error.h"

#define DURATION_TEXT 72	/* room for any duration as text */

/* Fails on anything else, and on a value beyond int64_t. */
int duration_parse(const char *s, int64_t *out, struct error *err);

/* As Go's Duration.String: "1h0m0s", "1.5s", "100ms", "0s". */
void duration_format(int64_t ns, char out[DURATION_TEXT]);
/* The same as people write it: "1h", "10m", "1h30m", "1m30s". */
void duration_brief(int64_t ns, char out[DURATION_TEXT]);

#endif
