/* SPDX-License-Identifier: Apache-2.0 */
/* A recursive-descent recognizer, as Lua's own parser is one. */
#include "worker/compat/parse.h"

#define DEPTH_MAX 250		/* Lua's own limit is 200 */
#define UNARY_PRIORITY 12
#define CONCAT_PRIORITY 9

struct parser {
	struct token *t;
	size_t i;
	int depth;
	struct parse_find *find;
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

	if (type == LEX_NAME || type == LEX_CHAR('(')) {
		p->t[p->i].begins = type != LEX_NAME;
		return expr_statement(p);
	}
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

bool
parse_chains(struct token *t, struct parse_find *find)
{
	struct parser p = { .t = t, .find = find };

	return block(&p) && peek(&p) == LEX_END;
}
