/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chains.c - one pass over the tokens, with a stack of open brackets and
 * blocks. An operand of ".." ends before an operator that binds less tightly,
 * or where the expression ends.
 */
#include "worker/prepass/chains.h"

#define LEVELS_MAX 250		/* Lua's own limit is 200 */

/* What closes a level; for a bracket, its counterpart. */
#define BY_EOF '\0'
#define BY_END 'e'
#define BY_UNTIL 'u'

struct chain_level {
	char close;
	bool expression;	/* otherwise a statement begins here */
	bool ended;		/* an operand is complete ... */
	bool callable;		/* ... and "(", "[", "." may follow it */
	size_t start;		/* the expression's first token */
	size_t concat;		/* the open chain's latest ".."; 0: none */
	int operands;		/* before that ".." */
	size_t from, to;	/* the operand that is wanted, to excluded */
};

struct chains {
	const char *src;
	struct lua_token *t;
	size_t i;		/* the token at hand */
	struct chain_find *find;
	size_t depth;
	struct chain_level levels[LEVELS_MAX];
};

static struct chain_level *
top(struct chains *c)
{
	return &c->levels[c->depth];
}

static bool
in_brackets(const struct chain_level *l)
{
	return l->close != BY_EOF && l->close != BY_END &&
	    l->close != BY_UNTIL;
}

static bool
push(struct chains *c, char close, bool expression)
{
	if (c->depth + 1 == LEVELS_MAX)
		return false;
	c->levels[++c->depth] = (struct chain_level){ .close = close,
	    .expression = expression, .start = c->i + 1 };
	return true;
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

/* The operand after l->concat, or the first one, ends before this token. */
static void
end_operand(struct chains *c, struct chain_level *l)
{
	if (c->find != NULL && l->operands == c->find->operand) {
		l->from = l->concat != 0 ? l->concat + 1 : l->start;
		l->to = c->i;
	}
	l->operands++;
}

static bool
concat(struct chains *c, struct chain_level *l)
{
	if (!l->expression || !l->ended)
		return false;
	if (l->concat == 0)
		l->operands = 0;
	end_operand(c, l);
	c->t[c->i].chain = CHAIN_MIDDLE;
	l->concat = c->i;
	l->ended = false;
	return true;
}

/* An open chain, if any, ends before this token. */
static bool
close_chain(struct chains *c, struct chain_level *l)
{
	struct chain_find *f = c->find;

	if (l->concat == 0)
		return true;
	if (!l->ended)
		return false;
	end_operand(c, l);
	c->t[l->concat].chain = CHAIN_LAST;
	c->t[l->start].opens = true;
	c->t[c->i - 1].closes = true;
	l->concat = 0;
	if (f != NULL && l->operands == f->count &&
	    line_of(c->src, c->t[l->start].start) == f->line) {
		f->matches++;
		f->first = l->from;
		f->last = l->to - 1;
	}
	return true;
}

/* An expression begins with the next token. */
static bool
expect(struct chains *c, struct chain_level *l)
{
	if (!close_chain(c, l))
		return false;
	l->expression = true;
	l->ended = false;
	l->start = c->i + 1;
	return true;
}

/* A statement begins with this token or the next. */
static bool
statement(struct chains *c, struct chain_level *l)
{
	if (in_brackets(l) || !close_chain(c, l))
		return false;
	l->expression = l->ended = false;
	return true;
}

static bool
open_bracket(struct chains *c, struct chain_level *l, char bracket)
{
	if (l->ended && !l->callable) {
		if (bracket != '(' || !statement(c, l))
			return false;
		c->t[c->i].begins = true;
	}
	if (bracket == '[' && !l->ended && l->close != '}')
		return false;
	/* So is what the brackets enclose: a call, an index, an expression in
	 * brackets; but not a table, unless it is an argument. */
	l->callable = bracket != '{' || l->ended;
	l->ended = true;
	return push(c, bracket == '(' ? ')' : bracket == '[' ? ']' : '}',
	    true);
}

static bool
close_level(struct chains *c, struct chain_level *l, char close)
{
	if (l->close != close || !close_chain(c, l))
		return false;
	if (close != BY_EOF)
		c->depth--;
	return true;
}

static bool
operand(struct chains *c, struct chain_level *l, enum lex_type type)
{
	if (l->ended && type == LEX_STRING)
		return l->callable;	/* its argument */
	if (l->ended && (type == LEX_LITERAL || !statement(c, l)))
		return false;
	l->ended = true;
	l->callable = type == LEX_NAME;
	return type != LEX_FUNCTION || push(c, BY_END, false);
}

static bool
separator(struct chains *c, struct chain_level *l, enum lex_type type)
{
	if (type == LEX_SEMICOLON && l->close != '}')
		return statement(c, l);
	if (!l->ended)
		return false;
	if (l->expression)
		return expect(c, l);
	l->ended = false;	/* names in front of "=" or "in" */
	return true;
}

static bool
block(struct chains *c, struct chain_level *l, enum lex_type type)
{
	return statement(c, l) && push(c,
	    type == LEX_REPEAT ? BY_UNTIL : BY_END, type == LEX_IF);
}

static bool
step(struct chains *c)
{
	struct chain_level *l = top(c);
	enum lex_type type = c->t[c->i].type;
	const char *text = c->src + c->t[c->i].start;

	if (type == LEX_TILDE)
		type = l->ended ? LEX_LOOSE : LEX_TIGHT;
	switch (type) {
	case LEX_NAME:
	case LEX_STRING:
	case LEX_LITERAL:
	case LEX_FUNCTION:
		return operand(c, l, type);
	case LEX_CONCAT:
		return concat(c, l);
	case LEX_MEMBER:
		if (!l->ended || !l->callable)
			return false;
		l->ended = false;
		return true;
	case LEX_LOOSE:
	case LEX_ASSIGN:
		return l->ended && expect(c, l);
	case LEX_COMMA:
	case LEX_SEMICOLON:
		return separator(c, l, type);
	case LEX_OPEN:
		return open_bracket(c, l, *text);
	case LEX_CLOSE:
		return close_level(c, l, *text);
	case LEX_IF:
	case LEX_DO:
	case LEX_REPEAT:
		return block(c, l, type);
	case LEX_ENDWORD:
		return close_level(c, l, BY_END);
	case LEX_UNTIL:
		return close_level(c, l, BY_UNTIL) && expect(c, top(c));
	case LEX_BEFORE_EXPRESSION:
		return statement(c, l) && expect(c, l);
	case LEX_BEFORE_STATEMENT:
		return statement(c, l);
	case LEX_END:
		return close_level(c, l, BY_EOF);
	default:		/* LEX_TIGHT */
		l->ended = false;
		return true;
	}
}

bool
chains_mark(const char *src, struct lua_token *t, struct chain_find *find)
{
	struct chains c;

	c.src = src;
	c.t = t;
	c.find = find;
	c.depth = 0;
	c.levels[0] = (struct chain_level){ .close = BY_EOF };
	for (c.i = 0; step(&c); c.i++)
		if (t[c.i].type == LEX_END)
			return true;
	return false;
}
