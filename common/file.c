/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - reading a whole file within a limit; see file.h. */
#include "common/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "open x: no such file or directory": Go begins in lower case. */
static int
fail(struct error *err, const char *verb, const char *path, int errnum)
{
	const char *why = strerrordesc_np(errnum);

	if (why == NULL)
		why = "unknown error";
	return error_set(err, errnum == ENOENT || errnum == ENOTDIR ?
	    ERROR_NOT_FOUND : ERROR_INPUT, "%s %.512s: %c%s", verb, path,
	    tolower((unsigned char)why[0]), why + 1);
}

int
file_read_fd(int fd, const char *name, struct buffer *out, struct error *err)
{
	char chunk[16 * 1024];
	int result = -1;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			fail(err, "read", name, errno);
			goto out;
		}
		if (buffer_put(out, chunk, (size_t)n) == -1) {
			error_set(err, ERROR_LIMIT, "%.512s is larger than "
			    "%zu bytes, which is the limit", name, out->max);
			goto out;
		}
	}
	result = 0;
out:
	explicit_bzero(chunk, sizeof(chunk));
	return result;
}

int
file_read(const char *path, unsigned flags, struct buffer *out,
    struct error *err)
{
	struct stat st;
	int fd, result;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
	    (flags & FILE_REGULAR ? O_NONBLOCK : 0));
	if (fd == -1)
		return fail(err, "open", path, errno);
	if ((flags & FILE_REGULAR) &&
	    (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)))
		result = error_set(err, ERROR_INPUT, "%.512s is not a regular "
		    "file", path);
	else
		result = file_read_fd(fd, path, out, err);
	close(fd);
	return result;
}
