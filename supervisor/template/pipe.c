/* SPDX-License-Identifier: Apache-2.0 */
/* One action of a template: pipes, commands, values. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/template/template_parser.h"

struct token *
parser_peek(struct parser *p)
{
	return &p->tokens.list[p->at];
}

struct token *
parser_next(struct parser *p)
{
	struct token *t = parser_peek(p);

	if (t->kind != TOKEN_EOF)
		p->at++;
	return t;
}

int
parser_name(struct parser *p, const char *what, const char *name,
    const char *rest)
{
	return template_error(p->text, parser_peek(p)->pos, p->err,
	    "%s%.64s%s", what, name, rest);
}

int
parser_fail(struct parser *p, const char *why)
{
	return parser_name(p, why, "", "");
}

/* What a token is, without what it says: that may be part of a password. */
static const char *
describe(const struct token *t)
{
	switch (t->kind) {
	case TOKEN_EOF: return "EOF";
	case TOKEN_CLOSE: return "\"}}\"";
	case TOKEN_LEFT: return "\"(\"";
	case TOKEN_RIGHT: return "right paren";
	case TOKEN_PIPE: return "\"|\"";
	case TOKEN_COMMA: return "\",\"";
	case TOKEN_ASSIGN: return "\"=\"";
	case TOKEN_DECLARE: return "\":=\"";
	case TOKEN_DOT: return "\".\"";
	case TOKEN_FIELD: return "field";
	case TOKEN_VARIABLE: return "variable";
	case TOKEN_STRING: return "string";
	case TOKEN_INT:
	case TOKEN_FLOAT: return "number";
	default: return "word";
	}
}

int
parser_unexpected(struct parser *p, const char *context)
{
	return template_error(p->text, parser_peek(p)->pos, p->err,
	    "unexpected %s in %s", describe(parser_peek(p)), context);
}

void
parser_pipe_free(struct pipe *pipe)
{
	struct command *c;

	if (pipe == NULL)
		return;
	while ((c = pipe->commands) != NULL) {
		pipe->commands = c->next;
		for (size_t i = 0; i < c->nargs; i++) {
			mem_wipe(c->args[i].text);
			parser_pipe_free(c->args[i].pipe);
			for (char **s = c->args[i].chain; s != NULL &&
			    *s != NULL; s++)
				mem_wipe(*s);
			free(c->args[i].chain);
			free(c->args[i].chain_pos);
		}
		free(c);
	}
	mem_wipe(pipe->variable);
	free(pipe);
}

static bool
known_variable(const struct parser *p, const char *name)
{
	if (strcmp(name, "$") == 0)
		return true;
	for (int i = 0; i < p->nvariables; i++)
		if (strcmp(p->variables[i], name) == 0)
			return true;
	return false;
}

static int
parse_word(struct parser *p, const struct token *t, struct operand *o)
{
	if (strcmp(t->text, "true") == 0 || strcmp(t->text, "false") == 0) {
		o->kind = OPERAND_BOOL;
		o->number = t->text[0] == 't';
	} else if (strcmp(t->text, "nil") == 0) {
		o->kind = OPERAND_NIL;
	} else {
		o->kind = OPERAND_FUNCTION;
		o->function = template_function(t->text);
		if (o->function == NULL)
			return parser_name(p, "function \"", t->text,
			    "\" not defined");
	}
	return 0;
}

static int
parse_parentheses(struct parser *p, struct operand *o)
{
	o->kind = OPERAND_PIPE;
	parser_next(p);
	if (++p->depth > TEMPLATE_DEPTH)
		return parser_fail(p, "parentheses are nested too deep");
	o->pipe = parser_pipe(p, "parenthesized pipeline", TOKEN_RIGHT);
	p->depth--;
	return o->pipe != NULL ? 0 : -1;
}

/* A value without what follows it. 1: there is none here. */
static int
parse_term(struct parser *p, struct operand *o)
{
	struct token *t = parser_peek(p);

	o->pos = t->pos;
	switch (t->kind) {
	case TOKEN_WORD:
		if (parse_word(p, t, o) == -1)
			return -1;
		break;
	case TOKEN_DOT:
	case TOKEN_FIELD:	/* it goes on as .A of the dot */
		o->kind = OPERAND_DOT;
		if (t->kind == TOKEN_FIELD)
			return 0;
		break;
	case TOKEN_VARIABLE:
		if (!known_variable(p, t->text))
			return parser_name(p, "undefined variable \"",
			    t->text, "\"");
		o->kind = OPERAND_VARIABLE;
		o->text = mem_strdup(t->text);
		break;
	case TOKEN_STRING:
		o->kind = OPERAND_STRING;
		o->text = mem_strdup(t->text);
		break;
	case TOKEN_INT:
		o->kind = OPERAND_INT;
		o->number = t->number;
		break;
	case TOKEN_FLOAT:
		o->kind = OPERAND_FLOAT;
		o->real = t->real;
		break;
	case TOKEN_LEFT:
		return parse_parentheses(p, o);
	default:
		return 1;
	}
	parser_next(p);
	return 0;
}

static int
parse_operand(struct parser *p, struct operand *o)
{
	int r = parse_term(p, o);
	bool first = o->kind == OPERAND_DOT;
	size_t n = 0;

	if (r != 0)
		return r;
	/* The first .A of a dot may have a space before it. */
	while (parser_peek(p)->kind == TOKEN_FIELD && (!parser_peek(p)->space ||
	    (first && n == 0 && parser_peek(p)->pos == o->pos))) {
		if (o->kind != OPERAND_DOT && o->kind != OPERAND_VARIABLE &&
		    o->kind != OPERAND_FUNCTION && o->kind != OPERAND_PIPE)
			return parser_fail(p, "unexpected . after term");
		o->chain = mem_resize(o->chain, n + 2, sizeof(*o->chain));
		o->chain_pos = mem_resize(o->chain_pos, n + 1,
		    sizeof(*o->chain_pos));
		o->chain_pos[n] = parser_peek(p)->pos;
		o->chain[n++] = mem_strdup(parser_next(p)->text);
		o->chain[n] = NULL;
	}
	return 0;
}

static bool
ends_command(const struct token *t)
{
	return t->kind == TOKEN_CLOSE || t->kind == TOKEN_RIGHT ||
	    t->kind == TOKEN_PIPE;
}

static int
parse_command(struct parser *p, struct command *c)
{
	int r;

	for (;;) {
		if (c->nargs == TEMPLATE_ARGS_MAX)
			return parser_fail(p, "too many arguments in one "
			    "command");
		/* Counted first, so that what it got is freed. */
		r = parse_operand(p, &c->args[c->nargs++]);
		if (r == -1)
			return -1;
		if (r == 1) {
			c->nargs--;
			break;
		}
		if (ends_command(parser_peek(p)))
			break;
		if (!parser_peek(p)->space)
			return parser_unexpected(p, "operand");
	}
	if (!ends_command(parser_peek(p)))
		return parser_unexpected(p, "operand");
	if (c->nargs == 0)
		return parser_fail(p, "empty command");
	return 0;
}

static int
parse_declaration(struct parser *p, struct pipe *pipe)
{
	struct token *t = parser_peek(p);
	enum token_kind kind = t->kind == TOKEN_VARIABLE ? t[1].kind :
	    TOKEN_EOF;

	if (kind != TOKEN_DECLARE && kind != TOKEN_ASSIGN)
		return 0;
	if (strcmp(t->text, "$") == 0)
		return parser_fail(p, "cannot assign to \"$\"");
	if (kind == TOKEN_ASSIGN && !known_variable(p, t->text))
		return parser_name(p, "undefined variable \"", t->text,
		    "\"");
	if (kind == TOKEN_DECLARE) {
		if (p->nvariables == TEMPLATE_VARIABLES_MAX)
			return parser_fail(p, "too many variables");
		p->variables[p->nvariables++] = t->text;
	}
	pipe->variable = mem_strdup(t->text);
	pipe->assign = kind == TOKEN_ASSIGN;
	p->at += 2;
	return 0;
}

/* Only functions and fields can be given something by a pipe. */
static bool
takes_input(const struct command *c)
{
	const struct operand *o = &c->args[0];

	return o->kind == OPERAND_FUNCTION || o->chain != NULL ||
	    o->kind == OPERAND_VARIABLE || o->kind == OPERAND_PIPE;
}

static int
parse_commands(struct parser *p, struct pipe *pipe, const char *context,
    enum token_kind close)
{
	struct command **tail = &pipe->commands, *c;

	for (;;) {
		if (parser_peek(p)->kind == TOKEN_CLOSE ||
		    parser_peek(p)->kind == TOKEN_RIGHT) {
			if (tail == &pipe->commands)
				return parser_name(p, "missing value for ",
				    context, "");
			if (parser_peek(p)->kind == close)
				break;
			return parser_fail(p, close == TOKEN_RIGHT ?
			    "unclosed left paren" : "unexpected right paren");
		}
		c = *tail = mem_alloc(sizeof(*c));
		if (parse_command(p, c) == -1)
			return -1;
		if (c != pipe->commands && !takes_input(c))
			return parser_fail(p, "non executable command in "
			    "pipeline");
		tail = &c->next;
		if (parser_peek(p)->kind != TOKEN_PIPE)
			continue;
		parser_next(p);
		if (ends_command(parser_peek(p)))
			return parser_fail(p, "missing value for command");
	}
	parser_next(p);
	return 0;
}

struct pipe *
parser_pipe(struct parser *p, const char *context, enum token_kind close)
{
	struct pipe *pipe = mem_alloc(sizeof(*pipe));

	pipe->pos = parser_peek(p)->pos;
	if (parse_declaration(p, pipe) == -1 ||
	    parse_commands(p, pipe, context, close) == -1) {
		parser_pipe_free(pipe);
		return NULL;
	}
	return pipe;
}
