/*
 * A recognizer of Lua 5.3's grammar that marks the chains of ".." in the
 * array of tokens. It accepts a little more than Lua: what it lets through
 * is still compiled by Lua, from the original text where that fails.
 */
#include "prepass.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "lex.h"
#include "mem.h"
#include "vm.h"

#define DEPTH_MAX 250		/* Lua's own limit is 200 */
#define UNARY_PRIORITY 12
#define CONCAT_PRIORITY 9

enum { CHAIN_NONE, CHAIN_MIDDLE, CHAIN_LAST };

struct find {			/* what prepass_operand looks for */
	const char *src;
	int line, count, operand;
	int matches;
	size_t first, last;	/* tokens of the operand */
};

struct parser {
	struct token *t;
	size_t i;
	int depth;
	struct find *find;
};

static bool expr(struct parser *p, int limit);
static bool block(struct parser *p);
static bool body(struct parser *p);

static int
peek(const struct parser *p)
{
	return p->t[p->i].type;
}

static bool
accept(struct parser *p, int type)
{
	if (peek(p) != type)
		return false;
	p->i++;
	return true;
}

static bool
accept_char(struct parser *p, char c)
{
	return accept(p, LEX_CHAR(c));
}

static bool
expr_list(struct parser *p)
{
	do {
		if (!expr(p, 0))
			return false;
	} while (accept_char(p, ','));
	return true;
}

static bool
table(struct parser *p)
{
	if (!accept_char(p, '{'))
		return false;
	while (peek(p) != LEX_CHAR('}')) {
		if (accept_char(p, '[')) {
			if (!expr(p, 0) || !accept_char(p, ']') ||
			    !accept_char(p, '='))
				return false;
		} else if (peek(p) == LEX_NAME &&
		    p->t[p->i + 1].type == LEX_CHAR('='))
			p->i += 2;
		if (!expr(p, 0))
			return false;
		if (!accept_char(p, ',') && !accept_char(p, ';'))
			break;
	}
	return accept_char(p, '}');
}

static bool
arguments(struct parser *p)
{
	if (accept(p, LEX_STRING))
		return true;
	if (peek(p) == LEX_CHAR('{'))
		return table(p);
	if (!accept_char(p, '('))
		return false;
	return accept_char(p, ')') || (expr_list(p) && accept_char(p, ')'));
}

static bool
suffixed(struct parser *p)
{
	if (accept_char(p, '(')) {
		if (!expr(p, 0) || !accept_char(p, ')'))
			return false;
	} else if (!accept(p, LEX_NAME))
		return false;
	for (;;) {
		switch (peek(p)) {
		case LEX_CHAR('.'):
			p->i++;
			if (!accept(p, LEX_NAME))
				return false;
			break;
		case LEX_CHAR('['):
			p->i++;
			if (!expr(p, 0) || !accept_char(p, ']'))
				return false;
			break;
		case LEX_CHAR(':'):
			p->i++;
			if (!accept(p, LEX_NAME) || !arguments(p))
				return false;
			break;
		case LEX_CHAR('('):
		case LEX_CHAR('{'):
		case LEX_STRING:
			if (!arguments(p))
				return false;
			break;
		default:
			return true;
		}
	}
}

static bool
simple(struct parser *p)
{
	switch (peek(p)) {
	case LEX_NUMBER:
	case LEX_STRING:
	case LEX_NIL:
	case LEX_TRUE:
	case LEX_FALSE:
	case LEX_DOTS:
		p->i++;
		return true;
	case LEX_CHAR('{'):
		return table(p);
	case LEX_FUNCTION:
		p->i++;
		return body(p);
	default:
		return suffixed(p);
	}
}

/* Left and right priority of the operator at hand, 0 where there is none. */
static int
priority(int type, int *right)
{
	static const struct {
		uint8_t type, left, right;
	} table_[] = {
		{ LEX_CHAR('+'), 10, 10 }, { LEX_CHAR('-'), 10, 10 },
		{ LEX_CHAR('*'), 11, 11 }, { LEX_CHAR('/'), 11, 11 },
		{ LEX_CHAR('%'), 11, 11 }, { LEX_IDIV, 11, 11 },
		{ LEX_CHAR('^'), 14, 13 }, { LEX_CONCAT, 9, 8 },
		{ LEX_SHL, 7, 7 }, { LEX_SHR, 7, 7 },
		{ LEX_CHAR('&'), 6, 6 }, { LEX_CHAR('~'), 5, 5 },
		{ LEX_CHAR('|'), 4, 4 }, { LEX_EQ, 3, 3 }, { LEX_NE, 3, 3 },
		{ LEX_CHAR('<'), 3, 3 }, { LEX_CHAR('>'), 3, 3 },
		{ LEX_LE, 3, 3 }, { LEX_GE, 3, 3 }, { LEX_AND, 2, 2 },
		{ LEX_OR, 1, 1 },
	};

	for (size_t i = 0; i < sizeof(table_) / sizeof(table_[0]); i++)
		if (table_[i].type == type) {
			*right = table_[i].right;
			return table_[i].left;
		}
	return 0;
}

static int
line_of(const char *src, size_t at)
{
	int line = 1;

	for (size_t i = 0; i < at; i++) {
		if (src[i] != '\n' && src[i] != '\r')
			continue;
		line++;
		if (i + 1 < at && src[i + 1] != src[i] &&
		    (src[i + 1] == '\n' || src[i + 1] == '\r'))
			i++;
	}
	return line;
}

/* The first operand is t[start] to t[i - 1]; ".." comes next. */
static bool
chain(struct parser *p, size_t start)
{
	size_t op = p->i, first = start, from = start, to = p->i - 1;
	int n = 1;

	while (peek(p) == LEX_CONCAT) {
		op = p->i++;
		p->t[op].chain = CHAIN_MIDDLE;
		first = p->i;
		if (!expr(p, CONCAT_PRIORITY))
			return false;
		if (p->find != NULL && n == p->find->operand) {
			from = first;
			to = p->i - 1;
		}
		n++;
	}
	p->t[op].chain = CHAIN_LAST;
	p->t[start].opens = true;
	p->t[p->i - 1].closes = true;
	if (p->find != NULL && n == p->find->count &&
	    line_of(p->find->src, p->t[start].start) == p->find->line) {
		p->find->matches++;
		p->find->first = from;
		p->find->last = to;
	}
	return true;
}

static bool
expr(struct parser *p, int limit)
{
	size_t start = p->i;
	int type, left, right = 0;

	if (++p->depth > DEPTH_MAX)
		return false;
	type = peek(p);
	if (type == LEX_NOT || type == LEX_CHAR('-') ||
	    type == LEX_CHAR('#') || type == LEX_CHAR('~')) {
		p->i++;
		if (!expr(p, UNARY_PRIORITY))
			return false;
	} else if (!simple(p))
		return false;
	while ((left = priority(peek(p), &right)) > limit) {
		/* Whatever binds weaker than ".." took a chain on its right
		 * with it: all since start is the first operand here. */
		if (peek(p) == LEX_CONCAT) {
			if (!chain(p, start))
				return false;
			continue;
		}
		p->i++;
		if (!expr(p, right))
			return false;
	}
	p->depth--;
	return true;
}

static bool
names(struct parser *p)
{
	do {
		if (!accept(p, LEX_NAME))
			return false;
	} while (accept_char(p, ','));
	return true;
}

/* Parameters and block of a function. */
static bool
body(struct parser *p)
{
	if (!accept_char(p, '('))
		return false;
	while (peek(p) != LEX_CHAR(')')) {
		if (accept(p, LEX_DOTS))
			break;
		if (!accept(p, LEX_NAME))
			return false;
		if (!accept_char(p, ','))
			break;
	}
	return accept_char(p, ')') && block(p) && accept(p, LEX_ENDWORD);
}

static bool
if_statement(struct parser *p)
{
	do {
		if (!expr(p, 0) || !accept(p, LEX_THEN) || !block(p))
			return false;
	} while (accept(p, LEX_ELSEIF));
	if (accept(p, LEX_ELSE) && !block(p))
		return false;
	return accept(p, LEX_ENDWORD);
}

static bool
for_statement(struct parser *p)
{
	if (!names(p) || (!accept_char(p, '=') && !accept(p, LEX_IN)))
		return false;
	return expr_list(p) && accept(p, LEX_DO) && block(p) &&
	    accept(p, LEX_ENDWORD);
}

static bool
function_statement(struct parser *p)
{
	do {
		if (!accept(p, LEX_NAME))
			return false;
	} while (accept_char(p, '.'));
	if (accept_char(p, ':') && !accept(p, LEX_NAME))
		return false;
	return body(p);
}

static bool
local_statement(struct parser *p)
{
	if (accept(p, LEX_FUNCTION))
		return accept(p, LEX_NAME) && body(p);
	return names(p) && (!accept_char(p, '=') || expr_list(p));
}

static bool
expr_statement(struct parser *p)
{
	do {
		if (!suffixed(p))
			return false;
	} while (accept_char(p, ','));
	return !accept_char(p, '=') || expr_list(p);
}

static bool
statement(struct parser *p)
{
	int type = peek(p);

	if (type == LEX_NAME || type == LEX_CHAR('('))
		return expr_statement(p);
	p->i++;
	switch (type) {
	case LEX_CHAR(';'):
	case LEX_BREAK:
		return true;
	case LEX_GOTO:
		return accept(p, LEX_NAME);
	case LEX_COLONS:
		return accept(p, LEX_NAME) && accept(p, LEX_COLONS);
	case LEX_IF:
		return if_statement(p);
	case LEX_FOR:
		return for_statement(p);
	case LEX_FUNCTION:
		return function_statement(p);
	case LEX_LOCAL:
		return local_statement(p);
	case LEX_DO:
		return block(p) && accept(p, LEX_ENDWORD);
	case LEX_WHILE:
		return expr(p, 0) && accept(p, LEX_DO) && block(p) &&
		    accept(p, LEX_ENDWORD);
	case LEX_REPEAT:
		return block(p) && accept(p, LEX_UNTIL) && expr(p, 0);
	default:
		return false;
	}
}

static bool
block_ends(const struct parser *p)
{
	int type = peek(p);

	return type == LEX_END || type == LEX_ELSE || type == LEX_ELSEIF ||
	    type == LEX_ENDWORD || type == LEX_UNTIL;
}

static bool
block(struct parser *p)
{
	if (++p->depth > DEPTH_MAX)
		return false;
	while (!block_ends(p)) {
		if (accept(p, LEX_RETURN)) {
			if (!block_ends(p) && peek(p) != LEX_CHAR(';') &&
			    !expr_list(p))
				return false;
			accept_char(p, ';');
			break;
		}
		if (!statement(p))
			return false;
	}
	p->depth--;
	return block_ends(p);
}

static bool
parse(struct token *t, struct find *find)
{
	struct parser p = { .t = t, .find = find };

	return block(&p) && peek(&p) == LEX_END;
}

bool
prepass_operand(const char *src, size_t len, int line, int count,
    int operand, char *out, size_t outlen, bool *field)
{
	struct find f = { .src = src, .line = line, .count = count,
	    .operand = operand };
	struct token *t;
	size_t n;
	bool whole, ok = false;

	t = lex(src, len, &n, &whole);
	if (whole && parse(t, &f) && f.matches == 1 &&
	    t[f.last].type == LEX_NAME) {
		*field = f.last >= f.first + 2 &&
		    t[f.last - 1].type == LEX_CHAR('.');
		n = t[f.last].end - t[f.last].start;
		ok = (f.last == f.first || *field) && n < outlen;
	}
	/* Only a.b.c: in "-x.y" or "1 + x.y" the operand has no name. */
	for (size_t i = f.first; ok && i < f.last; i += 2)
		ok = t[i].type == LEX_NAME &&
		    t[i + 1].type == LEX_CHAR('.');
	if (ok) {
		memcpy(out, src + t[f.last].start, n);
		out[n] = '\0';
	}
	free(t);
	return ok;
}

/* Whether Lua 5.3 takes the escape whose letter is s[1]; 5.1 drops the
 * backslash of those that it does not know. */
static bool
escape_known(const char *s, size_t n)
{
	if (n < 2)
		return true;
	if (s[1] == 'x')
		return n >= 4 && strspn(s + 2,
		    "0123456789abcdefABCDEF") >= 2;
	if (s[1] == 'u')
		return n >= 3 && s[2] == '{';
	return s[1] != '\0' &&
	    strchr("abfnrtvz\\\"'\n\r0123456789", s[1]) != NULL;
}

static void
put_string(struct buffer *b, const char *s, size_t n)
{
	size_t from = 0;

	if (*s == '[') {
		buffer_put(b, s, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\\')
			continue;
		if (!escape_known(s + i, n - i)) {
			buffer_put(b, s + from, i - from);
			from = i + 1;
		}
		i++;
	}
	buffer_put(b, s + from, n - from);
}

static char *
rewrite(const char *src, size_t len, size_t *outlen, bool chains)
{
	struct buffer b;
	struct token *t;
	size_t n, at = 0;
	bool whole;

	buffer_init(&b, 0);
	t = lex(src, len, &n, &whole);
	chains = chains && whole && parse(t, NULL);
	for (size_t i = 0; i < n; i++) {
		buffer_put(&b, src + at, t[i].start - at);
		if (chains && t[i].opens)
			buffer_puts(&b, "((" PREPASS_NUMBER_TEXT ")(");
		if (chains && t[i].chain != CHAIN_NONE)
			/* The last one's brackets cut a call to one value. */
			buffer_puts(&b, t[i].chain == CHAIN_LAST ? ",(" : ",");
		else if (t[i].type == LEX_STRING)
			put_string(&b, src + t[i].start,
			    t[i].end - t[i].start);
		else
			buffer_put(&b, src + t[i].start,
			    t[i].end - t[i].start);
		if (chains && t[i].closes)
			buffer_puts(&b, ")))");
		at = t[i].end;
	}
	buffer_put(&b, src + at, len - at);
	free(t);
	*outlen = b.len;
	return buffer_steal(&b);
}

char *
prepass(const char *src, size_t len, size_t *outlen)
{
	return rewrite(src, len, outlen, true);
}

char *
prepass_escapes(const char *src, size_t len, size_t *outlen)
{
	return rewrite(src, len, outlen, false);
}
