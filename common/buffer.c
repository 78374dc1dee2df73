/* SPDX-License-Identifier: Apache-2.0 */
/* buffer.c - bytes that grow up to a limit; see buffer.h. */
#include "common/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

void
buffer_init(struct buffer *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
buffer_free(struct buffer *b)
{
	if (b->data != NULL && b->secret)
		explicit_bzero(b->data, b->cap);
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
}

void
buffer_clear(struct buffer *b)
{
	if (b->data != NULL && b->secret)
		explicit_bzero(b->data, b->cap);
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

static int
reserve(struct buffer *b, size_t n)
{
	char *p;
	size_t cap, need;

	if (n > SIZE_MAX / 2 - b->len - 1)
		return -1;
	need = b->len + n;
	if (b->max != 0 && need > b->max)
		return -1;
	if (need < b->cap)
		return 0;
	cap = b->cap != 0 ? b->cap : 64;
	while (cap <= need)
		cap *= 2;
	if (b->secret && b->data != NULL) {
		p = mem_alloc(cap);
		memcpy(p, b->data, b->len);
		explicit_bzero(b->data, b->cap);
		free(b->data);
	} else
		p = mem_resize(b->data, cap, 1);
	b->data = p;
	b->cap = cap;
	return 0;
}

int
buffer_put(struct buffer *b, const void *p, size_t n)
{
	if (reserve(b, n) == -1)
		return -1;
	if (n != 0)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int
buffer_puts(struct buffer *b, const char *s)
{
	return buffer_put(b, s, strlen(s));
}

int
buffer_putc(struct buffer *b, char c)
{
	return buffer_put(b, &c, 1);
}

int
buffer_printf(struct buffer *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || reserve(b, (size_t)n) == -1)
		return -1;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return 0;
}

void
buffer_consume(struct buffer *b, size_t n)
{
	if (n >= b->len) {
		buffer_clear(b);
		return;
	}
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
	if (b->secret)
		explicit_bzero(b->data + b->len, n);
	b->data[b->len] = '\0';
}

char *
buffer_steal(struct buffer *b)
{
	char *p;

	reserve(b, 0);
	p = b->data;
	p[b->len] = '\0';
	b->data = NULL;
	b->len = b->cap = 0;
	return p;
}

const char *
buffer_str(const struct buffer *b)
{
	return b->data != NULL ? b->data : "";
}
