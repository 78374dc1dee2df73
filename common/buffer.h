/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffer.h - bytes that grow up to a stated limit. Data is always followed by
 * a NUL that is not counted, so that a buffer of text is a C string.
 */
#ifndef REGBOT_BUFFER_H
#define REGBOT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
	char *data;	/* never NULL after the first put; owned */
	size_t len;
	size_t cap;
	size_t max;	/* 0: no limit */
	bool secret;	/* wiped whenever it is moved or freed */
};

void buffer_init(struct buffer *b, size_t max);
void buffer_free(struct buffer *b);	/* usable again as if initialised */
void buffer_clear(struct buffer *b);	/* length 0, keeps the memory */

/* These return 0, or -1 when the limit would be passed (nothing is added). */
int buffer_put(struct buffer *b, const void *p, size_t n);
int buffer_puts(struct buffer *b, const char *s);
int buffer_putc(struct buffer *b, char c);
int buffer_printf(struct buffer *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Drops n bytes from the front. */
void buffer_consume(struct buffer *b, size_t n);

/* The contents as a string that the caller frees; the buffer is empty then. */
char *buffer_steal(struct buffer *b);

/* The contents as a C string, "" when nothing was put. Borrowed. */
const char *buffer_str(const struct buffer *b);

#endif
