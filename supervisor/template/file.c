/* SPDX-License-Identifier: Apache-2.0 */
/* The function file: what a secret's file holds, without the space around. */
#include <string.h>

#include "common/bounds.h"
#include "common/file.h"
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
	log_record_init(&r, LOG_WARN, "Cannot read file of a template, using "
	    "an empty string");
	log_record_string(&r, "file", path);
	log_record_string(&r, "error", why);
	warn(arg, &r);
	log_record_free(&r);
}

int
template_file(const struct template_call *c, struct buffer *out)
{
	const char *path = c->args[0].text;
	struct error why = { 0 };
	struct buffer b;
	int r = 0;

	buffer_init(&b, SECRET_FILE_MAX);
	b.secret = true;
	if (file_read(path, FILE_REGULAR, &b, &why) == 0 && b.len != 0 &&
	    memchr(b.data, '\0', b.len) != NULL)
		error_set(&why, ERROR_INPUT, "it has a NUL character in it");
	if (why.kind != ERROR_NONE)
		warn_file(path, why.text, c->warn, c->arg);
	else
		r = template_trim(out, buffer_str(&b), b.len);
	buffer_free(&b);
	return r;
}
