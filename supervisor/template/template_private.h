/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template_private.h - what the template's files share. A template is parsed
 * and evaluated in one pass; where a condition is false, it is only parsed.
 * Values may be secrets: freeing wipes them, errors never show them.
 */
#ifndef REGBOT_TEMPLATE_PRIVATE_H
#define REGBOT_TEMPLATE_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "supervisor/template/template.h"

enum template_kind {
	TEMPLATE_NIL, TEMPLATE_BOOL, TEMPLATE_INT, TEMPLATE_STRING,
	TEMPLATE_LIST, TEMPLATE_DATA
};

struct template_value {
	enum template_kind kind;
	int64_t number;		/* of an int; 0 or 1 of a bool */
	char *text;		/* of a string; owned, never NULL */
	char **list;		/* of a list of strings; owned */
	size_t nlist;
	const struct template_data *data;
};

struct template_run {
	const char *text;	/* all of the template */
	const char *p;		/* what is read next */
	const struct template_data *data;
	struct buffer out;
	int depth;		/* of blocks and parentheses around p */
	bool skip;		/* parse only: nothing is called or printed */
	char *unset;		/* owned: a variable that the current action
				 * reads and that is not set, or NULL */
	template_warn_fn *warn;
	void *arg;
	struct error *err;
};

/* literal.c. template_fail returns -1. Without a name: "template: out:LINE:
 * why"; with the name of a function or field, the column too. */
int template_fail(struct template_run *r, const char *at, const char *name,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
bool template_is_space(char c);
void template_skip_space(struct template_run *r);
size_t template_word(const char *p);	/* length; 0: no word begins here */
bool template_at_close(const struct template_run *r);
int template_close(struct template_run *r);	/* past }} or -}} */
/* The string (with its quotes) or number at r->p. */
int template_quoted(struct template_run *r, struct template_value *out);
int template_raw(struct template_run *r, struct template_value *out);
int template_number(struct template_run *r, struct template_value *out);

/* pipe.c: the value of the pipe at r->p, up to what ends it. what is named
 * when there is none. The caller frees *out after success. */
int template_pipe(struct template_run *r, const char *what,
    struct template_value *out);

/* value.c. */
void template_value_free(struct template_value *v);
void template_value_copy(struct template_value *to,
    const struct template_value *from);
/* Makes it a string; takes text over. */
void template_value_string(struct template_value *v, char *text);
bool template_value_true(const struct template_value *v);
const char *template_value_type(const struct template_value *v); /* Go's */
/* As print, json and printPretty show it; -1 when out is full. */
int template_value_print(const struct template_value *v, struct buffer *out);
int template_value_json(const struct template_value *v, bool pretty,
    struct buffer *out);
int template_value_pretty(const struct template_value *v, struct buffer *out);

/* function.c. */
struct template_call {
	const char *name;	/* the function's */
	const struct template_value *args;
	size_t nargs;
	char **unset;		/* of the run */
	template_warn_fn *warn;
	void *arg;
	struct error *err;	/* preset to "the result is too long" */
};

struct template_function {
	const char *name;
	/* One of the two: a function that gives a string writes it into out.
	 * -1: c->err. */
	int (*text)(const struct template_call *c, struct buffer *out);
	int (*value)(const struct template_call *c, struct template_value *out);
	size_t min, max;	/* number of arguments */
	const char *types;	/* one letter per argument: s string, l list,
				 * i int, * any; the last one repeats */
};

/* file.c: the content of a file without the white space around it; nothing
 * when it cannot be read, of which c->warn is told. */
int template_file(const struct template_call *c, struct buffer *out);
/* Appends the n bytes at s without the white space (Unicode's) around it. */
int template_trim(struct buffer *out, const char *s, size_t n);

/* The function with that name of n bytes, or NULL. */
const struct template_function *template_function(const char *name, size_t n);
/* Part of Go's templates, but not of these. */
bool template_unsupported(const char *name, size_t n);

#endif
