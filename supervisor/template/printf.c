/* SPDX-License-Identifier: Apache-2.0 */
/* fmt.Sprintf, as far as a text, a number or a list goes. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/template/template_private.h"

#define WIDTH_MAX 4096	/* a wider field is cut to this */

struct spec {
	bool left, zero, plus, sharp;
	int width, precision;	/* precision -1: none */
	char verb;
};

static int
number(const char **p)
{
	int n = 0;

	for (; isdigit((unsigned char)**p); (*p)++)
		if (n < WIDTH_MAX)
			n = n * 10 + (**p - '0');
	return n < WIDTH_MAX ? n : WIDTH_MAX;
}

static void
parse_spec(const char **p, struct spec *s)
{
	memset(s, 0, sizeof(*s));
	s->precision = -1;
	for (; **p != '\0' && strchr("-0+# ", **p) != NULL; (*p)++) {
		s->left |= **p == '-';
		s->zero |= **p == '0';
		s->plus |= **p == '+';
		s->sharp |= **p == '#';
	}
	s->width = number(p);
	if (**p == '.') {
		(*p)++;
		s->precision = number(p);
	}
	s->verb = **p;
	if (**p != '\0')
		(*p)++;
}

static int
quote(const char *s, struct buffer *out)
{
	static const char from[] = "\a\b\f\n\r\t\v\\\"", to[] = "abfnrtv\\\"";
	int r = buffer_putc(out, '"');
	const char *at;

	for (; r == 0 && *s != '\0'; s++) {
		at = strchr(from, *s);
		if (at != NULL)
			r = buffer_printf(out, "\\%c", to[at - from]);
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			r = buffer_printf(out, "\\x%02x", (unsigned char)*s);
		else
			r = buffer_putc(out, *s);
	}
	return r == 0 ? buffer_putc(out, '"') : -1;
}

static int
hex(const char *s, bool upper, struct buffer *out)
{
	int r = 0;

	for (; r == 0 && *s != '\0'; s++)
		r = buffer_printf(out, upper ? "%02X" : "%02x",
		    (unsigned char)*s);
	return r;
}

/* Go's way to say that verb and value do not go together. */
static int
mismatch(const struct spec *s, const struct value *v, struct buffer *out)
{
	if (buffer_printf(out, "%%!%c(%s%s", s->verb,
	    v->kind == VALUE_NIL ? "<nil>" : value_type(v),
	    v->kind == VALUE_NIL ? "" : "=") == -1 ||
	    (v->kind != VALUE_NIL && value_print(v, out) == -1))
		return -1;
	return buffer_putc(out, ')');
}

static int
format_int(const struct spec *s, const struct value *v, struct buffer *out)
{
	uint64_t u = v->number < 0 ? 0 - (uint64_t)v->number :
	    (uint64_t)v->number;
	const char *sign = v->number < 0 ? "-" : s->plus ? "+" : "";

	switch (s->verb) {
	case 'd':
	case 'v': return buffer_printf(out, "%s%" PRIu64, sign, u);
	case 'x': return buffer_printf(out, "%s%s%" PRIx64, sign,
	    s->sharp ? "0x" : "", u);
	case 'X': return buffer_printf(out, "%s%s%" PRIX64, sign,
	    s->sharp ? "0X" : "", u);
	case 'o': return buffer_printf(out, "%s%" PRIo64, sign, u);
	case 'c': return u > 0 && u < 0x80 ? buffer_putc(out, (char)u) :
	    mismatch(s, v, out);
	default: return mismatch(s, v, out);
	}
}

static int
format_text(const struct spec *s, const char *text, struct buffer *out)
{
	size_t n = strlen(text);

	if (s->precision >= 0 && (size_t)s->precision < n &&
	    (s->verb == 's' || s->verb == 'v'))
		n = (size_t)s->precision;
	switch (s->verb) {
	case 's':
	case 'v': return s->sharp ? quote(text, out) :
	    buffer_put(out, text, n);
	case 'q': return quote(text, out);
	default: return hex(text, s->verb == 'X', out);
	}
}

static int
format_one(const struct spec *s, const struct value *v, struct buffer *out)
{
	if (v->kind == VALUE_INT)
		return format_int(s, v, out);
	if (v->kind == VALUE_STRING)
		return strchr("svqxX", s->verb) != NULL ?
		    format_text(s, v->text, out) : mismatch(s, v, out);
	if (v->kind == VALUE_BOOL && s->verb == 't')
		return value_print(v, out);
	if (v->kind == VALUE_FLOAT && strchr("feg", s->verb) != NULL)
		return buffer_printf(out, s->verb == 'f' ? "%.*f" :
		    s->verb == 'e' ? "%.*e" : "%.*g",
		    s->precision >= 0 && s->precision < 40 ? s->precision : 6,
		    v->real);
	if (s->verb == 'v' || (s->verb == 's' && v->kind >= VALUE_LIST))
		return value_print(v, out);
	return mismatch(s, v, out);
}

/* A formatted value in its width. */
static int
put_padded(const struct spec *s, const char *text, struct buffer *out)
{
	int n = (int)strlen(text), pad = s->width > n ? s->width - n : 0;
	char fill = s->zero && !s->left ? '0' : ' ';
	int r = 0;

	if (fill == '0' && pad != 0 && (*text == '-' || *text == '+'))
		r = buffer_putc(out, *text++);
	for (int i = 0; r == 0 && !s->left && i < pad; i++)
		r = buffer_putc(out, fill);
	if (r == 0)
		r = buffer_puts(out, text);
	for (int i = 0; r == 0 && s->left && i < pad; i++)
		r = buffer_putc(out, ' ');
	return r;
}

static int
put_extra(const struct value *args, size_t from, size_t n, struct buffer *out)
{
	int r = 0;

	if (from >= n)
		return 0;
	r = buffer_puts(out, "%!(EXTRA ");
	for (size_t i = from; r == 0 && i < n; i++) {
		r = buffer_printf(out, "%s%s=", i != from ? ", " : "",
		    value_type(&args[i]));
		if (r == 0)
			r = value_print(&args[i], out);
	}
	return r == 0 ? buffer_putc(out, ')') : -1;
}

int
value_printf(const char *fmt, const struct value *args, size_t n,
    struct buffer *out)
{
	struct buffer one;
	struct spec s;
	size_t i = 0;
	int r = 0;

	buffer_init(&one, SECRET_MAX);
	one.secret = true;
	while (r == 0 && *fmt != '\0') {
		if (*fmt != '%') {
			r = buffer_putc(out, *fmt++);
			continue;
		}
		fmt++;
		parse_spec(&fmt, &s);
		if (s.verb == '%') {
			r = buffer_putc(out, '%');
		} else if (s.verb == '\0') {
			r = buffer_puts(out, "%!(NOVERB)");
		} else if (i == n) {
			r = buffer_printf(out, "%%!%c(MISSING)", s.verb);
		} else {
			buffer_clear(&one);
			r = format_one(&s, &args[i++], &one);
			if (r == 0)
				r = put_padded(&s, buffer_str(&one), out);
		}
	}
	buffer_free(&one);
	return r == 0 ? put_extra(args, i, n, out) : -1;
}
