/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes: commands, calls and the values in them. */
#include <ctype.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/template/template_private.h"

static int run_call(struct template_run *r, const char *at,
    const struct template_function *f, bool alone, struct template_value *last,
    struct template_value *out);

static bool
ends_command(const struct template_run *r)
{
	return *r->p == ')' || *r->p == '|' || template_at_close(r);
}

/* After a value or a function's name. */
static int
check_gap(struct template_run *r, const char *what)
{
	if (*r->p == '\0')
		return template_fail(r, r->p, NULL, "unclosed action");
	if (template_is_space(*r->p) || ends_command(r))
		return 0;
	return template_fail(r, r->p, NULL, "unexpected character after %s, "
	    "expected a space, \"|\", \")\" or \"}}\"", what);
}

/* The name at r->p, and past it. As an argument it may be a string without
 * quotes. */
static int
read_function(struct template_run *r, const struct template_function **f,
    bool argument)
{
	size_t n = template_word(r->p);
	const char *at = r->p;
	int shown = n < 64 ? (int)n : 64;

	r->p += n;
	if (check_gap(r, "a name") == -1)
		return -1;
	*f = template_function(at, n);
	if (*f != NULL)
		return 0;
	if (template_unsupported(at, n))
		return template_fail(r, at, NULL, "%.*s is not supported in "
		    "templates, expected if, a value or a function such as "
		    "env", shown, at);
	return template_fail(r, at, NULL, "function \"%.*s\" not defined%s",
	    shown, at, argument ? ", a string needs quotes" : "");
}

static bool
read_bool(struct template_run *r, struct template_value *out)
{
	size_t n = template_word(r->p);
	bool yes = n == 4 && memcmp(r->p, "true", 4) == 0;

	if (!yes && (n != 5 || memcmp(r->p, "false", 5) != 0))
		return false;
	r->p += n;
	out->kind = TEMPLATE_BOOL;
	out->number = yes;
	return true;
}

/* "." or ".Name": anything of nil is nil, as in Go. */
static int
read_field(struct template_run *r, struct template_value *out)
{
	const char *at = r->p++;
	size_t n = template_word(r->p);
	char *name;
	int result = -1;

	r->p += n;
	if (n != 0 && (r->p[-1] == '.' || memmem(at, n, "..", 2) != NULL))
		return template_fail(r, at, NULL, "a field's name is empty");
	name = mem_strndup(at, n + 1);
	if (r->data == NULL || r->skip) {
		result = 0;
	} else if (n == 0) {
		out->kind = TEMPLATE_DATA;
		out->data = r->data;
		result = 0;
	}
	for (size_t i = 0; result == -1 && i < r->data->nfields; i++)
		if (strcmp(r->data->fields[i].name, name + 1) == 0) {
			template_value_string(out,
			    mem_strdup(r->data->fields[i].value));
			result = 0;
		}
	if (result == -1)
		template_fail(r, at, name, "can't evaluate field %.64s in "
		    "type %s", name + 1, r->data->type);
	mem_wipe(name);
	return result;
}

static int
read_parentheses(struct template_run *r, struct template_value *out)
{
	if (++r->depth > TEMPLATE_DEPTH)
		return template_fail(r, r->p, NULL, "parentheses are nested "
		    "too deep");
	r->p++;
	if (template_pipe(r, "parenthesized pipeline", out) == -1)
		return -1;
	if (*r->p != ')') {
		template_value_free(out);
		return template_fail(r, r->p, NULL, "unclosed left paren");
	}
	r->p++;
	r->depth--;
	return 0;
}

static int
read_other(struct template_run *r)
{
	switch (*r->p) {
	case '\0':
		return template_fail(r, r->p, NULL, "unclosed action");
	case '$':
		return template_fail(r, r->p, NULL, "variables ($x) are not "
		    "supported in templates");
	case '\'':
		return template_fail(r, r->p, NULL, "character constants "
		    "('a') are not supported in templates, write \"a\" for a "
		    "string");
	default:
		return template_fail(r, r->p, NULL, "unrecognized character "
		    "in action: U+%04X, a string needs quotes",
		    (unsigned)(unsigned char)*r->p);
	}
}

/* One value; a function without arguments is called. */
static int
read_value(struct template_run *r, struct template_value *out)
{
	const struct template_function *f;
	const char *at = r->p;
	int result;

	memset(out, 0, sizeof(*out));
	if (*at == '"')
		result = template_quoted(r, out);
	else if (*at == '`')
		result = template_raw(r, out);
	else if (*at == '(')
		result = read_parentheses(r, out);
	else if (*at == '.' && !isdigit((unsigned char)at[1]))
		result = read_field(r, out);
	else if (isdigit((unsigned char)*at) || *at == '+' || *at == '-' ||
	    *at == '.')
		result = template_number(r, out);
	else if (template_word(at) == 0)
		result = read_other(r);
	else if (read_bool(r, out))
		result = 0;
	else if (read_function(r, &f, true) == 0)
		result = run_call(r, at, f, true, NULL, out);
	else
		result = -1;
	if (result == 0 && check_gap(r, "a value") == -1) {
		template_value_free(out);
		result = -1;
	}
	return result;
}

static int
check_call(struct template_run *r, const char *at,
    const struct template_function *f, const struct template_call *c)
{
	const char *type = f->types;

	if (c->nargs < f->min || c->nargs > f->max)
		return template_fail(r, at, f->name, "wrong number of args "
		    "for %s: want %s%zu got %zu", f->name,
		    f->max > f->min ? "at least " : "", f->min, c->nargs);
	for (size_t i = 0; i < c->nargs; i++) {
		const char *is = template_value_type(&c->args[i]);
		const char *want = *type == 's' ? "string" : *type == 'i' ?
		    "int" : "[]string";

		if (*type != '*' && strcmp(is, want) != 0)
			return template_fail(r, at, f->name, "wrong type for "
			    "value; expected %s; got %s", want, is);
		if (type[1] != '\0')
			type++;
	}
	return 0;
}

static int
call(struct template_run *r, const char *at,
    const struct template_function *f, struct template_call *c,
    struct template_value *out)
{
	struct error why;
	struct buffer b;
	int result;

	if (check_call(r, at, f, c) == -1)
		return -1;
	c->err = &why;
	error_set(&why, ERROR_LIMIT, "the result is longer than %u bytes",
	    SECRET_MAX);
	buffer_init(&b, SECRET_MAX);
	b.secret = true;
	buffer_puts(&b, "");
	result = f->text != NULL ? f->text(c, &b) : f->value(c, out);
	if (result == -1)
		template_fail(r, at, f->name, "error calling %s: %s", f->name,
		    why.text);
	else if (f->text != NULL)
		template_value_string(out, buffer_steal(&b));
	buffer_free(&b);
	return result;
}

/* and, or: what follows the value that decides is not evaluated. */
static bool
decides(const struct template_function *f, const struct template_value *v)
{
	return (strcmp(f->name, "and") == 0 && !template_value_true(v)) ||
	    (strcmp(f->name, "or") == 0 && template_value_true(v));
}

/* The function at at, with the arguments at r->p unless it stands alone, and
 * last, which it takes over, unless NULL. */
static int
run_call(struct template_run *r, const char *at,
    const struct template_function *f, bool alone, struct template_value *last,
    struct template_value *out)
{
	struct template_value args[TEMPLATE_ARGS_MAX + 1];
	struct template_call c = { f->name, args, 0, &r->unset, r->warn,
	    r->arg, NULL };
	bool skip = r->skip;
	int result = 0;

	if (!alone)
		template_skip_space(r);
	while (result == 0 && !alone && !ends_command(r)) {
		if (c.nargs == TEMPLATE_ARGS_MAX)
			result = template_fail(r, r->p, NULL, "too many "
			    "arguments in one command");
		else if (read_value(r, &args[c.nargs]) == -1)
			result = -1;
		else if (decides(f, &args[c.nargs++]))
			r->skip = true;
		template_skip_space(r);
	}
	r->skip = skip;
	if (last != NULL) {
		args[c.nargs++] = *last;
		memset(last, 0, sizeof(*last));
	}
	if (result == 0 && !skip)
		result = call(r, at, f, &c, out);
	for (size_t i = 0; i < c.nargs; i++)
		template_value_free(&args[i]);
	return result;
}

static int
run_command(struct template_run *r, struct template_value *last,
    struct template_value *out)
{
	const struct template_function *f;
	const char *at = r->p;

	memset(out, 0, sizeof(*out));
	if (template_word(r->p) != 0 && !read_bool(r, out))
		return read_function(r, &f, false) == 0 ?
		    run_call(r, at, f, false, last, out) : -1;
	r->p = at;
	if (last != NULL)
		return template_fail(r, at, NULL, "non executable command in "
		    "pipeline");
	if (read_value(r, out) == -1)
		return -1;
	template_skip_space(r);
	if (ends_command(r))
		return 0;
	template_value_free(out);
	return template_fail(r, at, "...", "can't give argument to "
	    "non-function ...");
}

int
template_pipe(struct template_run *r, const char *what,
    struct template_value *out)
{
	struct template_value last;
	int result;

	template_skip_space(r);
	if (ends_command(r))
		return template_fail(r, r->p, NULL, "missing value for %s",
		    what);
	result = run_command(r, NULL, out);
	while (result == 0 && *r->p == '|') {
		r->p++;
		template_skip_space(r);
		last = *out;
		memset(out, 0, sizeof(*out));
		result = ends_command(r) ? template_fail(r, r->p, NULL,
		    "missing value for command") : run_command(r, &last, out);
		template_value_free(&last);
	}
	return result;
}
