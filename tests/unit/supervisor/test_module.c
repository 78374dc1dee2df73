/* SPDX-License-Identifier: Apache-2.0 */
/* test_module.c - where modules are found, and where they are not. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "supervisor/jobs/module.h"

static char dir[64];

static void
put(const char *name, const char *text, size_t n)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	cr_assert_neq(fd, -1);
	cr_assert_eq(write(fd, text, n), (ssize_t)n);
	close(fd);
}

static void
make_dir(void)
{
	char path[128];

	snprintf(dir, sizeof(dir), "/tmp/regbot-module-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/pkg", dir);
	cr_assert_eq(mkdir(path, 0700), 0);
	put("a.lua", "return 1", 8);
	put("pkg/init.lua", "return 2", 8);
	put("pkg/b.lua", "return 3", 8);
	put("secret", "x", 1);
}

static void
remove_dir(void)
{
	static const char *const names[] = { "a.lua", "pkg/init.lua",
	    "pkg/b.lua", "secret", "big.lua", "pkg", "" };
	char path[128];

	for (int i = 0; i < 7; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (unlink(path) == -1)
			rmdir(path);
	}
}

static int
read_module(const char *name, char **text, struct error *err)
{
	struct config c = { .dir = dir };
	char *path = NULL;
	size_t len;
	int r = module_read(&c, false, name, &path, text, &len, err);

	free(path);
	return r;
}

static void
expect(const char *name, const char *text)
{
	struct error err = { 0 };
	char *got = NULL;

	cr_assert_eq(read_module(name, &got, &err), 0, "%s", err.text);
	cr_assert_str_eq(got, text);
	free(got);
}

Test(module, found, .init = make_dir, .fini = remove_dir)
{
	expect("a", "return 1");
	expect("pkg", "return 2");
	expect("pkg.b", "return 3");
	expect("pkg/b", "return 3");
}

Test(module, never_outside, .init = make_dir, .fini = remove_dir)
{
	static const char *const names[] = { "", "..", "../etc/passwd",
	    "/etc/passwd", "a..b", "secret", "a b", "a\nb", "pkg.", ".a",
	    "nomod", "a.lua" };
	struct error err;
	char *got = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_assert_eq(read_module(names[i], &got, &err), -1, "%s",
		    names[i]);
		cr_assert_eq(err.kind, ERROR_NOT_FOUND);
	}
}

Test(module, too_large, .init = make_dir, .fini = remove_dir)
{
	struct error err;
	char *got = NULL, *big = mem_alloc(MODULE_MAX + 1);

	put("big.lua", big, MODULE_MAX + 1);
	cr_assert_eq(read_module("big", &got, &err), -1);
	cr_assert_eq(err.kind, ERROR_LIMIT);
	put("big.lua", big, MODULE_MAX);
	cr_assert_eq(read_module("big", &got, &err), 0);
	free(got);
	free(big);
}
