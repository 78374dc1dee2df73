/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files, in the words of regbot where it has some. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/buffer.h"
#include "supervisor/config/config_private.h"

/* "open x: no such file or directory": Go begins in lower case. */
static int
fail(struct error *err, const char *verb, const char *path, int errnum)
{
	const char *why = strerrordesc_np(errnum);

	if (why == NULL)
		why = "unknown error";
	return error_set(err, ERROR_INPUT, "%s %.512s: %c%s", verb, path,
	    tolower((unsigned char)why[0]), why + 1);
}

int
config_file_read(const char *path, size_t max, struct buffer *out,
    struct error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	char chunk[4096];
	int fd = STDIN_FILENO, result = -1;
	ssize_t n;

	if (!is_stdin) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd == -1)
			return fail(err, "open", path, errno);
	}
	for (;;) {
		n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			break;
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			fail(err, "read", is_stdin ? "standard input" : path,
			    errno);
			goto out;
		}
		if (out->len + (size_t)n > max) {
			error_set(err, ERROR_LIMIT, "%.512s is larger than "
			    "%zu bytes, which is the limit", is_stdin ?
			    "standard input" : path, max);
			goto out;
		}
		buffer_put(out, chunk, (size_t)n);
	}
	result = 0;
out:
	explicit_bzero(chunk, sizeof(chunk));
	if (!is_stdin)
		close(fd);
	return result;
}
