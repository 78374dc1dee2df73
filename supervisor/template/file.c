/* SPDX-License-Identifier: Apache-2.0 */
/* The function file: what a secret's file holds, without the space around. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "supervisor/template/template_private.h"

/* unicode.IsSpace. */
static bool
is_space(uint32_t c)
{
	return (c >= '\t' && c <= '\r') || c == ' ' || c == 0x85 ||
	    c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	    c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
	    c == 0x3000;
}

int
template_trim(struct buffer *out, const char *s, size_t n)
{
	size_t start = 0, end = 0, len;
	uint32_t c;

	for (size_t i = 0; i < n; i += len) {
		len = text_utf8(s + i, n - i, &c);
		if (len != 0 && is_space(c))
			continue;
		len = len != 0 ? len : 1;
		start = end == 0 ? i : start;
		end = i + len;
	}
	return buffer_put(out, s + start, end - start);
}

static void
warn_file(const char *path, const char *why, template_warn_fn *warn, void *arg)
{
	struct log_record r;

	if (warn == NULL)
		return;
	log_record_init(&r, LOG_WARN, "Cannot read file of a template, "
	    "using an empty text");
	log_record_string(&r, "file", path);
	log_record_string(&r, "error", why);
	warn(arg, &r);
	log_record_free(&r);
}

/* NULL, or why not. */
static const char *
read_secret(const char *path, struct buffer *out)
{
	const char *why = NULL;
	struct stat st;
	char chunk[4096];
	ssize_t n = 1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1)
		return strerror(errno);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		why = "it is no regular file";
	while (why == NULL && n != 0) {
		n = read(fd, chunk, sizeof(chunk));
		if (n == -1 && errno != EINTR)
			why = strerror(errno);
		else if (n > 0 && memchr(chunk, '\0', (size_t)n) != NULL)
			why = "it has a NUL character in it";
		else if (n > 0 && buffer_put(out, chunk, (size_t)n) == -1)
			why = "it is larger than 64 KiB";
	}
	explicit_bzero(chunk, sizeof(chunk));
	close(fd);
	return why;
}

int
template_file(const struct template_call *c, struct buffer *out)
{
	const char *path = c->args[0].text, *why;
	struct buffer b;
	int r = 0;

	buffer_init(&b, SECRET_FILE_MAX);
	b.secret = true;
	why = read_secret(path, &b);
	if (why != NULL)
		warn_file(path, why, c->warn, c->arg);
	else
		r = template_trim(out, buffer_str(&b), b.len);
	buffer_free(&b);
	return r;
}
