/* SPDX-License-Identifier: Apache-2.0 */
/* What is accepted must run, always later, and the same however it is asked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/schedule/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"*/5 1-3,7 ? jan-mar mon-fri/2", "0 0 29 2 *", "TZ=UTC @daily",
	"CRON_TZ=Europe/Berlin 30 2 * * 7", "@every 1h30m", "@yearly",
	"0 0 30 2 *", "0 0 31 feb,4 sat-sun", "TZ=UTC", "59 23 31 12 6",
	"TZ=Australia/Lord_Howe 45 1 * * *", "1/7 */2 5 * *", NULL
};

/* 2026-01-01 */
#define FROM (1767225600 * NS_PER_S)

static void
check(const struct schedule *s)
{
	int64_t at = FROM, next, again;
	struct buffer b;

	for (int i = 0; i < 4; i++, at = next) {
		if (schedule_next(s, at, &next) == -1) {
			if (schedule_interval(s) == 0)
				abort();
			return;
		}
		if (next <= at || next % NS_PER_S != 0)
			abort();
		if (schedule_interval(s) != 0)
			continue;
		/* Nothing is between the two. */
		if (schedule_next(s, at + (next - at) / 2, &again) == -1 ||
		    again != next || schedule_next(s, next - 1, &again) ==
		    -1 || again != next)
			abort();
	}
	buffer_init(&b, 0);
	schedule_time(s, at, &b);
	if (b.len < 20 || b.len > 25)
		abort();
	buffer_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size);
	struct error err = { 0 };
	struct schedule *s = schedule_parse(text, &err);

	if (s != NULL) {
		if (strcmp(schedule_text(s), text) != 0)
			abort();
		check(s);
	} else if (err.kind != ERROR_INPUT && err.kind != ERROR_LIMIT)
		abort();
	schedule_unref(s);
	free(text);
	return 0;
}
