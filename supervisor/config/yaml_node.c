/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_node.c - a node of the tree: what it is, its items, its place. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/config/yaml_tree.h"

const char *
yaml_kind_name(const struct yaml_node *n)
{
	if (n->kind == YAML_LIST)
		return "a list";
	if (n->kind == YAML_MAP)
		return "a map";
	return yaml_is_null(n) ? "nothing" : "a string or number";
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

struct yaml_node **
yaml_grow(struct yaml_node **list, size_t n)
{
	if ((n & (n - 1)) != 0)
		return list;
	return mem_resize(list, n != 0 ? n * 2 : 1, sizeof(*list));
}

void
yaml_append(struct yaml_node *to, struct yaml_node *item)
{
	to->items = yaml_grow(to->items, to->nitems);
	to->items[to->nitems++] = item;
	to->weight += item->weight;
}
