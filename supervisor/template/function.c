/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions that a template may call. A new one is a row of the table at
 * the end, and a sentence in the manual page regbot.yml(5).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/mem.h"
#include "supervisor/template/template_private.h"

static int
text_env(const struct template_call *c, struct buffer *out)
{
	const char *s = getenv(c->args[0].text);

	if (s == NULL) {
		free(*c->unset);
		*c->unset = mem_strdup(c->args[0].text);
	}
	return buffer_puts(out, s != NULL ? s : "");
}

/* lower and upper, of ASCII. */
static int
text_case(const struct template_call *c, struct buffer *out)
{
	char first = c->name[0] == 'l' ? 'A' : 'a';
	int r = 0;

	for (const char *p = c->args[0].text; r == 0 && *p != '\0'; p++)
		r = buffer_putc(out, *p >= first && *p < first + 26 ?
		    (char)(*p ^ 0x20) : *p);
	return r;
}

static int
text_trim(const struct template_call *c, struct buffer *out)
{
	return template_trim(out, c->args[0].text, strlen(c->args[0].text));
}

static int
value_default(const struct template_call *c, struct template_value *out)
{
	free(*c->unset);	/* the template is prepared for that */
	*c->unset = NULL;
	template_value_copy(out,
	    &c->args[template_value_true(&c->args[1]) ? 1 : 0]);
	return 0;
}

static int
value_split(const struct template_call *c, struct template_value *out)
{
	const char *s = c->args[0].text, *by = c->args[1].text, *at;
	size_t n = 1;

	if (*by == '\0')
		return error_set(c->err, ERROR_INPUT, "an empty separator is "
		    "not supported in templates");
	for (at = s; (at = strstr(at, by)) != NULL; at += strlen(by))
		n++;
	out->kind = TEMPLATE_LIST;
	out->list = mem_array(n, sizeof(*out->list));
	while ((at = strstr(s, by)) != NULL) {
		out->list[out->nlist++] = mem_strndup(s, (size_t)(at - s));
		s = at + strlen(by);
	}
	out->list[out->nlist++] = mem_strdup(s);
	return 0;
}

static int
text_join(const struct template_call *c, struct buffer *out)
{
	const struct template_value *v = &c->args[0];
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->nlist; i++) {
		if (i != 0)
			r = buffer_puts(out, c->args[1].text);
		if (r == 0)
			r = buffer_puts(out, v->list[i]);
	}
	return r;
}

static int
text_json(const struct template_call *c, struct buffer *out)
{
	return template_value_json(&c->args[0],
	    strcmp(c->name, "jsonPretty") == 0, out);
}

static int
text_pretty(const struct template_call *c, struct buffer *out)
{
	return template_value_pretty(&c->args[0], out);
}

/* print puts a space between two values if neither is a string, println
 * between any two. */
static int
text_print(const struct template_call *c, struct buffer *out)
{
	bool line = strcmp(c->name, "println") == 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->nargs; i++) {
		if (i != 0 && (line || (c->args[i].kind != TEMPLATE_STRING &&
		    c->args[i - 1].kind != TEMPLATE_STRING)))
			r = buffer_putc(out, ' ');
		if (r == 0)
			r = template_value_print(&c->args[i], out);
	}
	return r == 0 && line ? buffer_putc(out, '\n') : r;
}

static bool
fits(char verb, enum template_kind kind)
{
	return verb == 'v' || (verb == 's' && kind >= TEMPLATE_STRING) ||
	    (verb == 'd' && kind == TEMPLATE_INT) ||
	    (verb == 't' && kind == TEMPLATE_BOOL);
}

/* Where Go would write %!d(string=x) into the text, this fails. */
static int
text_printf(const struct template_call *c, struct buffer *out)
{
	size_t i = 1;
	int r = 0;

	for (const char *p = c->args[0].text; r == 0 && *p != '\0'; p++) {
		if (*p != '%' || *++p == '%') {
			r = buffer_putc(out, *p);
			continue;
		}
		if (*p == '\0' || strchr("svdt", *p) == NULL)
			return error_set(c->err, ERROR_INPUT, "a verb is not "
			    "supported in templates, expected %%s, %%v, %%d, "
			    "%%t or %%%%");
		if (i == c->nargs)
			return error_set(c->err, ERROR_INPUT, "fewer values "
			    "than verbs");
		if (!fits(*p, c->args[i].kind))
			return error_set(c->err, ERROR_INPUT, "wrong type "
			    "for %%%c: %s", *p,
			    template_value_type(&c->args[i]));
		r = template_value_print(&c->args[i++], out);
	}
	if (r == 0 && i != c->nargs)
		return error_set(c->err, ERROR_INPUT, "more values than verbs");
	return r;
}

static int
value_bool(struct template_value *out, bool b)
{
	out->kind = TEMPLATE_BOOL;
	out->number = b;
	return 0;
}

/* The first value that decides, else the last. Values after the one that
 * decides were not evaluated. */
static int
value_logic(const struct template_call *c, struct template_value *out)
{
	bool or = strcmp(c->name, "or") == 0;
	size_t i = 0;

	while (i + 1 < c->nargs && template_value_true(&c->args[i]) != or)
		i++;
	template_value_copy(out, &c->args[i]);
	return 0;
}

static int
value_not(const struct template_call *c, struct template_value *out)
{
	return value_bool(out, !template_value_true(&c->args[0]));
}

static int
value_len(const struct template_call *c, struct template_value *out)
{
	const struct template_value *v = &c->args[0];

	if (v->kind != TEMPLATE_STRING && v->kind != TEMPLATE_LIST)
		return error_set(c->err, ERROR_INPUT, "len of type %s",
		    template_value_type(v));
	out->kind = TEMPLATE_INT;
	out->number = (int64_t)(v->kind == TEMPLATE_STRING ?
	    strlen(v->text) : v->nlist);
	return 0;
}

static int
value_index(const struct template_call *c, struct template_value *out)
{
	const struct template_value *v = &c->args[0];
	int64_t i = c->args[1].number;

	if (i < 0 || (uint64_t)i >= v->nlist)
		return error_set(c->err, ERROR_INPUT, "index out of range: "
		    "%lld", (long long)i);
	template_value_string(out, mem_strdup(v->list[i]));
	return 0;
}

/* eq is true when the first equals any other; nil equals nil alone. */
static int
value_equal(const struct template_call *c, struct template_value *out)
{
	const struct template_value *a = &c->args[0], *b;
	bool equal = false;

	for (size_t i = 1; i < c->nargs; i++) {
		b = &c->args[i];
		if (a->kind != b->kind && a->kind != TEMPLATE_NIL &&
		    b->kind != TEMPLATE_NIL)
			return error_set(c->err, ERROR_INPUT, "incompatible "
			    "types for comparison");
		if (a->kind == TEMPLATE_LIST || a->kind == TEMPLATE_DATA)
			return error_set(c->err, ERROR_INPUT,
			    "non-comparable type %s", template_value_type(a));
		if (a->kind == b->kind && (a->kind == TEMPLATE_STRING ?
		    strcmp(a->text, b->text) == 0 : a->number == b->number))
			equal = true;
	}
	return value_bool(out, equal == (c->name[0] == 'e'));
}

static int
value_unix(const struct template_call *c, struct template_value *out)
{
	(void)c;
	out->kind = TEMPLATE_INT;
	out->number = clock_wall() / NS_PER_S;
	return 0;
}

/* The time in UTC by a layout of Go's, such as 2006-01-02. */
static int
text_now(const struct template_call *c, struct buffer *out)
{
	static const struct { const char *go, *c; } parts[] = {
		{ "2006", "%Y" }, { "January", "%B" }, { "Jan", "%b" },
		{ "Monday", "%A" }, { "Mon", "%a" }, { "MST", "UTC" },
		{ "-0700", "+0000" }, { "Z07:00", "Z" }, { "01", "%m" },
		{ "02", "%d" }, { "03", "%I" }, { "15", "%H" },
		{ "04", "%M" }, { "05", "%S" }, { "06", "%y" },
		{ "PM", "%p" },
	};
	const size_t n = sizeof(parts) / sizeof(parts[0]);
	time_t now = (time_t)(clock_wall() / NS_PER_S);
	char piece[64];
	struct tm tm;
	int r = 0;

	gmtime_r(&now, &tm);
	for (const char *p = c->args[0].text; r == 0 && *p != '\0';) {
		size_t i = 0;

		while (i < n && strncmp(p, parts[i].go,
		    strlen(parts[i].go)) != 0)
			i++;
		if (i == n && isdigit((unsigned char)*p))
			return error_set(c->err, ERROR_INPUT, "a part of the "
			    "layout is not supported in templates");
		if (i == n) {
			r = buffer_putc(out, *p++);
			continue;
		}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		r = buffer_put(out, piece, strftime(piece, sizeof(piece),
		    parts[i].c, &tm));
#pragma GCC diagnostic pop
		p += strlen(parts[i].go);
	}
	return r;
}

static const struct template_function functions[] = {
	{ "env", text_env, NULL, 1, 1, "s" },
	{ "file", template_file, NULL, 1, 1, "s" },
	{ "default", NULL, value_default, 2, 2, "*" },
	{ "lower", text_case, NULL, 1, 1, "s" },
	{ "upper", text_case, NULL, 1, 1, "s" },
	{ "trimSpace", text_trim, NULL, 1, 1, "s" },
	{ "split", NULL, value_split, 2, 2, "s" },
	{ "join", text_join, NULL, 2, 2, "ls" },
	{ "json", text_json, NULL, 1, 1, "*" },
	{ "jsonPretty", text_json, NULL, 1, 1, "*" },
	{ "printPretty", text_pretty, NULL, 1, 1, "*" },
	{ "time.Now.Unix", NULL, value_unix, 0, 0, "*" },
	{ "time.Now.Format", text_now, NULL, 1, 1, "s" },
	{ "time.Now.UTC.Format", text_now, NULL, 1, 1, "s" },
	{ "print", text_print, NULL, 0, SIZE_MAX, "*" },
	{ "println", text_print, NULL, 0, SIZE_MAX, "*" },
	{ "printf", text_printf, NULL, 1, SIZE_MAX, "s*" },
	{ "and", NULL, value_logic, 1, SIZE_MAX, "*" },
	{ "or", NULL, value_logic, 1, SIZE_MAX, "*" },
	{ "not", NULL, value_not, 1, 1, "*" },
	{ "len", NULL, value_len, 1, 1, "*" },
	{ "index", NULL, value_index, 2, 2, "li" },
	{ "eq", NULL, value_equal, 2, SIZE_MAX, "*" },
	{ "ne", NULL, value_equal, 2, 2, "*" },
};

static bool
is_name(const char *name, size_t n, const char *s)
{
	return strlen(s) == n && memcmp(s, name, n) == 0;
}

const struct template_function *
template_function(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (is_name(name, n, functions[i].name))
			return &functions[i];
	return NULL;
}

bool
template_unsupported(const char *name, size_t n)
{
	static const char *const words[] = {
		"range", "with", "define", "template", "block", "break",
		"continue", "nil", "call", "html", "js", "slice", "urlquery",
		"lt", "le", "gt", "ge", "time",
	};

	if (n > 5 && memcmp(name, "time.", 5) == 0)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_name(name, n, words[i]))
			return true;
	return false;
}
