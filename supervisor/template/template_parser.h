/* SPDX-License-Identifier: Apache-2.0 */
/* template_parser.h - what the two halves of the template parser share: the
 * state, and one action's pipe for the half that knows blocks. */
#ifndef REGBOT_TEMPLATE_PARSER_H
#define REGBOT_TEMPLATE_PARSER_H

#include "supervisor/template/template_private.h"

struct parser {
	const char *text;
	struct tokens tokens;
	size_t at;
	int depth;
	const char *variables[TEMPLATE_VARIABLES_MAX];
	int nvariables;
	struct error *err;
};

struct token *parser_peek(struct parser *p);
struct token *parser_next(struct parser *p);

/* All -1 and an error at the place of the next token; parser_name puts a name
 * between two pieces of it. */
int parser_fail(struct parser *p, const char *why);
int parser_name(struct parser *p, const char *what, const char *name,
    const char *rest);
int parser_unexpected(struct parser *p, const char *context);

/* Up to and past close; NULL and p->err when it is malformed. */
struct pipe *parser_pipe(struct parser *p, const char *context,
    enum token_kind close);
void parser_pipe_free(struct pipe *pipe);

#endif
