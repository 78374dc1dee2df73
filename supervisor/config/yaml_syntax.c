/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_syntax.c - errors of YAML: libyaml's words, what was expected where it
 * does not say that, and a better place where it finds out late.
 */
#include <stdio.h>
#include <string.h>

#include "supervisor/config/yaml_private.h"

static const char tab_hint[] = "expected spaces for indentation, never tabs";

static const struct {
	const char *problem, *hint;
} hints[] = {
	{ "did not find expected key", "expected \"key: value\" at the "
	    "indentation of the lines above" },
	{ "did not find expected '-' indicator", "expected \"- \" at the "
	    "indentation of the entries above" },
	{ "mapping values are not allowed in this context", "expected a key "
	    "at the indentation of the lines above, and one \"key: value\" "
	    "per line, with a space after \"-\" and \":\"; quote a string "
	    "that has \": \" in it, or write \"|\" and put it below" },
	{ "found character that cannot start any token", "quote a string that "
	    "begins with @, ` or %" },
	{ "found a tab character where an indentation space is expected",
	    tab_hint },
	{ "could not find expected ':'", "expected \"key: value\", and the "
	    "lines of a text deeper than its key" },
	{ "did not find expected ',' or ']'", "expected a comma between "
	    "entries, and quotes around a string that begins with [" },
	{ "did not find expected ',' or '}'", "expected a comma between "
	    "entries, and quotes around a string that begins with {" },
	{ "did not find expected alphabetic or numeric character", "quote a "
	    "string that begins with * or &" },
	{ "found undefined tag handle", "quote a string that begins with !" },
	{ "found unexpected document indicator", "a line that begins with "
	    "\"---\" or \"...\" ends the document: indent it, or close the "
	    "quotes above it" },
	{ "did not find expected <document start>", "expected nothing after "
	    "the end of the document; a line \"...\" ends it: remove "
	    "it, or indent it where it belongs to a script" },
};

static struct yaml_node
place(const yaml_mark_t *m)
{
	struct yaml_node at = {
		.line = (int)m->line + 1, .column = (int)m->column + 1,
	};

	return at;
}

/* A quote that is missing shows up where the next string begins, which then
 * closes the first; one too many right behind it. */
static int
quote_error(const struct yaml_node *at, const struct yaml_quoted *q,
    const char *name, struct error *err)
{
	struct yaml_node start = place(&q->start);

	if (q->start.line != q->end.line)
		return yaml_error(name, &start, err, "the quote that opens "
		    "here is closed only by the one at %d:%d, which is not the "
		    "end of the value: expected a closing quote before",
		    at->line, (int)q->end.column);
	return yaml_error(name, at, err, "the string in quotes ends before "
	    "this: to have %c in it, write %s, or put it into %s quotes",
	    q->quote, q->quote == '"' ? "\\\"" : "''",
	    q->quote == '"' ? "single" : "double");
}

static bool
is_at_quote(const yaml_mark_t *m, const struct yaml_quoted *q)
{
	return q->quote != '\0' && m->line == q->end.line &&
	    (m->column == q->end.column ||
	    (m->column > q->end.column && q->start.line != q->end.line));
}

static const char *
hint_for(const yaml_parser_t *p, const char *problem)
{
	if (strcmp(problem, "found character that cannot start any token") ==
	    0 && p->unread != 0 && *p->buffer.pointer == '\t')
		return tab_hint;
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (strcmp(problem, hints[i].problem) == 0)
			return hints[i].hint;
	return NULL;
}

/* "while parsing a flow mapping, which begins at 3:4, ". */
static void
context(const yaml_parser_t *p, char *out, size_t size)
{
	struct yaml_node from = place(&p->context_mark);

	out[0] = '\0';
	if (p->context == NULL)
		return;
	if (strncmp(p->context, "while parsing a flow ", 21) == 0)
		snprintf(out, size, "%s, which begins at %d:%d, ",
		    p->context, from.line, from.column);
	else
		snprintf(out, size, "%s, ", p->context);
}

int
yaml_syntax_error(const yaml_parser_t *p, const struct yaml_quoted *last,
    const char *name, struct error *err)
{
	const char *problem = p->problem != NULL ? p->problem : "not YAML";
	const char *hint = hint_for(p, problem);
	struct yaml_node at = place(&p->problem_mark);
	char during[128];

	if (strcmp(problem, "found unexpected end of stream") == 0) {
		at = place(&p->context_mark);
		return yaml_error(name, &at, err, "the quote that opens here "
		    "is never closed, expected a closing quote");
	}
	if (is_at_quote(&p->problem_mark, last))
		return quote_error(&at, last, name, err);
	if (strcmp(problem, "could not find expected ':'") == 0)
		at = place(&p->context_mark);	/* found out a line later */
	context(p, during, sizeof(during));
	return yaml_error(name, &at, err, "%s%s%s%s", during, problem,
	    hint != NULL ? ": " : "", hint != NULL ? hint : "");
}

int
yaml_document_error(const yaml_event_t *e, const char *name,
    struct error *err)
{
	struct yaml_node at = place(&e->start_mark);

	return yaml_error(name, &at, err, "a second document begins here, "
	    "expected one in the file: remove the line \"---\", or indent it "
	    "where it belongs to a script");
}
