/* SPDX-License-Identifier: Apache-2.0 */
/* A template's text as tokens, by the rules of Go's text/template/parse. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/template/template_private.h"

struct lexer {
	const char *text, *p;
	struct tokens *out;
	struct error *err;
};

int
template_error(const char *text, size_t pos, struct error *err,
    const char *fmt, ...)
{
	char why[ERROR_TEXT_MAX + 1];
	int line = 1;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < pos; i++)
		line += text[i] == '\n';
	return error_set(err, ERROR_INPUT, "template: out:%d: %s", line, why);
}

static int
fail(struct lexer *l, const char *why)
{
	return template_error(l->text, (size_t)(l->p - l->text), l->err, "%s",
	    why);
}

static struct token *
add(struct lexer *l, enum token_kind kind, const char *at)
{
	struct tokens *t = l->out;
	struct token *k;

	if ((t->n & (t->n - 1)) == 0)	/* full at powers of two */
		t->list = mem_resize(t->list, t->n != 0 ? t->n * 2 : 1,
		    sizeof(t->list[0]));
	k = &t->list[t->n++];
	memset(k, 0, sizeof(*k));
	k->kind = kind;
	k->pos = (size_t)(at - l->text);
	k->space = at != l->text && isspace((unsigned char)at[-1]);
	return k;
}

void
template_tokens_free(struct tokens *t)
{
	for (size_t i = 0; i < t->n; i++)
		mem_wipe(t->list[i].text);
	free(t->list);
	memset(t, 0, sizeof(*t));
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80) != 0;
}

static int
lex_quoted(struct lexer *l)
{
	const char *start = l->p, *p = l->p + 1;
	struct buffer b;

	buffer_init(&b, 0);
	b.secret = true;
	while (*p != '"') {
		if (*p == '\0' || *p == '\n') {
			buffer_free(&b);
			return fail(l, "unterminated quoted string");
		}
		if (*p != '\\') {
			buffer_putc(&b, *p++);
			continue;
		}
		p++;
		if (!template_escape(&p, &b)) {
			buffer_free(&b);
			return fail(l, *p == '\0' || *p == '\n' ?
			    "unterminated quoted string" : "invalid syntax");
		}
	}
	add(l, TOKEN_STRING, start)->text = buffer_steal(&b);
	l->p = p + 1;
	return 0;
}

static int
lex_raw(struct lexer *l)
{
	const char *end = strchr(l->p + 1, '`');

	if (end == NULL)
		return fail(l, "unterminated raw quoted string");
	add(l, TOKEN_STRING, l->p)->text = mem_strndup(l->p + 1,
	    (size_t)(end - l->p - 1));
	l->p = end + 1;
	return 0;
}

static int
lex_rune(struct lexer *l)
{
	const char *p = l->p + 1;
	struct buffer b;
	bool ok = true;

	buffer_init(&b, 0);
	if (*p == '\\') {
		p++;
		ok = template_escape(&p, &b);
	} else if (*p != '\0' && *p != '\'' && (*p & 0x80) == 0)
		buffer_putc(&b, *p++);
	if (!ok || *p != '\'' || b.len != 1) {
		buffer_free(&b);
		return fail(l, "unterminated or malformed character constant");
	}
	add(l, TOKEN_INT, l->p)->number = (unsigned char)b.data[0];
	buffer_free(&b);
	l->p = p + 1;
	return 0;
}

static int
lex_number(struct lexer *l)
{
	size_t n = strspn(l->p, "+-0123456789abcdefABCDEFxXoO._pP");
	char text[72], *end;
	struct token *t;
	int64_t v;
	double d;

	if (n < sizeof(text)) {
		memcpy(text, l->p, n);
		text[n] = '\0';
		errno = 0;
		v = strtoll(text, &end, 0);
		if (*end == '\0' && errno == 0) {
			t = add(l, TOKEN_INT, l->p);
			t->number = v;
			l->p += n;
			return 0;
		}
		d = strtod(text, &end);
		if (*end == '\0' && isfinite(d)) {
			t = add(l, TOKEN_FLOAT, l->p);
			t->real = d;
			l->p += n;
			return 0;
		}
	}
	return fail(l, "bad number syntax");
}

/* A word, .field or $variable; skip is the length of its first sign. */
static int
lex_name(struct lexer *l, enum token_kind kind, size_t skip)
{
	const char *p = l->p + skip;

	while (is_word(*p))
		p++;
	if (!is_space(*p) && strchr(".,|:)(=", *p) == NULL &&
	    strncmp(p, "}}", 2) != 0)
		return fail(l, "bad character in the middle of a name");
	if (*p == '\0')
		return fail(l, "unclosed action");
	add(l, kind, l->p)->text = mem_strndup(kind == TOKEN_FIELD ?
	    l->p + 1 : l->p, (size_t)(p - l->p) - (kind == TOKEN_FIELD));
	l->p = p;
	return 0;
}

static int
lex_sign(struct lexer *l)
{
	static const struct { const char *sign; enum token_kind kind; } signs[]
	    = { { ":=", TOKEN_DECLARE }, { "=", TOKEN_ASSIGN },
	    { "|", TOKEN_PIPE }, { "(", TOKEN_LEFT }, { ")", TOKEN_RIGHT },
	    { ",", TOKEN_COMMA }, { ".", TOKEN_DOT } };
	unsigned char c = (unsigned char)*l->p;

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t n = strlen(signs[i].sign);

		if (strncmp(l->p, signs[i].sign, n) == 0) {
			add(l, signs[i].kind, l->p);
			l->p += n;
			return 0;
		}
	}
	if (c == ':')
		return fail(l, "expected :=");
	return template_error(l->text, (size_t)(l->p - l->text), l->err,
	    "unrecognized character in action: U+%04X", c);
}

static int
lex_one(struct lexer *l)
{
	unsigned char c = (unsigned char)*l->p, next = (unsigned char)l->p[1];

	if (c == '"')
		return lex_quoted(l);
	if (c == '`')
		return lex_raw(l);
	if (c == '\'')
		return lex_rune(l);
	if (c == '$')
		return lex_name(l, TOKEN_VARIABLE, 1);
	if (c == '.' && !isdigit(next) && is_word((char)next))
		return lex_name(l, TOKEN_FIELD, 1);
	if (isdigit(c) || ((c == '+' || c == '-' || c == '.') &&
	    (isdigit(next) || next == '.')))
		return lex_number(l);
	if (is_word((char)c))
		return lex_name(l, TOKEN_WORD, 0);
	return lex_sign(l);
}

/* Past the action's end, and past white space if it trims. */
static bool
action_end(struct lexer *l, bool *found)
{
	const char *p = l->p;
	bool trim = p != l->text && is_space(p[-1]) &&
	    strncmp(p, "-}}", 3) == 0;

	*found = trim || strncmp(p, "}}", 2) == 0;
	if (!*found)
		return false;
	add(l, TOKEN_CLOSE, p);
	l->p = p + (trim ? 3 : 2);
	while (trim && is_space(*l->p))
		l->p++;
	return true;
}

static int
lex_comment(struct lexer *l)
{
	const char *end = strstr(l->p + 2, "*/");

	if (end == NULL)
		return fail(l, "unclosed comment");
	l->p = end + 2;
	if (is_space(l->p[0]) && strncmp(l->p + 1, "-}}", 3) == 0) {
		l->p += 4;
		while (is_space(*l->p))
			l->p++;
		return 0;
	}
	if (strncmp(l->p, "}}", 2) != 0)
		return fail(l, "comment ends before closing delimiter");
	l->p += 2;
	return 0;
}

static int
lex_action(struct lexer *l)
{
	const char *open = l->p;
	bool done = false;

	l->p += 2;
	if (l->p[0] == '-' && is_space(l->p[1])) {
		l->p++;
		if (strncmp(l->p + 1, "/*", 2) == 0)
			l->p++;
	}
	if (strncmp(l->p, "/*", 2) == 0)
		return lex_comment(l);
	add(l, TOKEN_OPEN, open);
	while (!done) {
		while (is_space(*l->p))
			l->p++;
		if (*l->p == '\0')
			return fail(l, "unclosed action");
		if (!action_end(l, &done) && lex_one(l) == -1)
			return -1;
	}
	return 0;
}

int
template_lex(const char *text, struct tokens *out, struct error *err)
{
	struct lexer l = { text, text, out, err };
	const char *open, *end;

	memset(out, 0, sizeof(*out));
	for (;;) {
		open = strstr(l.p, "{{");
		end = open != NULL ? open : l.p + strlen(l.p);
		if (open != NULL && open[2] == '-' && is_space(open[3]))
			while (end != l.p && is_space(end[-1]))
				end--;
		if (end != l.p)
			add(&l, TOKEN_TEXT, l.p)->text = mem_strndup(l.p,
			    (size_t)(end - l.p));
		if (open == NULL)
			break;
		l.p = open;
		if (lex_action(&l) == -1)
			return -1;
	}
	l.p += strlen(l.p);
	add(&l, TOKEN_EOF, l.p);
	return 0;
}
