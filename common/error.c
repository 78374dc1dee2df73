#include "error.h"

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

int
error_set(struct error *e, enum error_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return -1;
	e->kind = kind;
	e->http = 0;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

int
error_sys(struct error *e, int errnum, const char *fmt, ...)
{
	size_t n;
	va_list ap;

	if (e == NULL)
		return -1;
	e->kind = ERROR_SYSTEM;
	e->http = 0;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s",
	    strerrordesc_np(errnum) != NULL ? strerrordesc_np(errnum) :
	    "unknown error");
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
