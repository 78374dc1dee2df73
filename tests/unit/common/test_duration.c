/* SPDX-License-Identifier: Apache-2.0 */
/* test_duration.c - durations as Go has them. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/duration.h"

static const struct {
	const char *text;
	int64_t ns;
	const char *as;		/* how it is written; NULL: as text */
} good[] = {
	{ "0", 0, "0s" },
	{ "-0", 0, "0s" },
	{ "0s", 0, NULL },
	{ "5s", 5 * NS_PER_S, NULL },
	{ "1h2m3.5s", 3723500 * NS_PER_MS, NULL },
	{ "90s", 90 * NS_PER_S, "1m30s" },
	{ "1h", 3600 * NS_PER_S, "1h0m0s" },
	{ "100ms", 100 * NS_PER_MS, NULL },
	{ "1.5ms", 1500000, NULL },
	{ "1ns", 1, NULL },
	{ "1us", 1000, "1\xc2\xb5s" },
	{ "1\xc2\xb5s", 1000, NULL },		/* micro sign */
	{ "1\xce\xbcs", 1000, "1\xc2\xb5s" },	/* Greek mu */
	{ ".5s", 500 * NS_PER_MS, "500ms" },
	{ "5.s", 5 * NS_PER_S, "5s" },
	{ "+5s", 5 * NS_PER_S, "5s" },
	{ "-1.5s", -1500 * NS_PER_MS, NULL },
	{ "-1h30m", -5400 * NS_PER_S, "-1h30m0s" },
	{ "1s1s", 2 * NS_PER_S, "2s" },
	{ "0.3333333333333333333h", 1200 * NS_PER_S - 1, "19m59.999999999s" },
	{ "9223372036854775807ns", INT64_MAX, "2562047h47m16.854775807s" },
	{ "-9223372036854775808ns", INT64_MIN, "-2562047h47m16.854775808s" },
	{ "0.100000000000000000000h", 360 * NS_PER_S, "6m0s" },
	{ "00001s", NS_PER_S, "1s" },
};

static const char *const bad[] = {
	"", "-", "+", "5", "5 s", " 5s", "5s ", "s", ".s", "-.s", "5d", "5S",
	"1h-2m", "--5s", "+-5s", "1.2.3s", "5ss", "0x5s", "1e3s", "5\xb5s",
	"9223372036854775808ns", "-9223372036854775809ns", "2562048h", "5124096h",
	"99999999999999999999999s", "9223372036854775807ns1ns", "true",
	"1h 2m", "\xc2\xb5s", "inf", "nan",
};

Test(duration, what_go_reads_is_read)
{
	char text[DURATION_TEXT];
	int64_t ns;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ns = -7;
		cr_assert(duration_parse(good[i].text, &ns, NULL) == 0, "%s",
		    good[i].text);
		cr_expect(ns == good[i].ns, "%s: %lld", good[i].text,
		    (long long)ns);
		duration_format(ns, text);
		cr_expect_str_eq(text, good[i].as != NULL ? good[i].as :
		    good[i].text, "%s: %s", good[i].text, text);
	}
}

Test(duration, in_brief)
{
	static const char *const rows[][2] = {
		{ "10m", "10m" }, { "1h", "1h" }, { "90m", "1h30m" },
		{ "20m10s", "20m10s" }, { "10h0m5s", "10h0m5s" },
		{ "0s", "0s" }, { "10s", "10s" }, { "60m0.5s", "1h0m0.5s" },
		{ "100ms", "100ms" }, { "-1h", "-1h" }, { "-10m", "-10m" },
	};
	char text[DURATION_TEXT];
	int64_t ns;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(duration_parse(rows[i][0], &ns, NULL), 0);
		duration_brief(ns, text);
		cr_expect_str_eq(text, rows[i][1], "%s: %s", rows[i][0],
		    text);
	}
}

Test(duration, the_rest_is_refused_with_a_sentence)
{
	struct error err;
	int64_t ns;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&err);
		cr_expect(duration_parse(bad[i], &ns, &err) == -1, "\"%s\"",
		    bad[i]);
		cr_expect(err.kind == ERROR_INPUT && strstr(err.text,
		    "invalid duration") != NULL, "\"%s\"", bad[i]);
	}
}

Test(duration, what_is_written_is_read_back)
{
	char text[DURATION_TEXT];
	uint64_t x = 88172645463325252u;
	int64_t ns;

	for (int i = 0; i < 100000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		duration_format((int64_t)x >> (i % 64), text);
		cr_assert(strlen(text) < DURATION_TEXT);
		cr_assert(duration_parse(text, &ns, NULL) == 0, "%s", text);
		cr_assert(ns == (int64_t)x >> (i % 64), "%s", text);
	}
}
