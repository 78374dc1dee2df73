/* SPDX-License-Identifier: Apache-2.0 */
/* json_write.c - JSON text as Go's encoding/json writes it; see json.h. */
#include <stdbool.h>
#include <string.h>

#include "common/json.h"
#include "common/text.h"

/* Writes cp escaped: 1, or 0 when it stands for itself, -1 without room. */
static int
write_escape(struct buffer *out, uint32_t cp, unsigned flags)
{
	static const char plain[] = "\b\f\n\r\t\\\"", name[] = "bfnrt\\\"";
	const char *at;
	int r;

	if (cp != 0 && cp < 0x80 && (at = strchr(plain, (int)cp)) != NULL)
		r = buffer_printf(out, "\\%c", name[at - plain]);
	else if (cp < 0x20 || cp == 0x2028 || cp == 0x2029 ||
	    ((flags & JSON_HTML) && (cp == '<' || cp == '>' || cp == '&')) ||
	    ((flags & JSON_CONTROLS) && cp >= 0x7f && cp < 0xa0))
		r = buffer_printf(out, "\\u%04x", cp);
	else
		return 0;
	return r == -1 ? -1 : 1;
}

int
json_write_string(struct buffer *out, const char *s, size_t n,
    unsigned flags)
{
	uint32_t cp;
	size_t len;
	int r = buffer_putc(out, '"');

	for (; r != -1 && n > 0; s += len, n -= len) {
		len = text_utf8(s, n, &cp);
		if (len == 0) {
			len = 1;
			r = buffer_puts(out, "\\ufffd");
		} else if ((r = write_escape(out, cp, flags)) == 0)
			r = buffer_put(out, s, len);
	}
	return r == -1 ? -1 : buffer_putc(out, '"');
}

static void
write_array(struct buffer *out, json_object *o)
{
	size_t i, n = json_object_array_length(o);

	buffer_putc(out, '[');
	for (i = 0; i < n; i++) {
		if (i > 0)
			buffer_putc(out, ',');
		json_write(out, json_object_array_get_idx(o, i));
	}
	buffer_putc(out, ']');
}

static void
write_object(struct buffer *out, json_object *o)
{
	bool first = true;

	buffer_putc(out, '{');
	json_object_object_foreach(o, key, value) {
		if (!first)
			buffer_putc(out, ',');
		first = false;
		json_write_string(out, key, strlen(key), JSON_HTML);
		buffer_putc(out, ':');
		json_write(out, value);
	}
	buffer_putc(out, '}');
}

void
json_write(struct buffer *out, json_object *o)
{
	switch (json_object_get_type(o)) {
	case json_type_string:
		json_write_string(out, json_object_get_string(o),
		    (size_t)json_object_get_string_len(o), JSON_HTML);
		break;
	case json_type_array:
		write_array(out, o);
		break;
	case json_type_object:
		write_object(out, o);
		break;
	default:
		buffer_puts(out, json_object_to_json_string_ext(o,
		    JSON_C_TO_STRING_PLAIN));
		break;
	}
}

static void
newline(struct buffer *out, unsigned depth)
{
	buffer_putc(out, '\n');
	while (depth-- > 0)
		buffer_puts(out, "  ");
}

/* A string literal at p[i], unchanged except for what Go escapes in it. */
static size_t
copy_string(const char *p, size_t n, size_t i, struct buffer *out)
{
	buffer_putc(out, p[i++]);
	while (i < n) {
		unsigned char c = (unsigned char)p[i];

		if (c == '\\' && i + 1 < n) {
			buffer_put(out, p + i, 2);
			i += 2;
			continue;
		}
		if (c == '<' || c == '>' || c == '&')
			buffer_printf(out, "\\u%04x", c);
		else if (n - i >= 3 && c == 0xe2 &&
		    (unsigned char)p[i + 1] == 0x80 &&
		    ((unsigned char)p[i + 2] & ~1u) == 0xa8) {
			buffer_puts(out, p[i + 2] & 1 ? "\\u2029" :
			    "\\u2028");
			i += 2;
		} else
			buffer_putc(out, (char)c);
		i++;
		if (c == '"')
			break;
	}
	return i;
}

void
json_indent(struct buffer *out, const char *p, size_t n)
{
	bool opened = false;	/* the last token opened a container */
	unsigned depth = 0;
	size_t i = 0;

	while (i < n) {
		char c = p[i];

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			i++;
			continue;
		}
		if (c == ']' || c == '}') {
			if (depth > 0)
				depth--;
			if (!opened)
				newline(out, depth);
			opened = false;
		} else if (opened) {
			newline(out, depth);
			opened = false;
		}
		if (c == '"') {
			i = copy_string(p, n, i, out);
			continue;
		}
		buffer_putc(out, c);
		i++;
		if (c == '[' || c == '{') {
			depth++;
			opened = true;
		} else if (c == ',')
			newline(out, depth);
		else if (c == ':')
			buffer_putc(out, ' ');
	}
}
