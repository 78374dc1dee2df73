/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_text.c - the characters of a file, before it is read as YAML. */
#include <string.h>

#include "common/text.h"
#include "supervisor/config/yaml_private.h"

/* The length of a byte order mark. */
static size_t
mark(const char *s, size_t len)
{
	return len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* Windows tools write it so, with a mark or without. */
static bool
is_utf16(const char *s, size_t len)
{
	if (len < 2)
		return false;
	if (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0)
		return true;
	return len >= 4 && ((s[0] == '\0' && s[2] == '\0') ||
	    (s[1] == '\0' && s[3] == '\0'));
}

/* YAML's printable characters. */
static bool
is_allowed(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' ||
	    (c >= 0x20 && c <= 0x7e) || c == 0x85 ||
	    (c >= 0xa0 && c <= 0xfffd) || c >= 0x10000;
}

static int
bad_character(const struct yaml_node *at, uint32_t c, const char *name,
    struct error *err)
{
	if (c == 0)
		return yaml_error(name, at, err, "there is a NUL character "
		    "here, expected text");
	return yaml_error(name, at, err, "there is a control character here "
	    "(U+%04X), expected text", (unsigned)c);
}

int
yaml_text_check(const char *text, size_t len, const char *name,
    struct error *err)
{
	struct yaml_node at = { .line = 1, .column = 1 };
	uint32_t c;
	size_t n;

	if (is_utf16(text, len))
		return yaml_error(name, &at, err, "the file is in UTF-16, "
		    "expected UTF-8: convert it with iconv -f UTF-16 -t "
		    "UTF-8");
	for (size_t i = mark(text, len); i < len; i += n) {
		n = text_utf8(text + i, len - i, &c);
		if (n == 0)
			return yaml_error(name, &at, err, "there is a "
			    "character here that is not UTF-8, expected a file "
			    "in UTF-8: convert it, from Latin-1 with iconv "
			    "-f LATIN1 -t UTF-8");
		if (!is_allowed(c))
			return bad_character(&at, c, name, err);
		at.column++;
		if (c == '\n' || (c == '\r' && (i + 1 == len ||
		    text[i + 1] != '\n'))) {
			at.line++;
			at.column = 1;
		}
	}
	return 0;
}

size_t
yaml_text_prefix(const char *text, size_t len, size_t *lines)
{
	size_t at = mark(text, len), result = at, n = 0;

	*lines = 0;
	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t size = end != NULL ? (size_t)(end - text) - at + 1 :
		    len - at;
		bool ends = size >= 3 && memcmp(text + at, "...", 3) == 0 &&
		    (size == 3 || strchr(" \t\r\n", text[at + 3]) != NULL);

		if (!ends && strchr("#\r\n", text[at]) == NULL)
			break;
		at += size;
		n++;
		if (ends) {
			result = at;
			*lines = n;
		}
	}
	return result;
}
