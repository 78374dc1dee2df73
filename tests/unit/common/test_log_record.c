/* SPDX-License-Identifier: Apache-2.0 */
/* test_log_record.c - records there and back, and broken ones. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/wire/log_record.h"

static struct log_record in, out;
static struct buffer wire;

static void
setup(void)
{
	buffer_init(&wire, 0);
	log_record_init(&in, LOG_WARN, "hello");
	log_record_init(&out, LOG_INFO, "");
}

static void
teardown(void)
{
	log_record_free(&in);
	log_record_free(&out);
	buffer_free(&wire);
}

static int
transfer(void)
{
	struct error err = { 0 };
	int r;

	log_record_put(&in, &wire);
	r = log_record_get(&out, wire.data, wire.len, &err);
	cr_expect(r == 0 || err.kind == ERROR_PROTOCOL);
	return r;
}

TestSuite(log_record, .init = setup, .fini = teardown);

Test(log_record, every_kind_goes_over_and_comes_back)
{
	log_record_string(&in, "script", "mirror \"x\"\n\t\xff");
	log_record_string(&in, "empty", "");
	log_record_string(&in, "none", NULL);
	log_record_bool(&in, "yes", true);
	log_record_bool(&in, "no", false);
	log_record_int(&in, "low", INT64_MIN);
	log_record_int(&in, "high", INT64_MAX);
	log_record_int(&in, "http.status-code_1", 404);
	cr_assert(transfer() == 0);
	cr_assert(out.nattrs == 8);
	cr_expect_str_eq(out.attrs[0].key, "script");
	cr_expect_str_eq(out.attrs[0].text, "mirror \"x\"\n\t\xff");
	cr_expect_str_eq(out.attrs[1].text, "");
	cr_expect_str_eq(out.attrs[2].text, "");
	cr_expect(out.attrs[3].kind == ATTR_BOOL && out.attrs[3].number == 1);
	cr_expect(out.attrs[4].kind == ATTR_BOOL && out.attrs[4].number == 0);
	cr_expect(out.attrs[5].kind == ATTR_INT &&
	    out.attrs[5].number == INT64_MIN);
	cr_expect(out.attrs[6].number == INT64_MAX);
	cr_expect_str_eq(out.attrs[7].key, "http.status-code_1");
}

Test(log_record, nothing_is_fine)
{
	cr_expect(transfer() == 0 && out.nattrs == 0);
}

Test(log_record, too_many_attributes_are_dropped)
{
	for (int i = 0; i < 2 * LOG_ATTRS_MAX; i++)
		log_record_int(&in, "n", i);
	cr_assert(transfer() == 0);
	cr_expect(out.nattrs == LOG_ATTRS_MAX);
	cr_expect(out.attrs[LOG_ATTRS_MAX - 1].number == LOG_ATTRS_MAX - 1);
}

Test(log_record, long_values_are_cut_and_the_record_still_fits)
{
	char *big = malloc(LOG_RECORD_MAX + 1);

	memset(big, 'x', LOG_RECORD_MAX);
	big[LOG_RECORD_MAX] = '\0';
	for (int i = 0; i < LOG_ATTRS_MAX; i++)
		log_record_string(&in, "big", big);
	cr_assert(transfer() == 0);
	cr_expect(wire.len <= LOG_RECORD_MAX);
	cr_expect(out.nattrs >= 4);
	cr_expect(strlen(out.attrs[0].text) == LOG_TEXT_MAX);
	free(big);
}

/* A child must not be killed for what it logs: any key has a form that the
 * receiver takes. */
Test(log_record, odd_keys_are_made_acceptable)
{
	char big[200];

	memset(big, 'k', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_record_int(&in, "", 1);
	log_record_int(&in, "a b=\"c\"\n\xc3\xa9", 2);
	log_record_int(&in, big, 3);
	cr_assert(transfer() == 0);
	cr_assert(out.nattrs == 3);
	cr_expect_str_eq(out.attrs[0].key, "_");
	cr_expect_str_eq(out.attrs[1].key, "a_b__c____");
	cr_expect(strlen(out.attrs[2].key) == 64);
}

Test(log_record, truncation_at_every_byte_is_refused_or_shorter)
{
	int full;

	log_record_string(&in, "script", "mirror");
	log_record_bool(&in, "yes", true);
	log_record_int(&in, "number", 7);
	log_record_put(&in, &wire);
	full = in.nattrs;
	for (size_t n = 0; n < wire.len; n++) {
		char *copy = malloc(n + 1);

		memcpy(copy, wire.data, n);
		log_record_free(&out);
		log_record_init(&out, LOG_INFO, "");
		if (log_record_get(&out, copy, n, NULL) == 0)
			cr_expect(out.nattrs < full);
		free(copy);
	}
}

static const struct {
	const char *why, *bytes;
	size_t n;
} malformed[] = {
	{ "kind 0", "\0\1k\1\0x", 6 },
	{ "kind 4", "\4\1k\0\0\0\0\0\0\0\0", 11 },
	{ "no key", "\1\0\1\0x", 5 },
	{ "space in key", "\1\1 \1\0x", 6 },
	{ "quote in key", "\1\1\"\1\0x", 6 },
	{ "newline in key", "\1\1\n\1\0x", 6 },
	{ "NUL in key", "\1\2k\0\1\0x", 7 },
	{ "high byte in key", "\1\1\xe9\1\0x", 6 },
	{ "NUL in text", "\1\1k\2\0x\0", 7 },
	{ "bool 2", "\2\1k\2\0\0\0\0\0\0\0", 11 },
	{ "text too long", "\1\1k\xff\xffx", 6 },
	{ "bytes left", "\1\1k\1\0xy", 7 },
	{ "key too long", "\1\x7fk\1\0x", 6 },
};

Test(log_record, malformed_attributes_are_refused)
{
	struct error err;

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]);
	    i++) {
		log_record_free(&out);
		log_record_init(&out, LOG_INFO, "");
		error_clear(&err);
		cr_expect(log_record_get(&out, malformed[i].bytes,
		    malformed[i].n, &err) == -1, "%s", malformed[i].why);
		cr_expect(err.kind == ERROR_PROTOCOL);
	}
}

Test(log_record, one_attribute_too_many_is_refused)
{
	for (int i = 0; i <= LOG_ATTRS_MAX; i++)
		buffer_put(&wire, "\1\1k\1\0x", 6);
	cr_expect(log_record_get(&out, wire.data, wire.len, NULL) == -1);
	cr_expect(out.nattrs == LOG_ATTRS_MAX);
}

static const struct {
	int level;
	const char *name;
} levels[] = {
	{ -8, "DEBUG-4" }, { -4, "DEBUG" }, { -3, "DEBUG+1" }, { 0, "INFO" },
	{ 3, "INFO+3" }, { 4, "WARN" }, { 8, "ERROR" }, { 12, "ERROR+4" },
};

Test(log_record, levels_are_named_as_slog_names_them)
{
	char name[24];
	int level;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		log_level_name(levels[i].level, name);
		cr_expect_str_eq(name, levels[i].name);
		cr_assert(log_level_parse(name, &level, NULL) == 0);
		cr_expect(level == levels[i].level);
	}
	cr_expect(log_level_parse("trace", &level, NULL) == 0 && level == -8);
	cr_expect(log_level_parse("wArN", &level, NULL) == 0 && level == 4);
	cr_expect(log_level_parse("info-2", &level, NULL) == 0 && level == -2);
}

Test(log_record, other_levels_are_refused)
{
	static const char *const bad[] = { "", "Trace", "TRACE", "warning",
	    "info+", "info+x", "info++1", "info+ 1", "info+1x", "+1", "4",
	    "info+99999999999999999999", "info+1000", " info", "info " };
	struct error err;
	int level = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&err);
		cr_expect(log_level_parse(bad[i], &level, &err) == -1,
		    "\"%s\"", bad[i]);
		cr_expect(err.kind == ERROR_INPUT && level == 77);
	}
}

/* It ends where nothing can be read any more. */
Test(log_record, nothing_behind_it_is_read)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct error err;

	cr_assert_neq(p, MAP_FAILED);
	cr_assert_eq(mprotect(p + page, page, PROT_NONE), 0);
	log_record_string(&in, "key", "a value");
	log_record_int(&in, "n", 1);
	log_record_put(&in, &wire);
	for (size_t n = 0; n < wire.len; n++) {
		memcpy(p + page - n, wire.data, n);
		(void)log_record_get(&out, p + page - n, n, &err);
		log_record_free(&out);
		log_record_init(&out, LOG_INFO, "");
	}
	munmap(p, 2 * page);
}
