/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template_private.h - inside the template code: tokens, the parsed tree, and
 * values. Texts in all of them may be secrets; freeing wipes.
 */
#ifndef REGBOT_TEMPLATE_PRIVATE_H
#define REGBOT_TEMPLATE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "supervisor/template/template.h"

enum token_kind {
	TOKEN_EOF, TOKEN_TEXT, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_WORD,
	TOKEN_FIELD, TOKEN_DOT, TOKEN_VARIABLE, TOKEN_STRING, TOKEN_INT,
	TOKEN_FLOAT, TOKEN_PIPE, TOKEN_LEFT, TOKEN_RIGHT, TOKEN_ASSIGN,
	TOKEN_DECLARE, TOKEN_COMMA
};

struct token {
	enum token_kind kind;
	size_t pos;		/* bytes from the start of the template */
	bool space;		/* white space stood before it */
	char *text;		/* name, field, variable; TEXT and STRING */
	int64_t number;
	double real;
};

struct tokens {
	struct token *list;
	size_t n;
};

/* The whole template as tokens, the last one TOKEN_EOF. */
int template_lex(const char *text, struct tokens *out, struct error *err);
void template_tokens_free(struct tokens *t);

/* The escape behind a backslash into b; moves *p past it. False: none. */
bool template_escape(const char **p, struct buffer *b);

/* "template: out:LINE: ..." for the place pos of text; -1. */
int template_error(const char *text, size_t pos, struct error *err,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

enum operand_kind {
	OPERAND_NIL, OPERAND_BOOL, OPERAND_INT, OPERAND_FLOAT, OPERAND_STRING,
	OPERAND_DOT, OPERAND_VARIABLE, OPERAND_FUNCTION, OPERAND_PIPE
};

struct pipe;
struct template_function;

struct operand {
	enum operand_kind kind;
	size_t pos;
	int64_t number;
	double real;
	char *text;		/* a string, a variable's name */
	const struct template_function *function;
	struct pipe *pipe;	/* what stands in parentheses */
	char **chain;		/* .A.B behind it, NULL-terminated or NULL */
	size_t *chain_pos;
};

struct command {
	struct operand args[TEMPLATE_ARGS_MAX];
	size_t nargs;
	struct command *next;
};

struct pipe {
	char *variable;		/* $x := or $x =, or NULL */
	bool assign;
	struct command *commands;
	size_t pos;
};

enum node_kind { NODE_TEXT, NODE_ACTION, NODE_IF, NODE_WITH };

struct node {
	enum node_kind kind;
	char *text;
	struct pipe *pipe;
	struct node *body, *other;	/* if and with; other is else */
	struct node *next;
};

struct node *template_parse(const char *text, struct error *err);
void template_node_free(struct node *n);

enum value_kind {
	VALUE_NIL, VALUE_BOOL, VALUE_INT, VALUE_FLOAT, VALUE_STRING,
	VALUE_LIST, VALUE_DATA, VALUE_CLOCK, VALUE_TIME
};

struct value {
	enum value_kind kind;
	int64_t number;		/* int, bool; a time in ns since 1970 */
	double real;
	char *text;		/* owned; never NULL in a VALUE_STRING */
	char **list;		/* owned; NULL-terminated */
	size_t nlist;
	const struct template_data *data;
};

void value_free(struct value *v);
void value_copy(struct value *dst, const struct value *src);
bool value_true(const struct value *v);
void value_string(struct value *v, char *text);	/* takes text over */
const char *value_type(const struct value *v);	/* Go's name of it */

/* How print and {{x}} show it. -1 when out's limit is passed. */
int value_print(const struct value *v, struct buffer *out);
int value_json(const struct value *v, bool pretty, struct buffer *out);
int value_pretty(const struct value *v, struct buffer *out);
/* fmt.Sprintf. */
int value_printf(const char *fmt, const struct value *args, size_t n,
    struct buffer *out);

/* A field or method of a value; false when it has none. */
bool value_field(const struct value *v, const char *name, struct value *out);
/* A time's method with arguments. */
int value_format_time(const struct value *t, const char *layout,
    struct buffer *out);

struct call {			/* what a function is called with */
	const struct value *args;
	size_t nargs;
	config_warn_fn *warn;
	void *arg;
};

/* 0, or -1 and *err with a reason alone, such as "index out of range: 5". */
typedef int template_call_fn(const struct call *c, struct value *out,
    struct error *err);

struct template_function {
	const char *name;
	template_call_fn *call;	/* NULL: and, or, which stop early */
	int min, max;		/* arguments; max -1: any number */
	const char *types;	/* a letter an argument: s text, a list of
				 * texts, i int, * anything; the last one
				 * repeats */
};

const struct template_function *template_function(const char *name);
extern const struct template_function template_functions[],
    template_compare_functions[];

/* {{file}}: trimmed, "" when it cannot be read, which warn hears. */
char *template_read_file(const char *path, config_warn_fn *warn, void *arg);
/* Without the white space (Unicode's) around it; a copy. */
char *template_trim(const char *s, size_t n);

#endif
