/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From libyaml's events to the tree. Its document interface would be shorter,
 * but cannot tell !!str 5 from 5, and refuses an anchor that is redefined.
 */
#include "supervisor/config/yaml_private.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/mem.h"

struct yaml_anchor {
	char *name;
	struct yaml_node *node;
	SLIST_ENTRY(yaml_anchor) link;
};

struct yaml_reader {
	struct yaml_tree *tree;
	yaml_parser_t parser;
	const char *name;
	yaml_warn_fn *warn;
	void *arg;
	SLIST_HEAD(, yaml_anchor) anchors;
	int depth;
	size_t weight;		/* nodes so far, aliases expanded */
	struct yaml_quoted quoted;
	struct error *err;
};

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

static int
parser_error(struct yaml_reader *r)
{
	return yaml_syntax_error(&r->parser, &r->quoted, r->name, r->err);
}

/* A new node where e begins; the tree owns it. */
static struct yaml_node *
new_node(struct yaml_reader *r, enum yaml_kind kind, const yaml_event_t *e)
{
	struct yaml_tree *t = r->tree;
	struct yaml_node *n = mem_alloc(sizeof(*n));

	n->kind = kind;
	n->line = (int)e->start_mark.line + 1;
	n->column = (int)e->start_mark.column + 1;
	n->weight = 1;
	t->nodes = yaml_grow(t->nodes, t->nnodes);
	t->nodes[t->nnodes++] = n;
	return n;
}

static struct yaml_anchor *
find_anchor(struct yaml_reader *r, const char *name)
{
	struct yaml_anchor *a;

	SLIST_FOREACH(a, &r->anchors, link)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

/* An anchor may be redefined. */
static void
set_anchor(struct yaml_reader *r, const yaml_char_t *name,
    struct yaml_node *n)
{
	struct yaml_anchor *a;

	if (name == NULL)
		return;
	a = find_anchor(r, (const char *)name);
	if (a == NULL) {
		a = mem_alloc(sizeof(*a));
		a->name = mem_strdup((const char *)name);
		SLIST_INSERT_HEAD(&r->anchors, a, link);
	}
	a->node = n;
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

static int read_node(struct yaml_reader *r, yaml_event_t *e,
    const struct yaml_node *map, struct yaml_node **out);

static int
read_alias(struct yaml_reader *r, const yaml_event_t *e,
    const struct yaml_node *at, struct yaml_node **out)
{
	const char *name = (const char *)e->data.alias.anchor;
	const struct yaml_anchor *a = find_anchor(r, name);

	if (a == NULL)
		return yaml_error(r->name, at, r->err, "this alias has no "
		    "anchor, expected one with & before it: quote a string "
		    "that begins with *");
	if (a->node->open)
		return yaml_error(r->name, at, r->err, "the alias *%.64s is "
		    "inside what it names, expected it after the end of "
		    "&%.64s", name, name);
	*out = a->node;
	return 0;
}

static void
note_quotes(struct yaml_reader *r, const yaml_event_t *e)
{
	yaml_scalar_style_t style = e->data.scalar.style;

	r->quoted.start = e->start_mark;
	r->quoted.end = e->end_mark;
	r->quoted.quote = style == YAML_DOUBLE_QUOTED_SCALAR_STYLE ? '"' :
	    style == YAML_SINGLE_QUOTED_SCALAR_STYLE ? '\'' : '\0';
}

static struct yaml_node *
read_scalar(struct yaml_reader *r, yaml_event_t *e)
{
	struct yaml_node *n = new_node(r, YAML_SCALAR, e);

	n->literal = e->data.scalar.style == YAML_LITERAL_SCALAR_STYLE;
	n->text_line = n->line + (n->literal ||
	    e->data.scalar.style == YAML_FOLDED_SCALAR_STYLE);
	n->len = e->data.scalar.length;
	n->text = mem_strndup((const char *)e->data.scalar.value, n->len);
	explicit_bzero(e->data.scalar.value, n->len);
	set_tag(n, e->data.scalar.tag,
	    e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
	set_anchor(r, e->data.scalar.anchor, n);
	note_quotes(r, e);
	return n;
}

static int
read_items(struct yaml_reader *r, struct yaml_node *n)
{
	bool key = n->kind == YAML_MAP;
	struct yaml_node *item;
	yaml_event_t e;
	int result = 0;

	if (r->depth == CONFIG_DEPTH_MAX)
		return error_set(r->err, ERROR_LIMIT, "%s:%d:%d: lists and "
		    "maps are nested more than %d deep, which is the limit",
		    r->name, n->line, n->column, CONFIG_DEPTH_MAX);
	r->depth++;
	n->open = true;
	while (n->open && result == 0) {
		if (!yaml_parser_parse(&r->parser, &e))
			return parser_error(r);
		if (e.type == YAML_SEQUENCE_END_EVENT ||
		    e.type == YAML_MAPPING_END_EVENT)
			n->open = false;
		else if ((result = read_node(r, &e, key && n->nitems % 2 == 0 ?
		    n : NULL, &item)) == 0)
			yaml_append(n, item);
		yaml_event_delete(&e);
	}
	r->depth--;
	return result == 0 && key ? yaml_merge(n, r->name, r->warn, r->arg,
	    r->err) : result;
}

/* {{env "X"}} without quotes is a map, the key of which is a map. */
static int
key_error(struct yaml_reader *r, const struct yaml_node *map,
    const struct yaml_node *at, const struct yaml_node *key)
{
	if (key->kind == YAML_MAP && map->line == at->line &&
	    map->column + 1 == at->column)
		return yaml_error(r->name, map, r->err, "a template begins here "
		    "without quotes, expected the whole value in single "
		    "quotes, such as '{{env \"X\"}}'");
	return yaml_error(r->name, at, r->err, "%s cannot be a key, expected a "
	    "string", yaml_kind_name(key));
}

/* The node that begins with e, and all that is in it; map: it is a key of
 * this, or NULL. */
static int
read_node(struct yaml_reader *r, yaml_event_t *e, const struct yaml_node *map,
    struct yaml_node **out)
{
	struct yaml_node at = {
		.line = (int)e->start_mark.line + 1,
		.column = (int)e->start_mark.column + 1,
	};

	if (e->type == YAML_SCALAR_EVENT) {
		*out = read_scalar(r, e);
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		*out = new_node(r, YAML_LIST, e);
		set_tag(*out, e->data.sequence_start.tag, false);
		set_anchor(r, e->data.sequence_start.anchor, *out);
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		*out = new_node(r, YAML_MAP, e);
		set_tag(*out, e->data.mapping_start.tag, false);
		set_anchor(r, e->data.mapping_start.anchor, *out);
	} else if (read_alias(r, e, &at, out) == -1)
		return -1;
	if (map != NULL && (*out)->kind != YAML_SCALAR)
		return key_error(r, map, &at, *out);
	r->weight += (*out)->weight;
	if (r->weight > CONFIG_NODES_MAX)
		return error_set(r->err, ERROR_LIMIT, "%s:%d:%d: this is more "
		    "than %d values once aliases are expanded, which is the "
		    "limit", r->name, at.line, at.column, CONFIG_NODES_MAX);
	return e->type == YAML_SCALAR_EVENT || e->type == YAML_ALIAS_EVENT ?
	    0 : read_items(r, *out);
}

/* The root, if there is one. */
static int
read_document(struct yaml_reader *r)
{
	yaml_event_t e;
	bool done = false;
	int result = 0;

	while (!done && result == 0) {
		if (!yaml_parser_parse(&r->parser, &e))
			return parser_error(r);
		done = e.type == YAML_DOCUMENT_END_EVENT ||
		    e.type == YAML_STREAM_END_EVENT;
		if (!done && e.type != YAML_STREAM_START_EVENT &&
		    e.type != YAML_DOCUMENT_START_EVENT)
			result = read_node(r, &e, NULL, &r->tree->root);
		yaml_event_delete(&e);
	}
	return result;
}

static bool
is_nothing(const yaml_event_t *e)
{
	return e->type == YAML_DOCUMENT_END_EVENT ||
	    (e->type == YAML_SCALAR_EVENT && e->data.scalar.length == 0 &&
	    e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
}

/* After the first document there may be empty ones. */
static int
read_end(struct yaml_reader *r)
{
	yaml_event_t start = { 0 }, e;
	bool done = false;
	int result = 0;

	while (!done && result == 0) {
		if (!yaml_parser_parse(&r->parser, &e))
			return start.type == YAML_NO_EVENT ? parser_error(r) :
			    yaml_document_error(&start, r->name, r->err);
		done = e.type == YAML_STREAM_END_EVENT ||
		    e.type == YAML_NO_EVENT;
		if (e.type == YAML_DOCUMENT_START_EVENT)
			start = e;	/* its marks, and whether it is marked */
		else if (!done && !is_nothing(&e))
			result = yaml_document_error(&start, r->name, r->err);
		yaml_event_delete(&e);
	}
	return result;
}

static int
check_root(const struct yaml_reader *r)
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
 * The text may hold secrets. libyaml has no hook for its memory; what can be
 * reached, its buffers and tokens, is wiped. Copies that it made while a
 * scalar grew stay in freed memory of this process, which no child inherits.
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
	struct yaml_reader r = {
		.tree = t, .name = name, .warn = warn, .arg = arg, .err = err,
	};
	size_t lines, skip = yaml_text_prefix(text, len, &lines);
	struct yaml_anchor *a;
	int result;

	memset(t, 0, sizeof(*t));
	if (yaml_text_check(text, len, name, err) == -1)
		return -1;
	if (!yaml_parser_initialize(&r.parser))
		return error_set(err, ERROR_SYSTEM, "%s: cannot start the "
		    "YAML parser: out of memory", name);
	yaml_parser_set_input_string(&r.parser,
	    (const unsigned char *)text + skip, len - skip);
	r.parser.mark.line = lines;
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	result = read_document(&r);
	if (result == 0)
		result = read_end(&r);
	if (result == 0)
		result = check_root(&r);
	while ((a = SLIST_FIRST(&r.anchors)) != NULL) {
		SLIST_REMOVE_HEAD(&r.anchors, link);
		free(a->name);
		free(a);
	}
	wipe_parser(&r.parser);
	return result;
}
