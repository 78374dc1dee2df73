/* SPDX-License-Identifier: Apache-2.0 */
/* test_outfile.c - a file is replaced whole, or stays as it was. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "supervisor/exchange/outfile.h"

static char dir[] = "/tmp/regbot-outfile-XXXXXX";
static struct error err;

static void
setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(chdir(dir), 0);
	umask(022);
	error_clear(&err);
}

static void
teardown(void)
{
	char *command = mem_printf("rm -r %s", dir);

	cr_assert_eq(system(command), 0);
	free(command);
}

TestSuite(outfile, .init = setup, .fini = teardown);

static void
has(const char *path, const char *text, mode_t mode)
{
	struct buffer b;
	struct stat st;

	buffer_init(&b, 0);
	cr_assert_eq(file_read(path, 0, &b, &err), 0, "%s", err.text);
	cr_expect_str_eq(buffer_str(&b), text);
	buffer_free(&b);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, mode);
}

/* How many entries the directory has. */
static int
entries(void)
{
	DIR *d = opendir(".");
	int n = -2;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

Test(outfile, new_and_replaced)
{
	char *path = mem_printf("%s/f", dir);

	cr_expect_eq(outfile_write(path, "{}", 2, &err), 0, "%s", err.text);
	has(path, "{}\n", 0644);
	cr_assert_eq(chmod(path, 0600), 0);
	cr_expect_eq(outfile_write("f", "[1]", 3, &err), 0, "%s", err.text);
	has(path, "[1]\n", 0600);
	cr_expect_eq(entries(), 1);
	free(path);
}

Test(outfile, a_reader_keeps_the_old_one)
{
	char text[8] = "";
	int fd;

	cr_assert_eq(outfile_write("f", "old", 3, &err), 0);
	fd = open("f", O_RDONLY);
	cr_assert_eq(outfile_write("f", "new", 3, &err), 0);
	cr_expect_eq(read(fd, text, 4), 4);
	cr_expect_str_eq(text, "old\n");
	close(fd);
}

Test(outfile, symbolic_links_are_not_followed)
{
	cr_assert_eq(outfile_write("target", "old", 3, &err), 0);
	cr_assert_eq(symlink("target", "f"), 0);
	cr_expect_eq(outfile_write("f", "new", 3, &err), -1);
	cr_expect_str_eq(err.text, "f is a symbolic link, and only a regular "
	    "file is replaced");
	has("target", "old\n", 0644);
	cr_assert_eq(symlink("nowhere", "g"), 0);
	cr_expect_eq(outfile_write("g", "new", 3, &err), -1);
	cr_expect_neq(access("nowhere", F_OK), 0);
	cr_expect_eq(entries(), 3);
}

Test(outfile, other_things_are_not_replaced)
{
	cr_assert_eq(mkfifo("p", 0600), 0);
	cr_expect_eq(outfile_write("p", "x", 1, &err), -1);
	cr_expect_str_eq(err.text, "p is not a regular file, and only a "
	    "regular file is replaced");
	cr_assert_eq(mkdir("d", 0700), 0);
	cr_expect_eq(outfile_write("d", "x", 1, &err), -1);
	cr_expect_eq(outfile_write("none/f", "x", 1, &err), -1);
	cr_expect_str_eq(err.text, "there is no directory none: create it");
	cr_expect_eq(outfile_write("p/f", "x", 1, &err), -1);
	cr_expect_eq(entries(), 2);
}

/* A file that may not grow: nothing is left, and the old one stays. */
Test(outfile, a_failure_leaves_nothing)
{
	struct rlimit limit = { 4096, 4096 };
	char *large = mem_alloc(8192);

	memset(large, 'x', 8192);
	cr_assert_eq(outfile_write("f", "old", 3, &err), 0);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_expect_eq(outfile_write("f", large, 8192, &err), -1);
	cr_expect_str_eq(err.text, "cannot write f: File too large");
	has("f", "old\n", 0644);
	cr_expect_eq(entries(), 1);
	free(large);
}
