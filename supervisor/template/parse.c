/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens to a tree, by the rules of Go's text/template/parse: blocks. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/template/template_parser.h"

static struct node *parse_list(struct parser *p, const char *block);

void
template_node_free(struct node *n)
{
	struct node *after;

	for (; n != NULL; n = after) {
		after = n->next;
		mem_wipe(n->text);
		parser_pipe_free(n->pipe);
		template_node_free(n->body);
		template_node_free(n->other);
		free(n);
	}
}

/* The word right behind {{, or "". */
static const char *
keyword(struct parser *p)
{
	struct token *t = parser_peek(p);

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
	if (!is_end && parser_peek(p)->kind == TOKEN_WORD &&
	    strcmp(parser_peek(p)->text, word) == 0) {
		/* "else if": one block inside of the else, one end for
		 * both. The token before it serves as its {{. */
		inner = mem_alloc(sizeof(*inner));
		n->other = inner;
		inner->kind = n->kind;
		parser_next(p);
		if (++p->depth > TEMPLATE_DEPTH)
			return parser_fail(p, "blocks are nested too deep");
		inner->pipe = parser_pipe(p, word, TOKEN_CLOSE);
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
	if (parser_peek(p)->kind != TOKEN_CLOSE)
		return parser_unexpected(p, is_end ? "end" : "else");
	parser_next(p);
	if (is_end)
		return 0;
	n->other = parse_list(p, word);
	if (p->err->kind != ERROR_NONE)
		return -1;
	if (strcmp(keyword(p), "end") != 0)
		return parser_fail(p, "expected end; found {{else}}");
	p->at += 2;
	if (parser_peek(p)->kind != TOKEN_CLOSE)
		return parser_unexpected(p, "end");
	parser_next(p);
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
		return parser_fail(p, "blocks are nested too deep");
	n->pipe = parser_pipe(p, word, TOKEN_CLOSE);
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
			return parser_name(p, "{{", word, "}} is not "
			    "supported, expected if, with or a value");
	n->kind = NODE_ACTION;
	p->at++;
	n->pipe = parser_pipe(p, "command", TOKEN_CLOSE);
	return n->pipe != NULL ? 0 : -1;
}

/* Up to the end of the text, or to the block's {{else}} or {{end}}. An error
 * shows in p->err; what was parsed is returned in any case. */
static struct node *
parse_list(struct parser *p, const char *block)
{
	struct node *first = NULL, **tail = &first, *n;

	for (;;) {
		struct token *t = parser_peek(p);

		if (t->kind == TOKEN_EOF) {
			if (block != NULL)
				parser_fail(p, "unexpected EOF");
			return first;
		}
		if (is_else_or_end(keyword(p))) {
			if (block == NULL)
				parser_name(p, "unexpected {{", keyword(p),
				    "}}");
			return first;
		}
		n = *tail = mem_alloc(sizeof(*n));
		tail = &n->next;
		if (t->kind == TOKEN_TEXT) {
			n->kind = NODE_TEXT;
			n->text = mem_strdup(parser_next(p)->text);
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
