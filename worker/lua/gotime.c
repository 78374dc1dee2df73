/* SPDX-License-Identifier: Apache-2.0 */
/* gotime.c - times as Go's time.Time prints them; see shape.h. */
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "worker/lua/shape.h"

int
gotime(const char *s, char out[GOTIME_MAX])
{
	char frac[16] = "", zone[32] = "+0000 UTC";
	struct text_time t;
	int n, off;

	if (text_time_parse(s, &t) == -1)
		return -1;
	if (t.nanoseconds != 0) {
		n = snprintf(frac, sizeof(frac), ".%09ld", t.nanoseconds);
		while (frac[n - 1] == '0')
			frac[--n] = '\0';
	}
	off = abs(t.offset);
	if (off != 0) {
		char sign = t.offset < 0 ? '-' : '+';

		snprintf(zone, sizeof(zone), "%c%02d%02d %c%02d%02d", sign,
		    off / 60, off % 60, sign, off / 60, off % 60);
	}
	snprintf(out, GOTIME_MAX, "%.10s %.8s%s %s", s, s + 11, frac, zone);
	return 0;
}
