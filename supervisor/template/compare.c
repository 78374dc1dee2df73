/* SPDX-License-Identifier: Apache-2.0 */
/* Go's functions for truth, comparing and looking into lists. */
#include <string.h>

#include "common/mem.h"
#include "supervisor/template/template_private.h"

static void
set_bool(struct value *v, bool b)
{
	v->kind = VALUE_BOOL;
	v->number = b;
}

static int
call_not(const struct call *c, struct value *out, struct error *err)
{
	(void)err;
	set_bool(out, !value_true(&c->args[0]));
	return 0;
}

static int
call_len(const struct call *c, struct value *out, struct error *err)
{
	const struct value *v = &c->args[0];

	out->kind = VALUE_INT;
	if (v->kind == VALUE_STRING)
		out->number = (int64_t)strlen(v->text);
	else if (v->kind == VALUE_LIST)
		out->number = (int64_t)v->nlist;
	else
		return error_set(err, ERROR_INPUT, v->kind == VALUE_NIL ?
		    "len of nil pointer" : "len of type %s", value_type(v));
	return 0;
}

static int
call_index(const struct call *c, struct value *out, struct error *err)
{
	const struct value *v = &c->args[0], *i = &c->args[1];
	size_t n = v->kind == VALUE_STRING ? strlen(v->text) : v->nlist;

	if (v->kind == VALUE_NIL)
		return error_set(err, ERROR_INPUT, "index of untyped nil");
	if (v->kind != VALUE_STRING && v->kind != VALUE_LIST)
		return error_set(err, ERROR_INPUT, "can't index item of type "
		    "%s", value_type(v));
	if (i->kind != VALUE_INT)
		return error_set(err, ERROR_INPUT, "cannot index slice/array "
		    "with type %s", value_type(i));
	if (i->number < 0 || (uint64_t)i->number >= n)
		return error_set(err, ERROR_INPUT, "index out of range: %lld",
		    (long long)i->number);
	if (v->kind == VALUE_LIST) {
		value_string(out, mem_strdup(v->list[i->number]));
	} else {
		out->kind = VALUE_INT;
		out->number = (unsigned char)v->text[i->number];
	}
	return 0;
}

/* -1, 0, 1; or 2 when the two cannot be compared. */
static int
compare(const struct value *a, const struct value *b)
{
	int r;

	if (a->kind != b->kind)
		return 2;
	switch (a->kind) {
	case VALUE_NIL:
		return 0;
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_TIME:
		return a->number < b->number ? -1 : a->number > b->number;
	case VALUE_FLOAT:
		return a->real < b->real ? -1 : a->real > b->real;
	case VALUE_STRING:
		r = strcmp(a->text, b->text);
		return r < 0 ? -1 : r > 0;
	default:
		return 2;
	}
}

static int
incompatible(const struct value *a, const struct value *b, struct error *err)
{
	if (a->kind == b->kind)
		return error_set(err, ERROR_INPUT, "non-comparable type %s",
		    value_type(a));
	return error_set(err, ERROR_INPUT,
	    "incompatible types for comparison");
}

/* True when the first is equal to any other; nil is equal to nil alone. */
static int
call_eq(const struct call *c, struct value *out, struct error *err)
{
	set_bool(out, false);
	for (size_t i = 1; i < c->nargs; i++) {
		const struct value *a = &c->args[0], *b = &c->args[i];
		int r = compare(a, b);

		if (r == 2 && a->kind != VALUE_NIL && b->kind != VALUE_NIL)
			return incompatible(a, b, err);
		if (r == 0)
			out->number = 1;
	}
	return 0;
}

static int
call_ne(const struct call *c, struct value *out, struct error *err)
{
	if (call_eq(c, out, err) == -1)
		return -1;
	out->number = !out->number;
	return 0;
}

static int
order(const struct call *c, int *r, struct value *out, struct error *err)
{
	const struct value *a = &c->args[0];

	*r = compare(a, &c->args[1]);
	if (*r == 2)
		return incompatible(a, &c->args[1], err);
	if (a->kind == VALUE_BOOL || a->kind == VALUE_NIL)
		return error_set(err, ERROR_INPUT,
		    "invalid type for comparison");
	set_bool(out, false);
	return 0;
}

static int
call_lt(const struct call *c, struct value *out, struct error *err)
{
	int r;

	if (order(c, &r, out, err) == -1)
		return -1;
	out->number = r < 0;
	return 0;
}

static int
call_le(const struct call *c, struct value *out, struct error *err)
{
	int r;

	if (order(c, &r, out, err) == -1)
		return -1;
	out->number = r <= 0;
	return 0;
}

static int
call_gt(const struct call *c, struct value *out, struct error *err)
{
	int r;

	if (order(c, &r, out, err) == -1)
		return -1;
	out->number = r > 0;
	return 0;
}

static int
call_ge(const struct call *c, struct value *out, struct error *err)
{
	int r;

	if (order(c, &r, out, err) == -1)
		return -1;
	out->number = r >= 0;
	return 0;
}

const struct template_function template_compare_functions[] = {
	{ "and", NULL, 1, -1, "*" },
	{ "or", NULL, 1, -1, "*" },
	{ "not", call_not, 1, 1, "*" },
	{ "len", call_len, 1, 1, "*" },
	{ "index", call_index, 2, 2, "*" },
	{ "eq", call_eq, 2, -1, "*" },
	{ "ne", call_ne, 2, 2, "*" },
	{ "lt", call_lt, 2, 2, "*" },
	{ "le", call_le, 2, 2, "*" },
	{ "gt", call_gt, 2, 2, "*" },
	{ "ge", call_ge, 2, 2, "*" },
	{ NULL, NULL, 0, 0, NULL }
};
