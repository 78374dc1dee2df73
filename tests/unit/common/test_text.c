/* SPDX-License-Identifier: Apache-2.0 */
/* test_text.c - UTF-8, base64, percent encoding and times. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/text.h"

static const struct {
	const char *text;
	size_t len;
	uint32_t cp;
} sequences[] = {
	{ "a", 1, 'a' }, { "\x7f", 1, 0x7f },
	{ "\xc2\x80", 2, 0x80 }, { "\xc3\xa4", 2, 0xe4 },
	{ "\xe0\xa0\x80", 3, 0x800 }, { "\xef\xbf\xbf", 3, 0xffff },
	{ "\xf0\x90\x80\x80", 4, 0x10000 },
	{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	/* Too long for what they say, surrogates, beyond the last one. */
	{ "\xc0\x80", 0, 0 }, { "\xc1\xbf", 0, 0 }, { "\xe0\x9f\xbf", 0, 0 },
	{ "\xf0\x8f\xbf\xbf", 0, 0 }, { "\xed\xa0\x80", 0, 0 },
	{ "\xf4\x90\x80\x80", 0, 0 }, { "\xf5\x80\x80\x80", 0, 0 },
	/* Cut short, or no beginning. */
	{ "\xc3", 0, 0 }, { "\xe2\x82", 0, 0 }, { "\xf0\x9f\x98", 0, 0 },
	{ "\x80", 0, 0 }, { "\xbf", 0, 0 }, { "\xe2\x28\xa1", 0, 0 },
};

Test(text, utf8)
{
	for (size_t i = 0; i < sizeof(sequences) / sizeof(*sequences); i++) {
		uint32_t cp = 0;

		cr_expect_eq(text_utf8(sequences[i].text,
		    strlen(sequences[i].text), &cp), sequences[i].len,
		    "row %zu", i);
		cr_expect_eq(cp, sequences[i].cp, "row %zu", i);
	}
}

Test(text, cut)
{
	cr_expect_eq(text_cut("abc", 3, 3), 3);
	cr_expect_eq(text_cut("abcd", 4, 3), 3);
	cr_expect_eq(text_cut("ab\xc3\xa4", 4, 3), 2);
	cr_expect_eq(text_cut("a\xe2\x82\xac", 4, 3), 1);
	cr_expect_eq(text_cut("\xf0\x9f\x98\x80" "a", 5, 3), 0);
	cr_expect_eq(text_cut("\xf0\x9f\x98\x80" "a", 5, 4), 4);
	cr_expect_eq(text_cut("\xc3\xa4" "b\xc3\xa4", 5, 3), 3);
	/* Of what is not UTF-8 no more is lost than must be. */
	cr_expect_eq(text_cut("\x80\x80\x80\x80\x80", 5, 4), 4);
	cr_expect_eq(text_cut("a\xe2" "bc", 4, 2), 2);
	cr_expect_eq(text_cut("abc", 3, 0), 0);
}

static const struct {
	const char *plain, *coded;
} pairs[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" }, { "\xfb\xff\xbf", "+/+/" },
};

Test(text, base64)
{
	struct buffer b;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		size_t n = strlen(pairs[i].coded);

		buffer_init(&b, 0);
		cr_expect_eq(text_base64(&b, pairs[i].plain,
		    strlen(pairs[i].plain)), 0);
		cr_expect_str_eq(buffer_str(&b), pairs[i].coded);
		buffer_clear(&b);
		cr_expect_eq(text_base64_decode(&b, pairs[i].coded, n), 0);
		cr_expect_str_eq(buffer_str(&b), pairs[i].plain);
		/* Without its padding, too. */
		buffer_clear(&b);
		n = strcspn(pairs[i].coded, "=");
		cr_expect_eq(text_base64_decode(&b, pairs[i].coded, n), 0);
		cr_expect_str_eq(buffer_str(&b), pairs[i].plain);
		buffer_free(&b);
	}
	buffer_init(&b, 0);
	cr_expect_eq(text_base64_decode(&b, "-_-_", 4), 0);
	cr_expect_str_eq(buffer_str(&b), "\xfb\xff\xbf");
	buffer_free(&b);
}

Test(text, base64_lengths)
{
	static const char bytes[] = "\xff\xfe abcdefghijklmnopqrstuvwxyz01234";
	struct buffer in, out;

	buffer_init(&in, 0);
	buffer_init(&out, 0);
	for (size_t n = 0; n < sizeof(bytes); n++) {
		buffer_clear(&in);
		buffer_clear(&out);
		text_base64(&in, bytes, n);
		cr_assert_eq(text_base64_decode(&out, buffer_str(&in), in.len),
		    0);
		cr_assert_eq(out.len, n);
		cr_assert_eq(memcmp(buffer_str(&out), bytes, n), 0);
	}
	buffer_free(&in);
	buffer_free(&out);
}

Test(text, base64_bad)
{
	static const char *const bad[] = { "Z", "Zm9vY", "Zm9 ", "Zm=9", "=",
	    "Zg===", "Zm9v\n", "Zm%v" };
	struct buffer b;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		buffer_init(&b, 0);
		cr_expect_eq(text_base64_decode(&b, bad[i], strlen(bad[i])),
		    strcmp(bad[i], "=") == 0 ? 0 : -1, "%s", bad[i]);
		buffer_free(&b);
	}
	/* A buffer's limit holds both ways. */
	buffer_init(&b, 4);
	cr_expect_eq(text_base64(&b, "foob", 4), -1);
	buffer_clear(&b);
	cr_expect_eq(text_base64_decode(&b, "Zm9vYmE=", 8), -1);
	buffer_free(&b);
}

Test(text, query)
{
	struct buffer b;

	buffer_init(&b, 0);
	text_query(&b, "scope", "repository:a/b:pull,push");
	text_query(&b, "empty", "");
	text_query_u64(&b, "n", UINT64_MAX);
	cr_expect_str_eq(buffer_str(&b), "scope=repository%3Aa%2Fb%3Apull"
	    "%2Cpush&empty=&n=18446744073709551615");
	buffer_clear(&b);
	buffer_puts(&b, "https://a/t?");
	text_query(&b, "q", "-._~ \xc3\xa4+&=%");
	cr_expect_str_eq(buffer_str(&b),
	    "https://a/t?q=-._~%20%C3%A4%2B%26%3D%25");
	buffer_free(&b);
}

static const struct {
	const char *text;
	int64_t seconds;
	long ns;
} times[] = {
	{ "1970-01-01T00:00:00Z", 0, 0 },
	{ "2026-11-24T03:07:49.128Z", 1795489669, 128000000 },
	{ "2024-02-29T23:59:59.123456789123Z", 1709251199, 123456789 },
	{ "2026-11-24T05:07:49+02:00", 1795489669, 0 },
	{ "2026-11-23T21:37:49-05:30", 1795489669, 0 },
	{ "0001-01-01T00:00:00Z", -62135596800, 0 },
};

Test(text, time)
{
	struct text_time t;

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		cr_expect_eq(text_time_parse(times[i].text, &t), 0, "%s",
		    times[i].text);
		cr_expect_eq(text_time_seconds(&t), times[i].seconds, "%s",
		    times[i].text);
		cr_expect_eq(t.nanoseconds, times[i].ns);
	}
}

Test(text, time_bad)
{
	static const char *const bad[] = { "", "yesterday", "2026-11-24",
	    "2026-11-24T03:07:49", "2026-11-24 03:07:49Z",
	    "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
	    "2023-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
	    "2026-11-24T24:00:00Z", "2026-11-24T00:60:00Z",
	    "2026-11-24T00:00:60Z", "2026-11-24T00:00:00.Z",
	    "2026-11-24T00:00:00Zx", "2026-11-24T00:00:00+0200",
	    "2026-11-24T00:00:00+24:00", "2026-11-24T00:00:00+02:60",
	    "26-11-24T00:00:00Z", "-026-11-24T00:00:00Z",
	    "2026-11-24t00:00:00z" };
	struct text_time t;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(text_time_parse(bad[i], &t), -1, "%s", bad[i]);
}

static void
expect_time(int64_t wall, int digits, bool trim, bool utc, const char *as)
{
	struct buffer b;

	buffer_init(&b, 0);
	text_time(&b, wall, digits, trim, utc);
	cr_expect_str_eq(buffer_str(&b), as);
	buffer_free(&b);
}

Test(text, time_written)
{
	int64_t wall = 1795489669 * NS_PER_S + 120000000;

	setenv("TZ", "IST-05:30", 1);
	tzset();
	expect_time(wall, 9, false, true, "2026-11-24T03:07:49.120000000Z");
	expect_time(wall, 9, true, true, "2026-11-24T03:07:49.12Z");
	expect_time(wall, 3, false, false, "2026-11-24T08:37:49.120+05:30");
	expect_time(1795489669 * NS_PER_S, 9, true, true,
	    "2026-11-24T03:07:49Z");
	expect_time(wall, 0, false, true, "2026-11-24T03:07:49Z");
}
