/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying out a pipe: calls, methods, variables. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/template/template_run.h"

static int fail(struct run *r, size_t pos, const char *at, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

/*
 * template: out:1:2: executing "out" at <.Nope>: why. Like Go it counts
 * columns from 0; unlike Go, at names a function, field or variable only,
 * since a text may be a part of a password.
 */
static int
fail(struct run *r, size_t pos, const char *at, const char *fmt, ...)
{
	size_t start = pos, line = 1;
	char why[ERROR_TEXT_MAX + 1];
	va_list ap;

	while (start != 0 && r->text[start - 1] != '\n')
		start--;
	for (size_t i = 0; i < start; i++)
		line += r->text[i] == '\n';
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return error_set(r->err, ERROR_INPUT, "template: out:%zu:%zu: "
	    "executing \"out\" at <%.64s>: %s", line, pos - start, at, why);
}

static const char *
operand_name(const struct operand *o)
{
	switch (o->kind) {
	case OPERAND_FUNCTION: return o->function->name;
	case OPERAND_VARIABLE: return o->text;
	case OPERAND_DOT: return ".";
	case OPERAND_NIL: return "nil";
	default: return "...";
	}
}

static int
run_chain(struct run *r, const struct operand *o, struct value *v)
{
	for (size_t i = 0; o->chain != NULL && o->chain[i] != NULL; i++) {
		struct value field;
		char at[80];

		if (!value_field(v, o->chain[i], &field)) {
			snprintf(at, sizeof(at), "%s.%s",
			    o->kind == OPERAND_DOT ? "" : operand_name(o),
			    o->chain[i]);
			fail(r, o->chain_pos[i], at, "can't evaluate field "
			    "%.64s in type %s", o->chain[i], value_type(v));
			value_free(v);
			return -1;
		}
		value_free(v);
		*v = field;
	}
	return 0;
}

static int
check_type(struct run *r, const struct operand *o, const char *name,
    char type, const struct value *v)
{
	const char *want = type == 's' ? "string" : "[]string";
	enum value_kind kind = type == 's' ? VALUE_STRING : VALUE_LIST;
	bool literal = o != NULL && o->kind >= OPERAND_BOOL &&
	    o->kind <= OPERAND_STRING;

	if (type == '*' || v->kind == kind)
		return 0;
	if (literal)
		return fail(r, o->pos, name, "expected %s", want);
	if (v->kind == VALUE_NIL)
		return fail(r, o != NULL ? o->pos : 0, name, "invalid value; "
		    "expected %s", want);
	return fail(r, o != NULL ? o->pos : 0, name, "wrong type for value; "
	    "expected %s; got %s", want, value_type(v));
}

/* The newest of that name; NULL for $, and for one whose declaration was
 * skipped by and or or. */
static struct variable *
find_variable(struct run *r, const char *name)
{
	for (int i = r->nvariables - 1; i >= 0; i--)
		if (strcmp(r->variables[i].name, name) == 0)
			return &r->variables[i];
	return NULL;
}

/* The operand as a value; a function without arguments is called. */
static int run_call(struct run *r, const struct operand *f,
    const struct operand *args, size_t nargs, struct value *last,
    struct value *out);

static int
run_operand(struct run *r, const struct operand *o, struct value *out)
{
	const struct variable *x;

	memset(out, 0, sizeof(*out));
	switch (o->kind) {
	case OPERAND_NIL:
		break;
	case OPERAND_BOOL:
		out->kind = VALUE_BOOL;
		out->number = o->number;
		break;
	case OPERAND_INT:
		out->kind = VALUE_INT;
		out->number = o->number;
		break;
	case OPERAND_FLOAT:
		out->kind = VALUE_FLOAT;
		out->real = o->real;
		break;
	case OPERAND_STRING:
		value_string(out, mem_strdup(o->text));
		break;
	case OPERAND_DOT:
		value_copy(out, &r->dot);
		break;
	case OPERAND_VARIABLE:
		x = find_variable(r, o->text);
		value_copy(out, x != NULL ? &x->value : &r->root);
		break;
	case OPERAND_FUNCTION:
		if (run_call(r, o, NULL, 0, NULL, out) == -1)
			return -1;
		break;
	case OPERAND_PIPE:
		if (template_run_pipe(r, o->pipe, out) == -1)
			return -1;
		break;
	}
	return run_chain(r, o, out);
}

static int
check_count(struct run *r, const struct operand *o, size_t n)
{
	const struct template_function *f = o->function;

	if (f->max >= 0 && (n < (size_t)f->min || n > (size_t)f->max))
		return fail(r, o->pos, f->name, "wrong number of args for "
		    "%s: want %d got %zu", f->name, f->min, n);
	if (n < (size_t)f->min)
		return fail(r, o->pos, f->name, "wrong number of args for "
		    "%s: want at least %d got %zu", f->name, f->min, n);
	return 0;
}

/* and, or: the first value that decides; what follows is not looked at. */
static int
run_logic(struct run *r, const struct operand *f, const struct operand *args,
    size_t nargs, struct value *last, struct value *out)
{
	bool stop_at = strcmp(f->function->name, "or") == 0;

	for (size_t i = 0; i < nargs; i++) {
		value_free(out);
		if (run_operand(r, &args[i], out) == -1)
			return -1;
		if (value_true(out) == stop_at)
			return 0;
	}
	if (last != NULL) {
		value_free(out);
		value_copy(out, last);
	}
	return 0;
}

static int
run_call(struct run *r, const struct operand *f, const struct operand *args,
    size_t nargs, struct value *last, struct value *out)
{
	const char *types = f->function->types;
	struct value values[TEMPLATE_ARGS_MAX + 1] = { 0 };
	struct call call = { values, 0, r->warn, r->arg };
	size_t n = nargs + (last != NULL);
	struct error why;
	int result = -1;

	memset(out, 0, sizeof(*out));
	if (check_count(r, f, n) == -1)
		return -1;
	if (f->function->call == NULL)
		return run_logic(r, f, args, nargs, last, out);
	for (size_t i = 0; i < n; i++) {
		const struct operand *o = i < nargs ? &args[i] : NULL;

		if (o == NULL)
			value_copy(&values[i], last);
		else if (run_operand(r, o, &values[i]) == -1)
			goto out;
		call.nargs = i + 1;
		if (check_type(r, o != NULL ? o : f, f->function->name, *types,
		    &values[i]) == -1)
			goto out;
		if (types[1] != '\0')
			types++;
	}
	if (f->function->call(&call, out, &why) == -1)
		fail(r, f->pos, f->function->name, "error calling %s: %s",
		    f->function->name, why.text);
	else
		result = 0;
out:
	for (size_t i = 0; i < n; i++)
		value_free(&values[i]);
	return result;
}

/* x.Format "layout" is the one method that takes something. */
static int
run_method(struct run *r, const struct command *c, struct value *last,
    struct value *out)
{
	const struct operand *o = &c->args[0];
	struct operand head = *o;
	struct value layout;
	struct buffer b;
	size_t n = 0, given = c->nargs - 1 + (last != NULL);
	char *name;
	int result = -1;

	while (o->chain[n] != NULL)
		n++;
	name = o->chain[n - 1];
	if (strcmp(name, "Format") != 0)
		return given == 0 ? run_operand(r, o, out) :
		    fail(r, o->pos, name, "%s has arguments but cannot be "
		    "invoked as function", name);
	if (given != 1)
		return fail(r, o->pos, name, "wrong number of args for "
		    "Format: want 1 got %zu", given);
	head.chain[n - 1] = NULL;	/* the value that it is a method of */
	if (run_operand(r, &head, out) == -1) {
		head.chain[n - 1] = name;
		return -1;
	}
	head.chain[n - 1] = name;
	if (out->kind != VALUE_TIME) {
		fail(r, o->pos, name, "can't evaluate field Format in type "
		    "%s", value_type(out));
		value_free(out);
		return -1;
	}
	if (last != NULL)
		value_copy(&layout, last);
	else if (run_operand(r, &c->args[1], &layout) == -1)
		return -1;
	buffer_init(&b, SECRET_MAX);
	buffer_puts(&b, "");
	if (check_type(r, o, name, 's', &layout) == 0) {
		result = value_format_time(out, layout.text, &b);
		if (result == -1)
			fail(r, o->pos, name, "the result is too long");
		else
			value_string(out, buffer_steal(&b));
	}
	buffer_free(&b);
	value_free(&layout);
	return result;
}

static int
run_command(struct run *r, const struct command *c, struct value *last,
    struct value *out)
{
	const struct operand *o = &c->args[0];

	memset(out, 0, sizeof(*out));
	if (o->kind == OPERAND_FUNCTION && o->chain == NULL)
		return run_call(r, o, c->args + 1, c->nargs - 1, last, out);
	if (o->chain != NULL)
		return run_method(r, c, last, out);
	if (c->nargs > 1 || last != NULL)
		return fail(r, o->pos, operand_name(o), "can't give argument "
		    "to non-function %s", operand_name(o));
	if (o->kind == OPERAND_NIL)
		return fail(r, o->pos, "nil", "nil is not a command");
	return run_operand(r, o, out);
}

static void
set_variable(struct run *r, const struct pipe *pipe, const struct value *v)
{
	struct variable *x = pipe->assign ?
	    find_variable(r, pipe->variable) : NULL;

	if (x != NULL) {
		value_free(&x->value);
	} else if (pipe->assign) {
		return;
	} else {
		/* The parser has counted them. */
		x = &r->variables[r->nvariables++];
		x->name = pipe->variable;
	}
	value_copy(&x->value, v);
}

int
template_run_pipe(struct run *r, const struct pipe *pipe, struct value *out)
{
	struct value last, v;
	bool first = true;
	int result;

	memset(out, 0, sizeof(*out));
	for (const struct command *c = pipe->commands; c != NULL;
	    c = c->next) {
		last = *out;
		result = run_command(r, c, first ? NULL : &last, &v);
		if (!first)
			value_free(&last);
		memset(out, 0, sizeof(*out));
		if (result == -1)
			return -1;
		*out = v;
		first = false;
	}
	if (pipe->variable != NULL)
		set_variable(r, pipe, out);
	return 0;
}
