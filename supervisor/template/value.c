/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a template, and how Go would show them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/template/template_private.h"

void
value_free(struct value *v)
{
	mem_wipe(v->text);
	for (size_t i = 0; i < v->nlist; i++)
		mem_wipe(v->list[i]);
	free(v->list);
	memset(v, 0, sizeof(*v));
}

void
value_copy(struct value *dst, const struct value *src)
{
	*dst = *src;
	dst->text = mem_strdup(src->text);
	if (src->kind != VALUE_LIST)
		return;
	dst->list = mem_array(src->nlist + 1, sizeof(*dst->list));
	for (size_t i = 0; i < src->nlist; i++)
		dst->list[i] = mem_strdup(src->list[i]);
}

void
value_string(struct value *v, char *text)
{
	memset(v, 0, sizeof(*v));
	v->kind = VALUE_STRING;
	v->text = text;
}

bool
value_true(const struct value *v)
{
	switch (v->kind) {
	case VALUE_NIL: return false;
	case VALUE_BOOL:
	case VALUE_INT: return v->number != 0;
	case VALUE_FLOAT: return v->real < 0 || v->real > 0;
	case VALUE_STRING: return v->text[0] != '\0';
	case VALUE_LIST: return v->nlist != 0;
	default: return true;
	}
}

const char *
value_type(const struct value *v)
{
	switch (v->kind) {
	case VALUE_NIL: return "nil";
	case VALUE_BOOL: return "bool";
	case VALUE_INT: return "int";
	case VALUE_FLOAT: return "float64";
	case VALUE_STRING: return "string";
	case VALUE_LIST: return "[]string";
	case VALUE_DATA: return v->data->type;
	case VALUE_CLOCK: return "*template.TimeFuncs";
	default: return "time.Time";
	}
}

int
value_format_time(const struct value *t, const char *layout,
    struct buffer *out)
{
	static const struct { const char *go, *c; } parts[] = {
		{ "2006", "%Y" }, { "January", "%B" }, { "Jan", "%b" },
		{ "Monday", "%A" }, { "Mon", "%a" }, { "MST", "%Z" },
		{ "-0700", "%z" }, { "01", "%m" }, { "02", "%d" },
		{ "03", "%I" }, { "15", "%H" }, { "04", "%M" },
		{ "05", "%S" }, { "06", "%y" }, { "PM", "%p" },
		{ "Z07:00", "Z" },
	};
	time_t s = (time_t)(t->number / NS_PER_S);
	char piece[64];
	struct tm tm;
	size_t i, n = sizeof(parts) / sizeof(parts[0]), len;

	gmtime_r(&s, &tm);
	while (*layout != '\0') {
		for (i = 0; i < n; i++)
			if (strncmp(layout, parts[i].go,
			    strlen(parts[i].go)) == 0)
				break;
		if (i == n) {
			if (buffer_putc(out, *layout++) == -1)
				return -1;
			continue;
		}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		len = strftime(piece, sizeof(piece), parts[i].c, &tm);
#pragma GCC diagnostic pop
		if (buffer_put(out, piece, len) == -1)
			return -1;
		layout += strlen(parts[i].go);
	}
	return 0;
}

static int
print_data(const struct template_data *d, struct buffer *out)
{
	int r = buffer_putc(out, '{');

	for (size_t i = 0; r == 0 && i < d->nfields; i++)
		r = buffer_printf(out, "%s%s", i != 0 ? " " : "",
		    d->fields[i].value);
	return r == 0 ? buffer_putc(out, '}') : -1;
}

static int
print_list(const struct value *v, struct buffer *out)
{
	int r = buffer_putc(out, '[');

	for (size_t i = 0; r == 0 && i < v->nlist; i++)
		r = buffer_printf(out, "%s%s", i != 0 ? " " : "", v->list[i]);
	return r == 0 ? buffer_putc(out, ']') : -1;
}

/* Go writes the shortest decimals that give the same number again. */
static int
print_float(double d, struct buffer *out)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (!(strtod(text, NULL) < d) && !(strtod(text, NULL) > d))
			break;
	}
	return buffer_puts(out, text);
}

int
value_print(const struct value *v, struct buffer *out)
{
	switch (v->kind) {
	case VALUE_NIL: return buffer_puts(out, "<nil>");
	case VALUE_BOOL: return buffer_puts(out, v->number ? "true" : "false");
	case VALUE_INT: return buffer_printf(out, "%" PRId64, v->number);
	case VALUE_FLOAT: return print_float(v->real, out);
	case VALUE_STRING: return buffer_puts(out, v->text);
	case VALUE_LIST: return print_list(v, out);
	case VALUE_DATA: return print_data(v->data, out);
	case VALUE_CLOCK: return buffer_puts(out, "&{}");
	default: return value_format_time(v, "2006-01-02 15:04:05 -0700 UTC",
	    out);
	}
}

static int
json_string(const char *s, struct buffer *out)
{
	int r = buffer_putc(out, '"');

	for (; r == 0 && *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			r = buffer_printf(out, "\\%c", c);
		else if (c == '\n' || c == '\r' || c == '\t')
			r = buffer_printf(out, "\\%c", c == '\n' ? 'n' :
			    c == '\r' ? 'r' : 't');
		else if (c < 0x20)
			r = buffer_printf(out, "\\u%04x", c);
		else
			r = buffer_putc(out, (char)c);
	}
	return r == 0 ? buffer_putc(out, '"') : -1;
}

static int
json_list(const struct value *v, bool pretty, struct buffer *out)
{
	const char *gap = pretty ? "\n  " : "";
	int r = buffer_putc(out, '[');

	for (size_t i = 0; r == 0 && i < v->nlist; i++) {
		r = buffer_printf(out, "%s%s", i != 0 ? "," : "", gap);
		if (r == 0)
			r = json_string(v->list[i], out);
	}
	if (r == 0 && pretty && v->nlist != 0)
		r = buffer_putc(out, '\n');
	return r == 0 ? buffer_putc(out, ']') : -1;
}

static int
json_data(const struct template_data *d, bool pretty, struct buffer *out)
{
	const char *gap = pretty ? "\n  " : "";
	int r = buffer_putc(out, '{');

	for (size_t i = 0; r == 0 && i < d->nfields; i++) {
		r = buffer_printf(out, "%s%s\"%s\":%s", i != 0 ? "," : "", gap,
		    d->fields[i].json, pretty ? " " : "");
		if (r == 0)
			r = json_string(d->fields[i].value, out);
	}
	if (r == 0 && pretty && d->nfields != 0)
		r = buffer_putc(out, '\n');
	return r == 0 ? buffer_putc(out, '}') : -1;
}

int
value_json(const struct value *v, bool pretty, struct buffer *out)
{
	switch (v->kind) {
	case VALUE_NIL: return buffer_puts(out, "null");
	case VALUE_STRING: return json_string(v->text, out);
	case VALUE_LIST: return json_list(v, pretty, out);
	case VALUE_DATA: return json_data(v->data, pretty, out);
	case VALUE_CLOCK: return buffer_puts(out, "{}");
	case VALUE_TIME:
		if (buffer_putc(out, '"') == -1 || value_format_time(v,
		    "2006-01-02T15:04:05Z07:00", out) == -1)
			return -1;
		return buffer_putc(out, '"');
	default: return value_print(v, out);
	}
}

/* A struct as lines "Name:   value", the values in one column. */
int
value_pretty(const struct value *v, struct buffer *out)
{
	const struct template_data *d = v->data;
	size_t width = 0, n;
	int r = 0;

	if (v->kind != VALUE_DATA)
		return value_print(v, out);
	for (size_t i = 0; i < d->nfields; i++) {
		n = strlen(d->fields[i].name);
		if (!d->fields[i].extra && n > width)
			width = n;
	}
	for (size_t i = 0; r == 0 && i < d->nfields; i++) {
		if (d->fields[i].extra)
			continue;
		n = width - strlen(d->fields[i].name) + 1;
		r = buffer_printf(out, "%s:%*s%s\n", d->fields[i].name,
		    (int)n, "", d->fields[i].value);
	}
	return r;
}

static bool
time_field(const struct value *v, const char *name, struct value *out)
{
	memset(out, 0, sizeof(*out));
	out->kind = VALUE_INT;
	if (v->kind == VALUE_CLOCK) {
		out->kind = VALUE_TIME;
		out->number = clock_wall();
		return strcmp(name, "Now") == 0;
	}
	if (strcmp(name, "UTC") == 0) {
		*out = *v;
		return true;
	}
	out->number = v->number / NS_PER_S;
	if (strcmp(name, "Unix") == 0)
		return true;
	out->number = v->number;
	return strcmp(name, "UnixNano") == 0;
}

bool
value_field(const struct value *v, const char *name, struct value *out)
{
	memset(out, 0, sizeof(*out));
	if (v->kind == VALUE_NIL)
		return true;	/* as Go: nil has any field, and it is nil */
	if (v->kind == VALUE_CLOCK || v->kind == VALUE_TIME)
		return time_field(v, name, out);
	if (v->kind != VALUE_DATA)
		return false;
	for (size_t i = 0; i < v->data->nfields; i++)
		if (strcmp(v->data->fields[i].name, name) == 0) {
			value_string(out, mem_strdup(v->data->fields[i].value));
			return true;
		}
	return false;
}
