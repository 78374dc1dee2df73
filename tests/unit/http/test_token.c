/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent to a token server, and what it may answer. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/mem.h"
#include "supervisor/broker/auth/token_form.h"
#include "supervisor/broker/auth/token_reply.h"

#define NOW 1790000000	/* 2026-09-21T14:13:20Z */

static int
parse(struct token_reply *r, const char *s)
{
	struct error err;
	int ret;

	error_clear(&err);
	ret = token_reply_parse(r, s, strlen(s), NOW, &err);
	cr_assert_eq(ret == -1, err.kind != ERROR_NONE);
	return ret;
}

static int64_t
life(const char *s)
{
	struct token_reply r;
	int64_t n;

	cr_assert_eq(parse(&r, s), 0, "%s", s);
	n = r.life_s;
	token_reply_free(&r);
	return n;
}

Test(token, replies)
{
	struct token_reply r;

	cr_assert_eq(parse(&r, "{\"token\":\"a\",\"access_token\":\"b\","
	    "\"refresh_token\":\"c\"} \r\n"), 0);
	cr_assert_str_eq(r.token, "b");
	cr_assert_str_eq(r.refresh, "c");
	token_reply_free(&r);
	cr_assert_eq(parse(&r, "{\"token\":\"a\",\"access_token\":\"\"}"), 0);
	cr_assert_str_eq(r.token, "a");
	cr_assert_null(r.refresh);
	token_reply_free(&r);
}

Test(token, how_long_a_token_lives)
{
	cr_assert_eq(life("{\"token\":\"a\"}"), 60);
	cr_assert_eq(life("{\"token\":\"a\",\"expires_in\":10}"), 60);
	cr_assert_eq(life("{\"token\":\"a\",\"expires_in\":-1}"), 60);
	cr_assert_eq(life("{\"token\":\"a\",\"expires_in\":\"900\"}"), 60);
	cr_assert_eq(life("{\"token\":\"a\",\"expires_in\":900}"), 900);
	cr_assert_leq(life("{\"token\":\"a\",\"expires_in\":1e300}"),
	    10LL * 366 * 86400);
	cr_assert_eq(life("{\"token\":\"a\",\"expires_in\":900,"
	    "\"issued_at\":\"2026-09-21T14:11:40.123456789Z\"}"), 800);
	cr_assert_eq(life("{\"token\":\"a\",\"expires_in\":900,"
	    "\"issued_at\":\"2026-09-21T16:11:40+02:00\"}"), 800);
	/* Expired, in the future, no time at all: counts from now. */
	cr_assert_eq(life("{\"token\":\"a\",\"expires_in\":900,"
	    "\"issued_at\":\"2026-09-20T14:11:40Z\"}"), 900);
	cr_assert_eq(life("{\"token\":\"a\",\"expires_in\":900,"
	    "\"issued_at\":\"2027-09-21T14:11:40Z\"}"), 900);
	cr_assert_eq(life("{\"token\":\"a\",\"expires_in\":900,"
	    "\"issued_at\":\"yesterday\"}"), 900);
}

Test(token, replies_that_are_refused)
{
	static const char *const bad[] = {
		"", "{}", "[]", "null", "\"token\"", "{\"token\":1}",
		"{\"token\":\"\"}", "{\"token\":\"a b\"}",
		"{\"token\":\"a\\r\\nX: y\"}", "{\"token\":\"a\\u0000\"}",
		"{\"token\":\"\xc3\xa4\"}", "{\"token\":\"a\"",
		"{\"token\":\"a\"} x", "{'token':'a'}", "<html></html>",
	};
	struct token_reply r;
	struct buffer deep;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(parse(&r, bad[i]), -1, "%s", bad[i]);
		cr_assert_null(r.token);
	}
	buffer_init(&deep, 0);
	buffer_puts(&deep, "{\"token\":\"a\",\"x\":");
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buffer_putc(&deep, '[');
	buffer_putc(&deep, '1');
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buffer_putc(&deep, ']');
	buffer_putc(&deep, '}');
	cr_assert_eq(parse(&r, buffer_str(&deep)), -1);
	buffer_free(&deep);
}

Test(token, a_reply_has_a_limit)
{
	struct token_reply r;
	char *s = mem_alloc(TOKEN_REPLY_MAX + 2);

	memset(s, ' ', TOKEN_REPLY_MAX);
	memcpy(s, "{\"token\":\"a\",\"x\":\"", 18);
	memcpy(s + TOKEN_REPLY_MAX - 2, "\"}", 2);
	cr_assert_eq(parse(&r, s), 0);
	token_reply_free(&r);
	memcpy(s + TOKEN_REPLY_MAX - 2, " \"}", 3);
	cr_assert_eq(parse(&r, s), -1);
	free(s);
}

Test(token, urls_forms_and_keys)
{
	static char a[] = "repository:x/y:pull", b[] = "repository:z:pull";
	char *list[] = { a, b };
	struct scopes scopes = { list, 2 };
	struct url realm;
	struct token_ask ask = { &realm, "s v", &scopes };
	char *s, *t;

	cr_assert_eq(url_parse(&realm, "https://h/t", NULL, NULL), 0);
	s = token_form_url(&ask, "u&v", "me/1");
	cr_assert_str_eq(s, "https://h/t?account=u%26v&client_id=me%2F1&"
	    "scope=repository%3Ax%2Fy%3Apull&scope=repository%3Az%3Apull&"
	    "service=s%20v");
	free(s);
	s = token_form_post(&ask, "r&r", "me");
	cr_assert_str_eq(s, "client_id=me&grant_type=refresh_token&"
	    "refresh_token=r%26r&scope=repository%3Ax%2Fy%3Apull%20repository"
	    "%3Az%3Apull&service=s%20v");
	free(s);
	s = token_form_key(&ask);
	scopes.n = 1;
	t = token_form_key(&ask);
	cr_assert_str_neq(s, t);
	cr_assert_str_eq(t, "https://h/t\ns v\nrepository:x/y:pull");
	free(s);
	free(t);
	url_free(&realm);
}

Test(token, itself_has_a_limit)
{
	struct token_reply r;
	char *token = mem_alloc(TOKEN_MAX + 2), *s;

	memset(token, 'a', TOKEN_MAX);
	s = mem_printf("{\"token\":\"%s\"}", token);
	cr_expect_eq(parse(&r, s), 0);
	token_reply_free(&r);
	free(s);
	token[TOKEN_MAX] = 'a';
	s = mem_printf("{\"token\":\"%s\"}", token);
	cr_expect_eq(parse(&r, s), -1);
	free(s);
	free(token);
}
