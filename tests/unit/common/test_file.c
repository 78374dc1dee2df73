/* SPDX-License-Identifier: Apache-2.0 */
/* test_file.c - whole files, their limits, and what is no file. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"

static char dir[] = "/tmp/regbot-file-XXXXXX";
static struct buffer got;
static struct error err;

static void
setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
	buffer_init(&got, 8);
}

static void
teardown(void)
{
	buffer_free(&got);
	rmdir(dir);
}

static int
attempt(const char *path, unsigned flags)
{
	buffer_clear(&got);
	error_clear(&err);
	return file_read(path, flags, &got, &err);
}

TestSuite(file, .init = setup, .fini = teardown);

Test(file, up_to_its_limit)
{
	char *path = mem_printf("%s/f", dir);
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	fputs("12345678", f);
	fclose(f);
	cr_expect_eq(attempt(path, 0), 0);
	cr_expect_str_eq(buffer_str(&got), "12345678");
	cr_expect_eq(attempt(path, FILE_REGULAR), 0);
	f = fopen(path, "a");
	fputs("9", f);
	fclose(f);
	cr_expect_eq(attempt(path, 0), -1);
	cr_expect_eq(err.kind, ERROR_LIMIT);
	cr_expect_not_null(strstr(err.text,
	    "/f is larger than 8 bytes, which is the limit"));
	unlink(path);
	free(path);
}

Test(file, what_is_no_file)
{
	char *path = mem_printf("%s/f", dir), *below;

	cr_expect_eq(attempt(path, 0), -1);
	cr_expect_eq(err.kind, ERROR_NOT_FOUND);
	cr_expect_not_null(strstr(err.text, "/f: no such file or directory"));
	cr_expect_eq(strncmp(err.text, "open /", 6), 0);
	cr_expect_eq(attempt(dir, 0), -1);
	cr_expect_not_null(strstr(err.text, ": is a directory"));
	cr_expect_eq(err.kind, ERROR_INPUT);
	/* Nobody writes to the FIFO: opening it would wait. */
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(attempt(path, FILE_REGULAR), -1);
	cr_expect_not_null(strstr(err.text, "is not a regular file"));
	below = mem_printf("%s/f/g", dir);
	cr_expect_eq(attempt(below, 0), -1);
	cr_expect_eq(err.kind, ERROR_NOT_FOUND);
	free(below);
	unlink(path);
	free(path);
}

Test(file, a_descriptor)
{
	int p[2];

	cr_assert_eq(pipe(p), 0);
	cr_assert_eq(write(p[1], "12345", 5), 5);
	close(p[1]);
	cr_expect_eq(file_read_fd(p[0], "standard input", &got, &err), 0);
	cr_expect_str_eq(buffer_str(&got), "12345");
	close(p[0]);
	cr_assert_eq(pipe(p), 0);
	cr_assert_eq(write(p[1], "12345", 5), 5);
	close(p[1]);
	cr_expect_eq(file_read_fd(p[0], "standard input", &got, &err), -1);
	cr_expect_str_eq(err.text, "standard input is larger than 8 bytes, "
	    "which is the limit");
	close(p[0]);
}
