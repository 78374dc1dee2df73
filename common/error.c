/* SPDX-License-Identifier: Apache-2.0 */
/* error.c - the sentence of a failure; see error.h. */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
error_clear(struct error *e)
{
	if (e == NULL)
		return;
	e->kind = ERROR_NONE;
	e->http = 0;
	e->text[0] = '\0';
}

/* Formats into a separate buffer first: an argument may be the text that is
 * replaced. */
static size_t __attribute__((format(printf, 3, 0)))
fill(struct error *e, enum error_kind kind, const char *fmt, va_list ap)
{
	char text[ERROR_TEXT_MAX + 1];
	size_t n;

	vsnprintf(text, sizeof(text), fmt, ap);
	n = strlen(text);
	e->kind = kind;
	e->http = 0;
	memcpy(e->text, text, n + 1);
	return n;
}

int
error_set(struct error *e, enum error_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	fill(e, kind, fmt, ap);
	va_end(ap);
	return -1;
}

int
error_sys(struct error *e, int errnum, const char *fmt, ...)
{
	const char *reason = strerrordesc_np(errnum);
	size_t n;
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	n = fill(e, ERROR_SYSTEM, fmt, ap);
	va_end(ap);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s",
	    reason != NULL ? reason : "unknown error");
	return -1;
}

int
error_prefix(struct error *e, const char *fmt, ...)
{
	char head[ERROR_TEXT_MAX + 1];
	size_t len, n;
	va_list ap;

	if (e == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(head, sizeof(head), fmt, ap);
	va_end(ap);
	n = strlen(head);
	if (n > ERROR_TEXT_MAX - 2)
		n = ERROR_TEXT_MAX - 2;
	len = strlen(e->text);
	if (len > ERROR_TEXT_MAX - n - 2)
		len = ERROR_TEXT_MAX - n - 2;
	memmove(e->text + n + 2, e->text, len);
	memcpy(e->text, head, n);
	memcpy(e->text + n, ": ", 2);
	e->text[n + 2 + len] = '\0';
	return -1;
}
