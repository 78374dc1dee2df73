/* SPDX-License-Identifier: Apache-2.0 */
/* Times and durations: what is read is within bounds. */
#include <stdint.h>
#include <stdlib.h>

#include "worker/library/timetext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"2021-01-01T00:00:00Z", "2021-01-01 00:00:00 +0000 UTC", "2021-01-01",
	"2021-01-01 01:30:00.123456789 -0130 -0130 m=+0.5", "9999-12-31T23:59:59"
	"+23:59", "30d", "1w2d12h30m", "-1d1.5s", "999999w999999d", "0", NULL
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	struct text_time t;
	int64_t ns, seconds;

	if (timetext_parse(s, size, &t) == 0) {
		seconds = text_time_seconds(&t);
		if (seconds < -62167219200 - 86400 ||
		    seconds > 253402300800 + 86400 || t.nanoseconds < 0 ||
		    t.nanoseconds > 999999999 || t.offset <= -24 * 60 ||
		    t.offset >= 24 * 60)
			abort();
	}
	ns = 0;
	if (timetext_duration(s, size, &ns) == -1 && ns != 0)
		abort();
	return 0;
}
