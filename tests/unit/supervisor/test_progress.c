/* SPDX-License-Identifier: Apache-2.0 */
/* test_progress.c - the status line at every width, and what draws it. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"
#include "supervisor/jobs/progress.h"
#include "supervisor/log/terminal.h"

static const char long_name[] = "a script with a name that is longer than the "
    "forty columns it may have";
static const struct progress_state full = {
	.scripts = 1, .name = long_name, .elapsed = 3725 * NS_PER_S + 1,
	.moved = 12900000, .total = 41943040, .rate = 3251000
};

static void
expect(const struct progress_state *s, unsigned columns, const char *want)
{
	char got[PROGRESS_LINE];

	progress_line(s, columns, got);
	cr_expect_str_eq(got, want);
}

Test(progress, leaves_out_what_does_not_fit)
{
	expect(&full, 200, "a script with a name that is longer than: 1h2m5s, "
	    "12.3 MiB of 40.0 MiB copied, 3.1 MiB/s");
	expect(&full, 80, "a script with a name that is lo: 1h2m5s, "
	    "12.3 MiB of 40.0 MiB copied, 3.1 MiB/s");
	expect(&full, 53, "a script wi: 1h2m5s, 12.3 MiB of 40.0 MiB, "
	    "3.1 MiB/s");
	expect(&full, 40, "a script : 1h2m5s, 12.3 MiB of 40.0 MiB");
	expect(&full, 30, "a script wi: 1h2m5s, 12.3 MiB");
	expect(&full, 20, "a script : 12.3 MiB");
	expect(&full, 12, "a: 12.3 MiB");
}

Test(progress, says_only_what_is_known)
{
	struct progress_state s = { .scripts = 1, .name = "t",
	    .elapsed = 3 * NS_PER_S };

	expect(&s, 80, "t: 3s, 0 B copied");
	s.moved = 2048;
	s.total = 1024;		/* not a total any more */
	expect(&s, 80, "t: 3s, 2.0 KiB copied");
	s.scripts = 12;
	expect(&s, 80, "12 scripts: 3s, 2.0 KiB copied");
}

/* No line is too long, whatever it has to tell. */
Test(progress, every_width)
{
	struct progress_state s = full;
	char line[PROGRESS_LINE];

	s.moved = UINT64_MAX / 2;
	s.total = s.rate = UINT64_MAX;
	s.elapsed = INT64_MAX;
	for (unsigned columns = 60; columns < 300; columns++) {
		progress_line(&s, columns, line);
		cr_expect_lt(strlen(line), columns);
	}
}

/* Columns of text that is drawn, which is between the clearing and the
 * return. */
static size_t
drawn(const char *text, unsigned columns, const char *want)
{
	struct buffer b;
	size_t n = 0, len;

	buffer_init(&b, 0);
	terminal_status(&b, text, columns);
	cr_assert_eq(strncmp(b.data, "\r\033[J", 4), 0);
	cr_assert_eq(b.data[b.len - 1], '\r');
	b.data[--b.len] = '\0';
	if (want != NULL)
		cr_expect_str_eq(b.data + 4, want);
	for (size_t at = 4; at < b.len; at += len, n++) {
		len = text_utf8(b.data + at, b.len - at, NULL);
		cr_assert_neq(len, 0);
	}
	buffer_free(&b);
	return n;
}

Test(terminal, status_is_cut)
{
	for (unsigned columns = 1; columns < 90; columns++)
		cr_expect_lt(drawn(long_name, columns, NULL), columns);
	cr_expect_eq(drawn("", 80, ""), 0);
	cr_expect_eq(drawn("abc", 0, ""), 0);
	cr_expect_eq(drawn("\xc3\xbc\xd0\xb6", 80, "\xc3\xbc\xd0\xb6"), 2);
	/* Wide, combining, a control in UTF-8, and what is no UTF-8. */
	cr_expect_eq(drawn("a\xe6\x97\xa5z\xcc\x81\xc2\x9b\xff\x1b[2Jb", 80,
	    "a?z????[2Jb"), 11);
}

Test(terminal, is_one_by_its_name)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), p[2];

	cr_assert_neq(fd, -1);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	cr_expect(terminal_is(fd));
	cr_expect(terminal_is_colored(fd));
	cr_expect_eq(terminal_columns(fd), 80);
	setenv("NO_COLOR", "", 1);
	cr_expect(terminal_is_colored(fd));
	setenv("NO_COLOR", "1", 1);
	cr_expect_not(terminal_is_colored(fd));
	cr_expect(terminal_is(fd));
	setenv("TERM", "dumb", 1);
	cr_expect_not(terminal_is(fd));
	unsetenv("TERM");
	cr_expect_not(terminal_is(fd));
	close(fd);
	setenv("TERM", "xterm", 1);
	cr_assert_eq(pipe(p), 0);
	cr_expect_not(terminal_is(p[1]));
	close(p[0]);
	close(p[1]);
}
