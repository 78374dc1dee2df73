/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/config/yaml_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "common/mem.h"

struct anchor {
	char *name;
	struct yaml_node *node;
	struct anchor *next;
};

struct reader {
	struct yaml_tree *tree;
	yaml_parser_t parser;
	const char *name;
	yaml_warn_fn *warn;
	void *arg;
	struct anchor *anchors;		/* newest first */
	struct yaml_node *stack[CONFIG_DEPTH_MAX];
	int depth;
	size_t weight;			/* nodes so far, aliases expanded */
	struct error *err;
};

const char *
yaml_kind_name(const struct yaml_node *n)
{
	if (n->kind == YAML_LIST)
		return "a list";
	if (n->kind == YAML_MAP)
		return "a map";
	return yaml_is_null(n) ? "nothing" : "a text or number";
}

bool
yaml_is_null(const struct yaml_node *n)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };

	if (n->kind != YAML_SCALAR || !n->plain)
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		if (strcmp(n->text, nulls[i]) == 0)
			return true;
	return false;
}

int
yaml_error(const char *name, const struct yaml_node *at, struct error *err,
    const char *fmt, ...)
{
	char text[ERROR_TEXT_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return error_set(err, ERROR_INPUT, "%s:%d:%d: %s", name, at->line,
	    at->column, text);
}

struct yaml_node *
yaml_tree_node(struct yaml_tree *t, enum yaml_kind kind, int line, int column)
{
	struct yaml_node *n = mem_alloc(sizeof(*n));

	n->kind = kind;
	n->line = line;
	n->column = column;
	n->weight = 1;
	if ((t->nnodes & (t->nnodes - 1)) == 0)	/* full at powers of two */
		t->nodes = mem_resize(t->nodes,
		    t->nnodes != 0 ? t->nnodes * 2 : 1, sizeof(t->nodes[0]));
	t->nodes[t->nnodes++] = n;
	return n;
}

void
yaml_tree_free(struct yaml_tree *t)
{
	for (size_t i = 0; i < t->nnodes; i++) {
		struct yaml_node *n = t->nodes[i];

		if (n->text != NULL)
			explicit_bzero(n->text, n->len);
		free(n->text);
		free(n->tag);
		free(n->items);
		free(n);
	}
	free(t->nodes);
	memset(t, 0, sizeof(*t));
}

/* libyaml's words, with what was expected where it does not say. */
static const struct {
	const char *problem, *hint;
} hints[] = {
	{ "did not find expected key", "expected \"key: value\" at the "
	    "indentation of the lines above" },
	{ "did not find expected '-' indicator", "expected \"- \" at the "
	    "indentation of the entries above" },
	{ "mapping values are not allowed in this context", "expected a key "
	    "at the indentation of the lines above, and one \"key: value\" "
	    "a line; quote a text that has \": \" in it" },
	{ "found character that cannot start any token", "expected spaces "
	    "for indentation, never tabs; quote a text that begins with "
	    "@, ` or %" },
	{ "could not find expected ':'", "expected \"key: value\"" },
	{ "found unexpected end of stream", "expected a closing quote" },
	{ "found undefined tag handle", "quote a text that begins with !" },
	{ "control characters are not allowed", "expected printable text" },
};

static int
parser_error(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem, *hint = NULL;
	int line = (int)p->problem_mark.line + 1;
	int column = (int)p->problem_mark.column + 1;

	if (problem == NULL)
		problem = "not YAML";
	if (p->error == YAML_READER_ERROR) {
		line = (int)p->mark.line + 1;
		column = (int)p->mark.column + 1;
	}
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (strcmp(problem, hints[i].problem) == 0)
			hint = hints[i].hint;
	return error_set(r->err, ERROR_INPUT, "%s:%d:%d: %s%s%s%s%s",
	    r->name, line, column,
	    p->context != NULL ? p->context : "",
	    p->context != NULL ? ", " : "", problem,
	    hint != NULL ? ": " : "", hint != NULL ? hint : "");
}

/* The node is complete or begins: hangs it into what is open. at is where
 * it is named, for an alias not where it stands. */
static int
attach(struct reader *r, struct yaml_node *n, const struct yaml_node *at)
{
	struct yaml_node *in;

	r->weight += n->weight;
	if (r->weight > CONFIG_NODES_MAX)
		return error_set(r->err, ERROR_LIMIT, "%s:%d:%d: this is more "
		    "than %d values once aliases are expanded, which is the "
		    "limit", r->name, at->line, at->column, CONFIG_NODES_MAX);
	if (r->depth == 0) {
		r->tree->root = n;
		return 0;
	}
	in = r->stack[r->depth - 1];
	if (in->kind == YAML_MAP && in->nitems % 2 == 0 &&
	    n->kind != YAML_SCALAR)
		return yaml_error(r->name, at, r->err, "%s stands where a "
		    "map's key is expected", yaml_kind_name(n));
	if ((in->nitems & (in->nitems - 1)) == 0)
		in->items = mem_resize(in->items,
		    in->nitems != 0 ? in->nitems * 2 : 1,
		    sizeof(in->items[0]));
	in->items[in->nitems++] = n;
	return 0;
}

static void
remember(struct reader *r, const yaml_char_t *anchor, struct yaml_node *n)
{
	struct anchor *a;

	if (anchor == NULL)
		return;
	for (a = r->anchors; a != NULL; a = a->next)
		if (strcmp(a->name, (const char *)anchor) == 0) {
			a->node = n;	/* an anchor may be set anew */
			return;
		}
	a = mem_alloc(sizeof(*a));
	a->name = mem_strdup((const char *)anchor);
	a->node = n;
	a->next = r->anchors;
	r->anchors = a;
}

static int
alias(struct reader *r, const yaml_event_t *e)
{
	struct yaml_node at = {
		.line = (int)e->start_mark.line + 1,
		.column = (int)e->start_mark.column + 1,
	};
	const char *name = (const char *)e->data.alias.anchor;
	struct anchor *a = r->anchors;

	while (a != NULL && strcmp(a->name, name) != 0)
		a = a->next;
	if (a == NULL)
		return yaml_error(r->name, &at, r->err, "the alias *%.64s has "
		    "no anchor, expected &%.64s before it", name, name);
	if (a->node->open)
		return yaml_error(r->name, &at, r->err, "the alias *%.64s "
		    "stands inside of what it names, expected it after the "
		    "end of &%.64s", name, name);
	return attach(r, a->node, &at);
}

static const char *const core_tags[] = {
	YAML_NULL_TAG, YAML_BOOL_TAG, YAML_INT_TAG, YAML_FLOAT_TAG,
	YAML_SEQ_TAG, YAML_MAP_TAG, "tag:yaml.org,2002:merge", NULL
};

static void
set_tag(struct yaml_node *n, const yaml_char_t *tag, bool plain)
{
	n->plain = plain;
	if (tag == NULL)
		return;
	if (strcmp((const char *)tag, YAML_STR_TAG) == 0 ||
	    strcmp((const char *)tag, "!") == 0) {
		n->plain = false;
		return;
	}
	for (size_t i = 0; core_tags[i] != NULL; i++)
		if (strcmp((const char *)tag, core_tags[i]) == 0) {
			n->plain = true;
			return;
		}
	n->tag = mem_strdup((const char *)tag);
}

static int
scalar(struct reader *r, yaml_event_t *e)
{
	struct yaml_node *n = yaml_tree_node(r->tree, YAML_SCALAR,
	    (int)e->start_mark.line + 1, (int)e->start_mark.column + 1);

	n->len = e->data.scalar.length;
	n->text = mem_strndup((const char *)e->data.scalar.value, n->len);
	explicit_bzero(e->data.scalar.value, n->len);
	set_tag(n, e->data.scalar.tag,
	    e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
	remember(r, e->data.scalar.anchor, n);
	return attach(r, n, n);
}

static int
begin(struct reader *r, const yaml_event_t *e, enum yaml_kind kind,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct yaml_node *n = yaml_tree_node(r->tree, kind,
	    (int)e->start_mark.line + 1, (int)e->start_mark.column + 1);

	if (r->depth == CONFIG_DEPTH_MAX)
		return error_set(r->err, ERROR_LIMIT, "%s:%d:%d: lists and "
		    "maps are nested more than %d deep, which is the limit",
		    r->name, n->line, n->column, CONFIG_DEPTH_MAX);
	set_tag(n, tag, false);
	n->open = true;
	remember(r, anchor, n);
	if (attach(r, n, n) == -1)
		return -1;
	r->stack[r->depth++] = n;
	return 0;
}

static int
end(struct reader *r)
{
	struct yaml_node *n = r->stack[--r->depth];

	n->open = false;
	if (n->kind == YAML_MAP) {
		if (yaml_merge(n, r->name, r->warn, r->arg, r->err) == -1)
			return -1;
	} else
		for (size_t i = 0; i < n->nitems; i++)
			n->weight += n->items[i]->weight;
	if (n->weight > CONFIG_NODES_MAX)
		return error_set(r->err, ERROR_LIMIT, "%s:%d:%d: this is more "
		    "than %d values once aliases are expanded, which is the "
		    "limit", r->name, n->line, n->column, CONFIG_NODES_MAX);
	return 0;
}

static int
event(struct reader *r, yaml_event_t *e)
{
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return alias(r, e);
	case YAML_SCALAR_EVENT:
		return scalar(r, e);
	case YAML_SEQUENCE_START_EVENT:
		return begin(r, e, YAML_LIST, e->data.sequence_start.anchor,
		    e->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return begin(r, e, YAML_MAP, e->data.mapping_start.anchor,
		    e->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return end(r);
	default:
		return 0;
	}
}

static int
run(struct reader *r)
{
	yaml_event_t e;
	bool last = false;
	int result = 0;

	/* Whatever follows the first document is not looked at. */
	while (!last && result == 0) {
		if (!yaml_parser_parse(&r->parser, &e))
			return parser_error(r);
		last = e.type == YAML_DOCUMENT_END_EVENT ||
		    e.type == YAML_STREAM_END_EVENT;
		result = event(r, &e);
		yaml_event_delete(&e);
	}
	return result;
}

static int
check_root(struct reader *r)
{
	struct yaml_node *root = r->tree->root;

	if (root != NULL && root->kind == YAML_SCALAR && root->plain &&
	    root->len == 0)
		root = r->tree->root = NULL;	/* a bare "---" */
	if (root == NULL || root->kind == YAML_MAP)
		return 0;
	return yaml_error(r->name, root, r->err, "the file holds %s, expected "
	    "a map with keys such as version, creds, defaults and scripts",
	    yaml_kind_name(root));
}

/*
 * Secrets may stand inline. libyaml offers no hook for its memory; what is
 * reachable, its input buffers, is wiped. Pieces of a scalar that it moved
 * while the scalar grew stay in freed memory of this process, which no child
 * inherits.
 */
static void
wipe_parser(yaml_parser_t *p)
{
	if (p->raw_buffer.start != NULL)
		explicit_bzero(p->raw_buffer.start,
		    (size_t)(p->raw_buffer.end - p->raw_buffer.start));
	if (p->buffer.start != NULL)
		explicit_bzero(p->buffer.start,
		    (size_t)(p->buffer.end - p->buffer.start));
	for (yaml_token_t *t = p->tokens.head; t != p->tokens.tail; t++)
		if (t->type == YAML_SCALAR_TOKEN &&
		    t->data.scalar.value != NULL)
			explicit_bzero(t->data.scalar.value,
			    t->data.scalar.length);
	yaml_parser_delete(p);
}

int
yaml_tree_read(struct yaml_tree *t, const char *text, size_t len,
    const char *name, yaml_warn_fn *warn, void *arg, struct error *err)
{
	struct reader r = {
		.tree = t, .name = name, .warn = warn, .arg = arg, .err = err,
	};
	struct anchor *a;
	int result;

	memset(t, 0, sizeof(*t));
	if (!yaml_parser_initialize(&r.parser))
		return error_set(err, ERROR_SYSTEM, "%s: cannot start the "
		    "YAML parser: out of memory", name);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text,
	    len);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	result = run(&r);
	if (result == 0)
		result = check_root(&r);
	while ((a = r.anchors) != NULL) {
		r.anchors = a->next;
		free(a->name);
		free(a);
	}
	wipe_parser(&r.parser);
	return result;
}
