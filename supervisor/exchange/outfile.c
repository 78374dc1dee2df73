/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outfile.c - replaces a file; see outfile.h. The directory is opened once,
 * and everything is relative to it, so that nobody who may write there can
 * lead us elsewhere in the middle.
 */
#include "supervisor/exchange/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"

struct place {
	int dir;		/* descriptor */
	const char *name;	/* in it */
	char *other;		/* name of the file beside it */
	mode_t mode;
};

/* The last component of path, and the directory that has it. */
static int
open_directory(const char *path, struct place *at, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL ? mem_strdup(".") : slash == path ?
	    mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
	int result = 0;

	at->name = slash == NULL ? path : slash + 1;
	at->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at->dir == -1 && (errno == ENOENT || errno == ENOTDIR))
		result = error_set(err, ERROR_NOT_FOUND, "there is no "
		    "directory %.1024s: create it", dir);
	else if (at->dir == -1)
		result = error_sys(err, errno, "cannot open the directory "
		    "%.1024s", dir);
	free(dir);
	return result;
}

/* What is there now. */
static int
look(const char *path, struct place *at, struct error *err)
{
	struct stat st;

	at->mode = 0;
	if (fstatat(at->dir, at->name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : error_sys(err, errno,
		    "cannot look at %.1024s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INPUT, "%.1024s is %s, and only a "
		    "regular file is replaced", path, S_ISLNK(st.st_mode) ?
		    "a symbolic link" : "not a regular file");
	at->mode = st.st_mode & 0777;
	return 0;
}

static int
create(struct place *at)
{
	uint64_t random;
	int fd = -1;

	for (int i = 0; i < 8 && fd == -1; i++) {
		if (getrandom(&random, sizeof(random), 0) !=
		    (ssize_t)sizeof(random))
			return -1;
		free(at->other);
		at->other = mem_printf(".%.200s.%016llx", at->name,
		    (unsigned long long)random);
		fd = openat(at->dir, at->other, O_WRONLY | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd == -1 && errno != EEXIST)
			return -1;
	}
	return fd;
}

static int
put(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w == -1 && errno == EINTR)
			continue;
		if (w == -1)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

/* The whole of it is on the disk before it has the name. */
static int
replace(struct place *at, const char *p, size_t n)
{
	int fd = create(at), e;

	if (fd == -1)
		return -1;
	if ((at->mode == 0 || fchmod(fd, at->mode) == 0) &&
	    put(fd, p, n) == 0 && put(fd, "\n", 1) == 0 && fsync(fd) == 0 &&
	    renameat(at->dir, at->other, at->dir, at->name) == 0) {
		close(fd);
		(void)fsync(at->dir);
		return 0;
	}
	e = errno;
	close(fd);
	unlinkat(at->dir, at->other, 0);
	errno = e;
	return -1;
}

int
outfile_write(const char *path, const char *p, size_t n, struct error *err)
{
	struct place at = { .dir = -1, .other = NULL };
	int result = -1;

	if (open_directory(path, &at, err) == 0 && look(path, &at, err) == 0)
		result = replace(&at, p, n) == 0 ? 0 : error_sys(err, errno,
		    "cannot write %.1024s", path);
	free(at.other);
	if (at.dir != -1)
		close(at.dir);
	return result;
}
