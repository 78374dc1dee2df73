/* SPDX-License-Identifier: Apache-2.0 */
/* gojson.c - JSON text as Go's encoding/json writes it; see shape.h. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "worker/lua/shape.h"

static void
write_ascii(unsigned char c, struct buffer *out)
{
	switch (c) {
	case '"':
		buffer_puts(out, "\\\"");
		break;
	case '\\':
		buffer_puts(out, "\\\\");
		break;
	case '\b':
		buffer_puts(out, "\\b");
		break;
	case '\f':
		buffer_puts(out, "\\f");
		break;
	case '\n':
		buffer_puts(out, "\\n");
		break;
	case '\r':
		buffer_puts(out, "\\r");
		break;
	case '\t':
		buffer_puts(out, "\\t");
		break;
	default:
		if (c < 0x20 || c == '<' || c == '>' || c == '&')
			buffer_printf(out, "\\u%04x", c);
		else
			buffer_putc(out, (char)c);
		break;
	}
}

static void
write_string(const char *s, size_t n, struct buffer *out)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i = 0, len;

	buffer_putc(out, '"');
	while (i < n) {
		len = text_utf8(s + i, n - i, NULL);
		if (len == 1)
			write_ascii(p[i], out);
		else if (len == 0) {
			buffer_puts(out, "\\ufffd");
			len = 1;
		} else if (len == 3 && p[i] == 0xe2 && p[i + 1] == 0x80 &&
		    (p[i + 2] & ~1u) == 0xa8)
			buffer_puts(out, p[i + 2] & 1 ? "\\u2029" :
			    "\\u2028");
		else
			buffer_put(out, p + i, len);
		i += len;
	}
	buffer_putc(out, '"');
}

static void
write_array(json_object *o, struct buffer *out)
{
	size_t i, n = json_object_array_length(o);

	buffer_putc(out, '[');
	for (i = 0; i < n; i++) {
		if (i > 0)
			buffer_putc(out, ',');
		gojson_write(json_object_array_get_idx(o, i), out);
	}
	buffer_putc(out, ']');
}

static void
write_object(json_object *o, struct buffer *out)
{
	bool first = true;

	buffer_putc(out, '{');
	json_object_object_foreach(o, key, value) {
		if (!first)
			buffer_putc(out, ',');
		first = false;
		write_string(key, strlen(key), out);
		buffer_putc(out, ':');
		gojson_write(value, out);
	}
	buffer_putc(out, '}');
}

void
gojson_write(json_object *o, struct buffer *out)
{
	switch (json_object_get_type(o)) {
	case json_type_string:
		write_string(json_object_get_string(o),
		    (size_t)json_object_get_string_len(o), out);
		break;
	case json_type_array:
		write_array(o, out);
		break;
	case json_type_object:
		write_object(o, out);
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

/* A string literal at p[i], as it stands but for what Go escapes in it. */
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
gojson_indent(const char *p, size_t n, struct buffer *out)
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
