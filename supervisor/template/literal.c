/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an action: spaces, words, quoted strings, numbers. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/template/template_private.h"

/* Like Go it counts columns from 0; unlike Go it shows a name only, since any
 * other text may be a part of a password. */
int
template_fail(struct template_run *r, const char *at, const char *name,
    const char *fmt, ...)
{
	char why[ERROR_TEXT_MAX + 1];
	const char *start = at;
	int line = 1;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	while (start != r->text && start[-1] != '\n')
		start--;
	for (const char *p = r->text; p != start; p++)
		line += *p == '\n';
	if (name == NULL)
		return error_set(r->err, ERROR_INPUT, "template: out:%d: %s",
		    line, why);
	return error_set(r->err, ERROR_INPUT, "template: out:%d:%d: "
	    "executing \"out\" at <%.64s>: %s", line, (int)(at - start), name,
	    why);
}

bool
template_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void
template_skip_space(struct template_run *r)
{
	while (template_is_space(*r->p))
		r->p++;
}

/* With the dots that hold time.Now.Unix together. */
size_t
template_word(const char *p)
{
	size_t n = 0;

	if (isdigit((unsigned char)*p) || *p == '.')
		return 0;
	while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '.' ||
	    (p[n] & 0x80) != 0)
		n++;
	return n;
}

static bool
trims(const struct template_run *r)
{
	return r->p != r->text && template_is_space(r->p[-1]) &&
	    strncmp(r->p, "-}}", 3) == 0;
}

bool
template_at_close(const struct template_run *r)
{
	return strncmp(r->p, "}}", 2) == 0 || trims(r);
}

int
template_close(struct template_run *r)
{
	template_skip_space(r);
	if (trims(r)) {
		r->p += 3;
		template_skip_space(r);
		return 0;
	}
	if (strncmp(r->p, "}}", 2) == 0) {
		r->p += 2;
		return 0;
	}
	return template_fail(r, r->p, NULL, *r->p == '\0' ?
	    "unclosed action" : *r->p == ')' ? "unexpected right paren" :
	    "expected \"}}\" here");
}

/* The escape at *p, behind its backslash, into b. False: it is not one of
 * these, or stands for NUL, which no string can hold. */
static bool
put_escape(const char **p, struct buffer *b)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	const char *at = **p != '\0' ? strchr(from, **p) : NULL;
	char hex[3] = { 0 };
	unsigned long c;

	if (at != NULL) {
		buffer_putc(b, to[at - from]);
		(*p)++;
		return true;
	}
	if (**p != 'x' || strspn(*p + 1, "0123456789abcdefABCDEF") < 2)
		return false;
	memcpy(hex, *p + 1, 2);
	c = strtoul(hex, NULL, 16);
	buffer_putc(b, (char)c);
	*p += 3;
	return c != 0;
}

int
template_quoted(struct template_run *r, struct template_value *out)
{
	const char *p = r->p + 1, *why = NULL;
	struct buffer b;

	buffer_init(&b, 0);
	b.secret = true;
	buffer_puts(&b, "");
	while (why == NULL && *p != '"') {
		if (*p == '\0' || *p == '\n')
			why = "unterminated quoted string";
		else if (*p != '\\')
			buffer_putc(&b, *p++);
		else if (p++, !put_escape(&p, &b))
			why = *p == '\0' || *p == '\n' ?
			    "unterminated quoted string" : "this escape is "
			    "not supported in templates, write \\\\ for a "
			    "backslash";
	}
	if (why == NULL) {
		template_value_string(out, buffer_steal(&b));
		r->p = p + 1;
	}
	buffer_free(&b);
	return why == NULL ? 0 : template_fail(r, r->p, NULL, "%s", why);
}

int
template_raw(struct template_run *r, struct template_value *out)
{
	const char *end = strchr(r->p + 1, '`');

	if (end == NULL)
		return template_fail(r, r->p, NULL, "unterminated raw quoted "
		    "string");
	template_value_string(out, mem_strndup(r->p + 1,
	    (size_t)(end - r->p - 1)));
	r->p = end + 1;
	return 0;
}

int
template_number(struct template_run *r, struct template_value *out)
{
	const char *digits = r->p + (*r->p == '-' || *r->p == '+');
	char *end;

	errno = 0;
	out->kind = TEMPLATE_INT;
	out->number = strtoll(r->p, &end, 10);
	if (!isdigit((unsigned char)*digits) || errno != 0 ||
	    (digits[0] == '0' && end != digits + 1) || *end == '.' ||
	    *end == '_' || isalnum((unsigned char)*end))
		return template_fail(r, r->p, NULL, "bad number, expected a "
		    "whole decimal number such as 5");
	r->p = end;
	return 0;
}
