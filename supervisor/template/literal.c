/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind a backslash in a quoted text of Go. */
#include <ctype.h>
#include <string.h>

#include "supervisor/template/template_private.h"

/* Appends the code point as UTF-8. */
static void
put_rune(struct buffer *b, uint32_t c)
{
	if (c < 0x80) {
		buffer_putc(b, (char)c);
	} else if (c < 0x800) {
		buffer_putc(b, (char)(0xc0 | c >> 6));
		buffer_putc(b, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buffer_putc(b, (char)(0xe0 | c >> 12));
		buffer_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buffer_putc(b, (char)(0x80 | (c & 0x3f)));
	} else {
		buffer_putc(b, (char)(0xf0 | c >> 18));
		buffer_putc(b, (char)(0x80 | (c >> 12 & 0x3f)));
		buffer_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buffer_putc(b, (char)(0x80 | (c & 0x3f)));
	}
}

/* n digits of base; -1 when they are not there. */
static long
digits(const char *p, int n, int base)
{
	long v = 0;

	for (int i = 0; i < n; i++) {
		int c = (unsigned char)p[i], d;

		d = isdigit(c) ? c - '0' : isxdigit(c) ?
		    tolower(c) - 'a' + 10 : 99;
		if (d >= base)
			return -1;
		v = v * base + d;
	}
	return v;
}

bool
template_escape(const char **p, struct buffer *b)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	const char *at = **p != '\0' ? strchr(from, **p) : NULL;
	long v = -1;
	int n = 0;

	if (at != NULL) {
		buffer_putc(b, to[at - from]);
		(*p)++;
		return true;
	}
	if (**p == 'x')
		v = digits(*p + 1, n = 2, 16);
	else if (**p == 'u')
		v = digits(*p + 1, n = 4, 16);
	else if (**p == 'U')
		v = digits(*p + 1, n = 8, 16);
	else if (**p >= '0' && **p <= '7') {
		v = digits(*p, 3, 8);
		n = 2;
	}
	if (v <= 0 || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return false;	/* also \0: a text has no NUL */
	if (**p == 'u' || **p == 'U')
		put_rune(b, (uint32_t)v);
	else if (v > 0xff)
		return false;
	else
		buffer_putc(b, (char)v);
	*p += n + 1;
	return true;
}
