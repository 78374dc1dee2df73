/* SPDX-License-Identifier: Apache-2.0 */
/* test_error.c - sentences, and where they are cut. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "common/error.h"

Test(error, set_fills_and_returns_failure)
{
	struct error e = { ERROR_HTTP, 500, "old" };

	cr_expect(error_set(&e, ERROR_INPUT, "bad %s %d", "thing", 7) == -1);
	cr_expect(e.kind == ERROR_INPUT && e.http == 0);
	cr_expect_str_eq(e.text, "bad thing 7");
	error_clear(&e);
	cr_expect(e.kind == ERROR_NONE && e.text[0] == '\0');
}

Test(error, nobody_has_to_listen)
{
	cr_expect(error_set(NULL, ERROR_INPUT, "x") == -1);
	cr_expect(error_sys(NULL, ENOENT, "x") == -1);
	cr_expect(error_prefix(NULL, "x") == -1);
	error_clear(NULL);
}

Test(error, sys_adds_the_reason)
{
	struct error e = { 0 };

	cr_expect(error_sys(&e, ENOENT, "cannot open %s", "/x") == -1);
	cr_expect(e.kind == ERROR_SYSTEM);
	cr_expect_str_eq(e.text, "cannot open /x: No such file or directory");
	error_sys(&e, 99999, "cannot");
	cr_expect_str_eq(e.text, "cannot: unknown error");
}

Test(error, prefix_keeps_kind_and_text)
{
	struct error e = { 0 };

	error_set(&e, ERROR_NETWORK, "connection refused");
	e.http = 7;
	cr_expect(error_prefix(&e, "cannot reach %s", "host") == -1);
	cr_expect(e.kind == ERROR_NETWORK && e.http == 7);
	cr_expect_str_eq(e.text, "cannot reach host: connection refused");
}

Test(error, an_error_may_be_made_from_its_own_text)
{
	struct error e = { 0 };

	error_set(&e, ERROR_INPUT, "inner");
	error_set(&e, ERROR_HTTP, "outer (%s) again %s", e.text, e.text);
	cr_expect_str_eq(e.text, "outer (inner) again inner");
	error_sys(&e, ENOENT, "<%s>", e.text);
	cr_expect_str_eq(e.text, "<outer (inner) again inner>: "
	    "No such file or directory");
}

Test(error, long_texts_are_cut)
{
	static char big[3 * ERROR_TEXT_MAX];
	struct error e = { 0 };

	memset(big, 'x', sizeof(big) - 1);
	error_set(&e, ERROR_INPUT, "%s", big);
	cr_expect(strlen(e.text) == ERROR_TEXT_MAX);
	error_sys(&e, ENOENT, "%s", big);
	cr_expect(strlen(e.text) == ERROR_TEXT_MAX);
	error_set(&e, ERROR_INPUT, "%s", big);
	error_prefix(&e, "head");
	cr_expect(strlen(e.text) == ERROR_TEXT_MAX);
	cr_expect(strncmp(e.text, "head: xxx", 9) == 0);
	error_set(&e, ERROR_INPUT, "tail");
	error_prefix(&e, "%s", big);
	cr_expect(strlen(e.text) <= ERROR_TEXT_MAX);
	cr_expect(e.text[ERROR_TEXT_MAX - 3] == 'x');
}
