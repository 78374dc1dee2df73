/* SPDX-License-Identifier: Apache-2.0 */
/* lex.c - Lua tokens; strings, long brackets and comments as Lua reads them. */
#include "worker/prepass/lex.h"

#include <string.h>

#include "common/mem.h"

struct lua_source {
	const char *p, *end;
};

/* The locale is always "C", but these must not depend on it. */
static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(int c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
is_name(int c)
{
	return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

static bool
is_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int
at(const struct lua_source *x, size_t i)
{
	return (size_t)(x->end - x->p) > i ? (unsigned char)x->p[i] : -1;
}

/* The level of a long bracket that opens here, or -1. */
static int
long_level(const struct lua_source *x)
{
	size_t n = 0;

	while (at(x, 1 + n) == '=')
		n++;
	return at(x, 1 + n) == '[' && n < 1 << 20 ? (int)n : -1;
}

static int
skip_long(struct lua_source *x, int level)
{
	x->p += level + 2;
	for (; x->p < x->end; x->p++) {
		const char *q = x->p + 1;
		int n = 0;

		if (*x->p != ']')
			continue;
		while (q < x->end && *q == '=' && n <= level) {
			q++;
			n++;
		}
		if (n == level && q < x->end && *q == ']') {
			x->p = q + 1;
			return 0;
		}
	}
	return -1;
}

static int
skip_blanks(struct lua_source *x)
{
	int level;

	for (;;) {
		while (x->p < x->end && is_space((unsigned char)*x->p))
			x->p++;
		if (at(x, 0) != '-' || at(x, 1) != '-')
			return 0;
		x->p += 2;
		level = at(x, 0) == '[' ? long_level(x) : -1;
		if (level >= 0) {
			if (skip_long(x, level) == -1)
				return -1;
			continue;
		}
		while (x->p < x->end && *x->p != '\n' && *x->p != '\r')
			x->p++;
	}
}

static int
skip_string(struct lua_source *x)
{
	char quote = *x->p++;

	while (x->p < x->end) {
		char c = *x->p++;

		if (c == quote)
			return 0;
		if (c == '\n' || c == '\r')
			return -1;
		if (c != '\\' || x->p == x->end)
			continue;
		c = *x->p++;
		if (c == 'z') {
			while (x->p < x->end &&
			    is_space((unsigned char)*x->p))
				x->p++;
		} else if ((c == '\n' && at(x, 0) == '\r') ||
		    (c == '\r' && at(x, 0) == '\n'))
			x->p++;
	}
	return -1;
}

/* As greedy as Lua is: "1..2" is one malformed number. */
static void
skip_number(struct lua_source *x)
{
	bool hex = at(x, 0) == '0' && (at(x, 1) == 'x' || at(x, 1) == 'X');

	x->p += hex ? 2 : 1;
	for (;;) {
		int c = at(x, 0);

		if (hex ? c == 'p' || c == 'P' : c == 'e' || c == 'E') {
			x->p++;
			if (at(x, 0) == '+' || at(x, 0) == '-')
				x->p++;
		} else if (is_hex(c) || c == '.')
			x->p++;
		else
			return;
	}
}

/* A symbol comes before its own prefixes. */
static const struct {
	const char *text;
	uint8_t type;
} symbols[] = {
	{ "...", LEX_LITERAL }, { "..", LEX_CONCAT }, { "==", LEX_LOOSE },
	{ "~=", LEX_LOOSE }, { "<=", LEX_LOOSE }, { ">=", LEX_LOOSE },
	{ "<<", LEX_LOOSE }, { ">>", LEX_LOOSE }, { "//", LEX_TIGHT },
	{ "::", LEX_BEFORE_STATEMENT }, { "+", LEX_TIGHT },
	{ "-", LEX_TIGHT }, { "*", LEX_TIGHT }, { "/", LEX_TIGHT },
	{ "%", LEX_TIGHT }, { "^", LEX_TIGHT }, { "#", LEX_TIGHT },
	{ "&", LEX_LOOSE }, { "|", LEX_LOOSE }, { "<", LEX_LOOSE },
	{ ">", LEX_LOOSE }, { "~", LEX_TILDE }, { "=", LEX_ASSIGN },
	{ ".", LEX_MEMBER }, { ":", LEX_MEMBER }, { ",", LEX_COMMA },
	{ ";", LEX_SEMICOLON }, { "(", LEX_OPEN }, { "[", LEX_OPEN },
	{ "{", LEX_OPEN }, { ")", LEX_CLOSE }, { "]", LEX_CLOSE },
	{ "}", LEX_CLOSE },
}, words[] = {
	{ "and", LEX_LOOSE }, { "break", LEX_BEFORE_STATEMENT },
	{ "do", LEX_DO }, { "else", LEX_BEFORE_STATEMENT },
	{ "elseif", LEX_BEFORE_EXPRESSION }, { "end", LEX_ENDWORD },
	{ "false", LEX_LITERAL }, { "for", LEX_BEFORE_STATEMENT },
	{ "function", LEX_FUNCTION }, { "goto", LEX_BEFORE_STATEMENT },
	{ "if", LEX_IF }, { "in", LEX_BEFORE_EXPRESSION },
	{ "local", LEX_BEFORE_STATEMENT }, { "nil", LEX_LITERAL },
	{ "not", LEX_TIGHT }, { "or", LEX_LOOSE }, { "repeat", LEX_REPEAT },
	{ "return", LEX_BEFORE_EXPRESSION },
	{ "then", LEX_BEFORE_STATEMENT }, { "true", LEX_LITERAL },
	{ "until", LEX_UNTIL }, { "while", LEX_BEFORE_EXPRESSION },
};

static int
word_type(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].text) == n &&
		    memcmp(words[i].text, s, n) == 0)
			return words[i].type;
	return LEX_NAME;
}

static int
symbol(struct lua_source *x)
{
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		size_t n = strlen(symbols[i].text);

		if ((size_t)(x->end - x->p) >= n &&
		    memcmp(x->p, symbols[i].text, n) == 0) {
			x->p += n;
			return symbols[i].type;
		}
	}
	return -1;
}

/* The next token's type, with x->p moved past it; -1 when it is malformed. */
static int
next(struct lua_source *x)
{
	const char *start = x->p;
	int c = at(x, 0), level;

	if (is_digit(c) || (c == '.' && is_digit(at(x, 1)))) {
		skip_number(x);
		return LEX_LITERAL;
	}
	if (is_name(c)) {
		while (x->p < x->end && is_name((unsigned char)*x->p))
			x->p++;
		return word_type(start, (size_t)(x->p - start));
	}
	if (c == '"' || c == '\'')
		return skip_string(x) == 0 ? LEX_STRING : -1;
	level = c == '[' ? long_level(x) : -1;
	if (level >= 0)
		return skip_long(x, level) == 0 ? LEX_STRING : -1;
	return symbol(x);
}

struct lua_token *
lex(const char *src, size_t len, size_t *count, bool *whole)
{
	struct lua_source x = { .p = src, .end = src + len };
	struct lua_token *t = NULL;
	size_t n = 0, room = 0;
	int type;

	*whole = true;
	do {
		const char *start;

		type = LEX_END;
		if (skip_blanks(&x) == -1)
			*whole = false;
		start = x.p;
		if (*whole && x.p < x.end && (type = next(&x)) == -1) {
			*whole = false;
			type = LEX_END;
		}
		if (n == room) {
			room = room * 2 + 64;
			t = mem_resize(t, room, sizeof(*t));
		}
		memset(&t[n], 0, sizeof(t[n]));
		t[n].type = (uint8_t)type;
		t[n].start = (uint32_t)(start - src);
		t[n++].end = (uint32_t)(x.p - src);
	} while (type != LEX_END);
	*count = n;
	return t;
}
