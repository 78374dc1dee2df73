/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c - lines as slog writes them, and outputs that are slow. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "supervisor/log/log.h"

#define WALL 1795490481188000000	/* 2026-11-24T03:21:21.188Z */

static char *
line(struct log_record *r, bool json)
{
	struct buffer b;

	setenv("TZ", "UTC", 1);
	buffer_init(&b, 0);
	log_format(r, WALL, json, &b);
	log_record_free(r);
	return buffer_steal(&b);
}

static void
expect_value(const char *value, const char *text, const char *json)
{
	struct log_record r;
	char want[256], *got;

	log_record_init(&r, LOG_INFO, "m");
	log_record_string(&r, "k", value);
	got = line(&r, false);
	snprintf(want, sizeof(want), "time=2026-11-24T03:21:21.188Z "
	    "level=INFO msg=m k=%s\n", text);
	cr_assert_str_eq(got, want);
	free(got);
	log_record_init(&r, LOG_INFO, "m");
	log_record_string(&r, "k", value);
	got = line(&r, true);
	snprintf(want, sizeof(want), "{\"time\":\"2026-11-24T03:21:21.188Z\","
	    "\"level\":\"INFO\",\"msg\":\"m\",\"k\":%s}\n", json);
	cr_assert_str_eq(got, want);
	free(got);
}

Test(log, values_are_quoted_as_slog_does)
{
	expect_value("plain_1", "plain_1", "\"plain_1\"");
	expect_value("", "\"\"", "\"\"");
	expect_value("a b", "\"a b\"", "\"a b\"");
	expect_value("k=v", "\"k=v\"", "\"k=v\"");
	expect_value("say \"hi\"", "\"say \\\"hi\\\"\"",
	    "\"say \\\"hi\\\"\"");
	expect_value("a\nb\tc", "\"a\\nb\\tc\"", "\"a\\nb\\tc\"");
	expect_value("back\\slash", "back\\slash", "\"back\\\\slash\"");
	expect_value("\xc3\xbcn\xc3\xaf", "\xc3\xbcn\xc3\xaf",
	    "\"\xc3\xbcn\xc3\xaf\"");
	expect_value("\x01\x7f", "\"\\x01\\x7f\"", "\"\\u0001\\u007f\"");
	expect_value("<&>", "<&>", "\"<&>\"");
	expect_value("\xff", "\"\\xff\"", "\"\\ufffd\"");
	expect_value("\xe2\x80\xae", "\"\\u202e\"", "\"\xe2\x80\xae\"");
	expect_value("\x1b[2J", "\"\\x1b[2J\"", "\"\\u001b[2J\"");
}

Test(log, numbers_and_levels)
{
	struct log_record r;
	char *got;

	log_record_init(&r, LOG_TRACE, "two words");
	log_record_bool(&r, "dry-run", true);
	log_record_int(&r, "n", -5);
	got = line(&r, false);
	cr_assert_str_eq(got, "time=2026-11-24T03:21:21.188Z level=DEBUG-4 "
	    "msg=\"two words\" dry-run=true n=-5\n");
	free(got);
	log_record_init(&r, LOG_ERROR, "x");
	log_record_bool(&r, "b", false);
	got = line(&r, true);
	cr_assert_str_eq(got, "{\"time\":\"2026-11-24T03:21:21.188Z\","
	    "\"level\":\"ERROR\",\"msg\":\"x\",\"b\":false}\n");
	free(got);
}

Test(log, local_zone)
{
	struct log_record r;
	struct buffer b;

	setenv("TZ", "XST-5:30", 1);
	buffer_init(&b, 0);
	log_record_init(&r, LOG_WARN, "x");
	log_format(&r, WALL, false, &b);
	log_record_free(&r);
	cr_assert_str_eq(b.data,
	    "time=2026-11-24T08:51:21.188+05:30 level=WARN msg=x\n");
	buffer_free(&b);
}

/* U+009B begins a terminal's code as ESC [ does. */
Test(log, no_terminal_codes)
{
	struct loop *l = loop_new();
	struct log_record r;
	struct buffer b;
	struct log *g;
	char got[64] = "";
	int fds[2];

	for (int json = 0; json < 2; json++) {
		log_record_init(&r, LOG_INFO, "\xc2\x9b" "2J");
		buffer_init(&b, 0);
		log_format(&r, 0, json, &b);
		cr_expect_not_null(strstr(b.data, "\\u009b2J"), "%s", b.data);
		buffer_free(&b);
		log_record_free(&r);
	}
	cr_assert_eq(pipe(fds), 0);
	g = log_new(l, fds[1], LOG_INFO, false);
	log_plain(g, "\x1b[2J\xc2\x9b" "2J\x9b\t\xe2\x80\xae");
	log_free(g);
	cr_assert_gt(read(fds[0], got, sizeof(got) - 1), 0);
	cr_expect_str_eq(got, "\\x1b[2J\\u009b2J\\x9b\t\\u202e\n");
	close(fds[0]);
	close(fds[1]);
	loop_free(l);
}

static bool
amend(void *arg, struct log_record *r)
{
	cr_assert_not_null(arg);
	log_record_string(r, "more", "yes");
	return false;
}

/* What a child says about itself does not count. */
Test(log, script_is_who_sent_it)
{
	struct loop *l = loop_new();
	int fds[2];
	struct log *g;
	struct log_record r;
	struct message_out o;
	struct message *m = calloc(1, sizeof(*m));
	struct buffer attrs;
	struct error err;
	char got[256] = "";

	cr_assert_eq(pipe(fds), 0);
	g = log_new(l, fds[1], LOG_INFO, false);
	log_record_init(&r, LOG_INFO, "");
	log_record_string(&r, "script", "somebody else");
	buffer_init(&attrs, 0);
	log_record_put(&r, &attrs);
	log_record_free(&r);
	message_start(&o, MSG_LOG, 0);
	message_put_u64(&o, LOG_INFO + LOG_LEVEL_BIAS);
	message_put_str(&o, "User script message");
	message_put_bytes(&o, attrs.data, attrs.len);
	cr_assert_eq(message_finish(&o, &err), 0);
	cr_assert_eq(message_decode(m, o.frame.data, o.frame.len, W2S, &err),
	    0);
	cr_assert_eq(log_message(g, m, "me", amend, &fds, &err), 0);
	log_free(g);
	cr_assert_gt(read(fds[0], got, sizeof(got) - 1), 0);
	cr_assert_not_null(strstr(got, " script=me more=yes\n"), "%s", got);
	message_out_free(&o);
	buffer_free(&attrs);
	free(m);
	close(fds[0]);
	close(fds[1]);
	loop_free(l);
}

static void
say(struct log *g, const char *text)
{
	struct log_record r;

	log_record_init(&r, LOG_INFO, text);
	log_write(g, &r);
}

/* A file at its limit is like a full disk: what is lost is counted, and what
 * comes later is on lines of its own. */
Test(log, full_output)
{
	struct loop *l = loop_new();
	struct rlimit limit;
	FILE *f = tmpfile();
	struct log *g = log_new(l, fileno(f), LOG_INFO, false);
	char got[1024];
	const char *at;
	size_t n;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = 75;	/* in the second line */
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	say(g, "first");
	say(g, "second");
	for (int i = 0; i < 7; i++)
		say(g, "lost");
	limit.rlim_cur = limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	say(g, "last");
	log_free(g);
	loop_free(l);
	n = (size_t)pread(fileno(f), got, sizeof(got) - 1, 0);
	got[n] = '\0';
	fclose(f);
	cr_expect_eq(got[74] == '\n', false);
	cr_assert_eq(got[75], '\n', "%s", got);
	cr_assert_eq(strncmp(got + 76, "time=", 5), 0, "%s", got);
	at = strstr(got, "lines=8\ntime=");
	cr_assert_not_null(at, "%s", got);
	cr_expect_not_null(strstr(at, "msg=last\n"), "%s", got);
	cr_expect_null(strstr(got, "lost"));
}

/* An output that takes nothing does not stop the loop, and lines that were
 * dropped for it are counted. */
Test(log, slow_output)
{
	struct loop *l = loop_new();
	int fds[2];
	struct log *g;
	struct log_record r;
	char *big = calloc(1, LOG_TEXT_MAX + 1), got[65536];
	size_t total = 0;
	bool counted = false;
	ssize_t n;

	memset(big, 'x', LOG_TEXT_MAX);
	cr_assert_eq(pipe(fds), 0);
	g = log_new(l, fds[1], LOG_INFO, false);
	for (int i = 0; i < 1500; i++) {	/* 12 MiB */
		log_record_init(&r, LOG_INFO, "m");
		log_record_string(&r, "k", big);
		log_write(g, &r);
	}
	cr_assert_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < 100000 && !counted; i++) {
		loop_step(l, 0);
		if (i == 5000) {
			log_record_init(&r, LOG_INFO, "after");
			log_write(g, &r);
		}
		while ((n = read(fds[0], got, sizeof(got) - 1)) > 0) {
			total += (size_t)n;
			got[n] = '\0';
			if (strstr(got, "were dropped") != NULL)
				counted = true;
		}
	}
	cr_assert(counted);
	cr_assert_gt(total, 4u * 1024 * 1024);
	cr_assert_lt(total, 9u * 1024 * 1024);
	log_free(g);
	close(fds[0]);
	close(fds[1]);
	loop_free(l);
	free(big);
}
