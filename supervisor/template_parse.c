/* Tokens to a tree, by the rules of Go's text/template/parse. */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "template_tree.h"

struct parser {
	const char *text;
	struct tokens tokens;
	size_t at;
	int depth;
	const char *variables[TEMPLATE_VARIABLES_MAX];
	int nvariables;
	struct error *err;
};

static struct node *parse_list(struct parser *p, const char *block);
static struct pipe *parse_pipe(struct parser *p, const char *context,
    enum token_kind close);

static struct token *
peek(struct parser *p)
{
	return &p->tokens.list[p->at];
}

static struct token *
next(struct parser *p)
{
	struct token *t = peek(p);

	if (t->kind != TOKEN_EOF)
		p->at++;
	return t;
}

static int
fail(struct parser *p, const char *what, const char *name, const char *rest)
{
	return template_error(p->text, peek(p)->pos, p->err, "%s%.64s%s", what,
	    name, rest);
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

static int
unexpected(struct parser *p, const char *context)
{
	return template_error(p->text, peek(p)->pos, p->err,
	    "unexpected %s in %s", describe(peek(p)), context);
}

static void
pipe_free(struct pipe *pipe)
{
	struct command *c;

	if (pipe == NULL)
		return;
	while ((c = pipe->commands) != NULL) {
		pipe->commands = c->next;
		for (size_t i = 0; i < c->nargs; i++) {
			mem_wipe(c->args[i].text);
			pipe_free(c->args[i].pipe);
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

void
template_node_free(struct node *n)
{
	struct node *after;

	for (; n != NULL; n = after) {
		after = n->next;
		mem_wipe(n->text);
		pipe_free(n->pipe);
		template_node_free(n->body);
		template_node_free(n->other);
		free(n);
	}
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
			return fail(p, "function \"", t->text,
			    "\" not defined");
	}
	return 0;
}

static int
parse_parentheses(struct parser *p, struct operand *o)
{
	o->kind = OPERAND_PIPE;
	next(p);
	if (++p->depth > TEMPLATE_DEPTH)
		return fail(p, "parentheses are nested too deep", "", "");
	o->pipe = parse_pipe(p, "parenthesized pipeline", TOKEN_RIGHT);
	p->depth--;
	return o->pipe != NULL ? 0 : -1;
}

/* A value without what follows it. 1: there is none here. */
static int
parse_term(struct parser *p, struct operand *o)
{
	struct token *t = peek(p);

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
			return fail(p, "undefined variable \"", t->text, "\"");
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
	next(p);
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
	while (peek(p)->kind == TOKEN_FIELD && (!peek(p)->space ||
	    (first && n == 0 && peek(p)->pos == o->pos))) {
		if (o->kind != OPERAND_DOT && o->kind != OPERAND_VARIABLE &&
		    o->kind != OPERAND_FUNCTION && o->kind != OPERAND_PIPE)
			return fail(p, "unexpected . after term", "", "");
		o->chain = mem_resize(o->chain, n + 2, sizeof(*o->chain));
		o->chain_pos = mem_resize(o->chain_pos, n + 1,
		    sizeof(*o->chain_pos));
		o->chain_pos[n] = peek(p)->pos;
		o->chain[n++] = mem_strdup(next(p)->text);
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
			return fail(p, "too many arguments in one command",
			    "", "");
		/* Counted first, so that what it got is freed. */
		r = parse_operand(p, &c->args[c->nargs++]);
		if (r == -1)
			return -1;
		if (r == 1) {
			c->nargs--;
			break;
		}
		if (ends_command(peek(p)))
			break;
		if (!peek(p)->space)
			return unexpected(p, "operand");
	}
	if (!ends_command(peek(p)))
		return unexpected(p, "operand");
	if (c->nargs == 0)
		return fail(p, "empty command", "", "");
	return 0;
}

static int
parse_declaration(struct parser *p, struct pipe *pipe)
{
	struct token *t = peek(p);
	enum token_kind kind = t->kind == TOKEN_VARIABLE ? t[1].kind :
	    TOKEN_EOF;

	if (kind != TOKEN_DECLARE && kind != TOKEN_ASSIGN)
		return 0;
	if (strcmp(t->text, "$") == 0)
		return fail(p, "cannot assign to \"$\"", "", "");
	if (kind == TOKEN_ASSIGN && !known_variable(p, t->text))
		return fail(p, "undefined variable \"", t->text, "\"");
	if (kind == TOKEN_DECLARE) {
		if (p->nvariables == TEMPLATE_VARIABLES_MAX)
			return fail(p, "too many variables", "", "");
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
		if (peek(p)->kind == TOKEN_CLOSE ||
		    peek(p)->kind == TOKEN_RIGHT) {
			if (tail == &pipe->commands)
				return fail(p, "missing value for ", context,
				    "");
			if (peek(p)->kind == close)
				break;
			return fail(p, close == TOKEN_RIGHT ?
			    "unclosed left paren" : "unexpected right paren",
			    "", "");
		}
		c = *tail = mem_alloc(sizeof(*c));
		if (parse_command(p, c) == -1)
			return -1;
		if (c != pipe->commands && !takes_input(c))
			return fail(p, "non executable command in pipeline",
			    "", "");
		tail = &c->next;
		if (peek(p)->kind != TOKEN_PIPE)
			continue;
		next(p);
		if (ends_command(peek(p)))
			return fail(p, "missing value for ", "command", "");
	}
	next(p);
	return 0;
}

static struct pipe *
parse_pipe(struct parser *p, const char *context, enum token_kind close)
{
	struct pipe *pipe = mem_alloc(sizeof(*pipe));

	pipe->pos = peek(p)->pos;
	if (parse_declaration(p, pipe) == -1 ||
	    parse_commands(p, pipe, context, close) == -1) {
		pipe_free(pipe);
		return NULL;
	}
	return pipe;
}

/* The word right behind {{, or "". */
static const char *
keyword(struct parser *p)
{
	struct token *t = peek(p);

	return t->kind == TOKEN_OPEN && t[1].kind == TOKEN_WORD ?
	    t[1].text : "";
}

static bool
is_else_or_end(const char *word)
{
	return strcmp(word, "end") == 0 || strcmp(word, "else") == 0;
}

/* {{else}}, {{else if x}} or {{end}}, with p at its {{. */
static int
parse_rest(struct parser *p, struct node *n, const char *word)
{
	bool is_end = strcmp(keyword(p), "end") == 0;
	struct node *inner;

	p->at += 2;
	if (!is_end && peek(p)->kind == TOKEN_WORD &&
	    strcmp(peek(p)->text, word) == 0) {
		/* "else if": one block inside of the else, one end for
		 * both. The token before it serves as its {{. */
		inner = mem_alloc(sizeof(*inner));
		n->other = inner;
		inner->kind = n->kind;
		next(p);
		if (++p->depth > TEMPLATE_DEPTH)
			return fail(p, "blocks are nested too deep", "", "");
		inner->pipe = parse_pipe(p, word, TOKEN_CLOSE);
		if (inner->pipe == NULL)
			return -1;
		inner->body = parse_list(p, word);
		if (p->err->kind != ERROR_NONE)
			return -1;
		if (parse_rest(p, inner, word) == -1)
			return -1;
		p->depth--;
		return 0;
	}
	if (peek(p)->kind != TOKEN_CLOSE)
		return unexpected(p, is_end ? "end" : "else");
	next(p);
	if (is_end)
		return 0;
	n->other = parse_list(p, word);
	if (p->err->kind != ERROR_NONE)
		return -1;
	if (strcmp(keyword(p), "end") != 0)
		return fail(p, "expected end; found {{else}}", "", "");
	p->at += 2;
	if (peek(p)->kind != TOKEN_CLOSE)
		return unexpected(p, "end");
	next(p);
	return 0;
}

static int
parse_block(struct parser *p, struct node *n, enum node_kind kind,
    const char *word)
{
	int variables = p->nvariables, r = -1;

	n->kind = kind;
	p->at += 2;
	if (++p->depth > TEMPLATE_DEPTH)
		return fail(p, "blocks are nested too deep", "", "");
	n->pipe = parse_pipe(p, word, TOKEN_CLOSE);
	if (n->pipe != NULL) {
		n->body = parse_list(p, word);
		if (p->err->kind == ERROR_NONE)
			r = parse_rest(p, n, word);
	}
	p->depth--;
	p->nvariables = variables;
	return r;
}

static int
parse_action(struct parser *p, struct node *n)
{
	static const char *const others[] = {
		"range", "define", "template", "block", "break", "continue"
	};
	const char *word = keyword(p);

	if (strcmp(word, "if") == 0)
		return parse_block(p, n, NODE_IF, "if");
	if (strcmp(word, "with") == 0)
		return parse_block(p, n, NODE_WITH, "with");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(word, others[i]) == 0)
			return fail(p, "{{", word, "}} is not supported, "
			    "expected if, with or a value");
	n->kind = NODE_ACTION;
	p->at++;
	n->pipe = parse_pipe(p, "command", TOKEN_CLOSE);
	return n->pipe != NULL ? 0 : -1;
}

/* Up to the end of the text, or to the block's {{else}} or {{end}}. An error
 * shows in p->err; what was parsed is returned in any case. */
static struct node *
parse_list(struct parser *p, const char *block)
{
	struct node *first = NULL, **tail = &first, *n;

	for (;;) {
		struct token *t = peek(p);

		if (t->kind == TOKEN_EOF) {
			if (block != NULL)
				fail(p, "unexpected EOF", "", "");
			return first;
		}
		if (is_else_or_end(keyword(p))) {
			if (block == NULL)
				fail(p, "unexpected {{", keyword(p), "}}");
			return first;
		}
		n = *tail = mem_alloc(sizeof(*n));
		tail = &n->next;
		if (t->kind == TOKEN_TEXT) {
			n->kind = NODE_TEXT;
			n->text = mem_strdup(next(p)->text);
		} else if (parse_action(p, n) == -1)
			return first;
	}
}

struct node *
template_parse(const char *text, struct error *err)
{
	struct parser p = { .text = text, .err = err };
	struct node *n = NULL;

	error_clear(err);
	if (template_lex(text, &p.tokens, err) == 0)
		n = parse_list(&p, NULL);
	template_tokens_free(&p.tokens);
	if (err->kind != ERROR_NONE) {
		template_node_free(n);
		return NULL;
	}
	if (n == NULL) {	/* an empty text is a template too */
		n = mem_alloc(sizeof(*n));
		n->kind = NODE_TEXT;
		n->text = mem_strdup("");
	}
	return n;
}
