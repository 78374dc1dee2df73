/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a template, and how Go would show them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/mem.h"
#include "supervisor/template/template_private.h"

void
template_value_free(struct template_value *v)
{
	mem_wipe(v->text);
	for (size_t i = 0; i < v->nlist; i++)
		mem_wipe(v->list[i]);
	free(v->list);
	memset(v, 0, sizeof(*v));
}

void
template_value_copy(struct template_value *to,
    const struct template_value *from)
{
	*to = *from;
	to->text = mem_strdup(from->text);
	if (from->list == NULL)
		return;
	to->list = mem_array(from->nlist, sizeof(*to->list));
	for (size_t i = 0; i < from->nlist; i++)
		to->list[i] = mem_strdup(from->list[i]);
}

void
template_value_string(struct template_value *v, char *text)
{
	memset(v, 0, sizeof(*v));
	v->kind = TEMPLATE_STRING;
	v->text = text;
}

bool
template_value_true(const struct template_value *v)
{
	switch (v->kind) {
	case TEMPLATE_NIL: return false;
	case TEMPLATE_STRING: return v->text[0] != '\0';
	case TEMPLATE_LIST: return v->nlist != 0;
	case TEMPLATE_DATA: return true;
	default: return v->number != 0;
	}
}

const char *
template_value_type(const struct template_value *v)
{
	switch (v->kind) {
	case TEMPLATE_BOOL: return "bool";
	case TEMPLATE_INT: return "int";
	case TEMPLATE_STRING: return "string";
	case TEMPLATE_LIST: return "[]string";
	case TEMPLATE_DATA: return v->data->type;
	default: return "nil";
	}
}

int
template_value_print(const struct template_value *v, struct buffer *out)
{
	const struct template_data *d = v->data;
	size_t n = v->kind == TEMPLATE_DATA ? d->nfields : v->nlist;
	int r;

	switch (v->kind) {
	case TEMPLATE_NIL: return buffer_puts(out, "<nil>");
	case TEMPLATE_BOOL: return buffer_puts(out, v->number != 0 ? "true" :
	    "false");
	case TEMPLATE_INT: return buffer_printf(out, "%" PRId64, v->number);
	case TEMPLATE_STRING: return buffer_puts(out, v->text);
	default: break;
	}
	r = buffer_putc(out, v->kind == TEMPLATE_DATA ? '{' : '[');
	for (size_t i = 0; r == 0 && i < n; i++)
		r = buffer_printf(out, "%s%s", i != 0 ? " " : "",
		    v->kind == TEMPLATE_DATA ? d->fields[i].value :
		    v->list[i]);
	return r == 0 ? buffer_putc(out, v->kind == TEMPLATE_DATA ? '}' :
	    ']') : -1;
}

static int
json_string(const char *s, struct buffer *out)
{
	return json_write_string(out, s, strlen(s), 0);
}

int
template_value_json(const struct template_value *v, bool pretty,
    struct buffer *out)
{
	const struct template_field *f = NULL;
	bool list = v->kind == TEMPLATE_LIST;
	size_t n = list ? v->nlist : 0;
	int r;

	if (v->kind == TEMPLATE_NIL)
		return buffer_puts(out, "null");
	if (v->kind == TEMPLATE_STRING)
		return json_string(v->text, out);
	if (v->kind == TEMPLATE_DATA) {
		f = v->data->fields;
		n = v->data->nfields;
	} else if (!list)
		return template_value_print(v, out);
	r = buffer_putc(out, list ? '[' : '{');
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = buffer_printf(out, "%s%s", i != 0 ? "," : "",
		    pretty ? "\n  " : "");
		if (r == 0 && !list)
			r = buffer_printf(out, "\"%s\":%s", f[i].json,
			    pretty ? " " : "");
		if (r == 0)
			r = json_string(list ? v->list[i] : f[i].value, out);
	}
	if (r == 0 && pretty && n != 0)
		r = buffer_putc(out, '\n');
	return r == 0 ? buffer_putc(out, list ? ']' : '}') : -1;
}

/* A struct as lines "Name:   value", the values in one column. */
int
template_value_pretty(const struct template_value *v, struct buffer *out)
{
	const struct template_data *d = v->data;
	size_t width = 0, n;
	int r = 0;

	if (v->kind != TEMPLATE_DATA)
		return template_value_print(v, out);
	for (size_t i = 0; i < d->nfields; i++) {
		n = strlen(d->fields[i].name);
		if (n > width)
			width = n;
	}
	for (size_t i = 0; r == 0 && i < d->nfields; i++) {
		n = width - strlen(d->fields[i].name) + 1;
		r = buffer_printf(out, "%s:%*s%s\n", d->fields[i].name,
		    (int)n, "", d->fields[i].value);
	}
	return r;
}
