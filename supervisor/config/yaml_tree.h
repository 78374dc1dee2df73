/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_tree.h - the one document of a YAML text as a small tree, in which
 * every node knows its place. Anchors, aliases and << are resolved, and
 * bounded: an alias is a pointer, but counts as everything it stands for
 * (CONFIG_NODES_MAX). Freeing wipes what it held.
 */
#ifndef REGBOT_YAML_TREE_H
#define REGBOT_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	int line, column;	/* from 1 */
	char *text;		/* a scalar's, NUL-terminated */
	size_t len;
	bool plain;		/* neither quoted nor !!str: null, true, 5 */
	bool literal;		/* from |: a line of it is one of the file */
	int text_line;		/* of the file, where a scalar's text begins */
	char *tag;		/* one that is not of YAML's core, or NULL */
	struct yaml_node **items; /* a list's; a map's keys and values */
	size_t nitems;
	size_t weight;		/* nodes that it stands for, itself included */
	bool open;		/* still being read */
};

struct yaml_tree {
	struct yaml_node *root;	/* NULL when the text is empty */
	struct yaml_node **nodes; /* all, for freeing */
	size_t nnodes;
};

/* Is told about what is legal but surely a mistake, such as a duplicate key.
 * Never about a value. */
typedef void yaml_warn_fn(void *arg, const struct yaml_node *at,
    const char *message, const char *key);

/* 0, or -1 and "NAME:LINE:COL: what is wrong, what was expected". The root is
 * a map or NULL. Free with yaml_tree_free in both cases. */
int yaml_tree_read(struct yaml_tree *t, const char *text, size_t len,
    const char *name, yaml_warn_fn *warn, void *arg, struct error *err);
void yaml_tree_free(struct yaml_tree *t);

/* ~, null or nothing at all, not quoted. */
bool yaml_is_null(const struct yaml_node *n);

/* "a list", "a map", "a string or number": for sentences. */
const char *yaml_kind_name(const struct yaml_node *n);

/* Doubles an array that is full, which it is at powers of two. */
struct yaml_node **yaml_grow(struct yaml_node **list, size_t n);

/* What the files that read YAML share: one more item of a list, key or
 * value of a map; the end of a map, where duplicate keys and << are resolved;
 * "NAME:LINE:COL: ..." for the place of a node, which returns -1. */
void yaml_append(struct yaml_node *to, struct yaml_node *item);
int yaml_merge(struct yaml_node *map, const char *name, yaml_warn_fn *warn,
    void *arg, struct error *err);
int yaml_error(const char *name, const struct yaml_node *at,
    struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
