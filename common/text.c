/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - UTF-8, base64 and percent encoding; see text.h. */
#include "common/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

size_t
text_utf8(const char *text, size_t n, uint32_t *cp)
{
	/* The smallest code point that needs this many bytes. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text;
	uint32_t c = p[0];
	size_t len;

	if (c < 0x80)
		len = 1;
	else if (c >= 0xc2 && c <= 0xdf)
		len = 2;
	else if (c >= 0xe0 && c <= 0xef)
		len = 3;
	else if (c >= 0xf0 && c <= 0xf4)
		len = 4;
	else
		return 0;
	if (len > n)
		return 0;
	if (len > 1)
		c &= 0xffu >> (len + 1);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	if (cp != NULL)
		*cp = c;
	return len;
}

size_t
text_cut(const char *p, size_t n, size_t max)
{
	if (n <= max)
		return n;
	/* A sequence that begins in the last three bytes may be cut short. */
	for (size_t back = 1; back <= 3 && back <= max; back++) {
		unsigned char c = (unsigned char)p[max - back];

		if ((c & 0xc0) == 0x80)
			continue;
		if (c >= 0x80 && text_utf8(p + max - back, n - (max - back),
		    NULL) > back)
			return max - back;
		break;
	}
	return max;
}

int
text_base64(struct buffer *out, const void *p, size_t n)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *b = p;
	char four[4];

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)b[i] << 16;

		if (i + 1 < n)
			v |= (unsigned)b[i + 1] << 8;
		if (i + 2 < n)
			v |= b[i + 2];
		four[0] = set[v >> 18];
		four[1] = set[v >> 12 & 63];
		four[2] = i + 1 < n ? set[v >> 6 & 63] : '=';
		four[3] = i + 2 < n ? set[v & 63] : '=';
		if (buffer_put(out, four, 4) == -1)
			return -1;
	}
	return 0;
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

int
text_base64_decode(struct buffer *out, const char *p, size_t n)
{
	unsigned bits = 0;
	int have = 0, v;

	for (int pad = 0; pad < 2 && n > 0 && p[n - 1] == '='; pad++)
		n--;
	if (n % 4 == 1)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if ((v = base64_value(p[i])) == -1)
			return -1;
		bits = (bits << 6 | (unsigned)v) & 0xffffff;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (buffer_putc(out, (char)(bits >> have & 0xff)) == -1)
			return -1;
	}
	return 0;
}

void
text_percent(struct buffer *out, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (; *s != '\0'; s++)
		if (strchr(plain, *s) != NULL)
			buffer_putc(out, *s);
		else
			buffer_printf(out, "%%%02X", (unsigned char)*s);
}

void
text_query(struct buffer *out, const char *key, const char *value)
{
	if (out->len != 0 && strchr("?&", out->data[out->len - 1]) == NULL)
		buffer_putc(out, '&');
	buffer_puts(out, key);
	buffer_putc(out, '=');
	text_percent(out, value);
}

void
text_query_u64(struct buffer *out, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	text_query(out, key, text);
}
