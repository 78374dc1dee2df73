/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a map: duplicate keys, and <<, over which local keys win. */
#include <stdlib.h>
#include <string.h>

#include "supervisor/config/yaml_tree.h"

/* The index of the pair with that key, or map->nitems. */
static size_t
find(const struct yaml_node *map, const struct yaml_node *key)
{
	size_t i = 0;

	while (i < map->nitems && (map->items[i]->len != key->len ||
	    memcmp(map->items[i]->text, key->text, key->len) != 0))
		i += 2;
	return i;
}

static bool
is_merge(const struct yaml_node *key)
{
	return key->plain && strcmp(key->text, "<<") == 0;
}

static void
add(struct yaml_node *to, struct yaml_node *key, struct yaml_node *value)
{
	yaml_append(to, key);
	yaml_append(to, value);
}

/* Finding a key may take a search of all others, so their number is bounded. */
static int
check_count(const struct yaml_node *to, const char *name,
    const struct yaml_node *at, struct error *err)
{
	if (to->nitems / 2 <= CONFIG_KEYS_MAX)
		return 0;
	return error_set(err, ERROR_LIMIT, "%s:%d:%d: this map has more than "
	    "%d keys, which is the limit", name, at->line, at->column,
	    CONFIG_KEYS_MAX);
}

/* Adds those pairs of from whose keys are not in to. */
static int
merge_map(struct yaml_node *to, const struct yaml_node *from,
    const char *name, struct error *err)
{
	if (from->kind != YAML_MAP)
		return yaml_error(name, from, err, "\"<<\" merges %s, "
		    "expected a map or a list of maps",
		    yaml_kind_name(from));
	for (size_t i = 0; i < from->nitems; i += 2)
		if (find(to, from->items[i]) == to->nitems)
			add(to, from->items[i], from->items[i + 1]);
	return check_count(to, name, from, err);
}

static int
merge(struct yaml_node *to, const struct yaml_node *from, const char *name,
    struct error *err)
{
	if (from->kind != YAML_LIST)
		return merge_map(to, from, name, err);
	for (size_t i = 0; i < from->nitems; i++)
		if (merge_map(to, from->items[i], name, err) == -1)
			return -1;
	return 0;
}

/* The map's own pairs; the last value of a duplicate key counts. */
static int
own_pairs(struct yaml_node *to, const struct yaml_node *map,
    const char *name, yaml_warn_fn *warn, void *arg, struct error *err)
{
	for (size_t i = 0; i < map->nitems; i += 2) {
		struct yaml_node *key = map->items[i];
		size_t at = find(to, key);

		if (is_merge(key))
			continue;
		if (at == to->nitems) {
			add(to, key, map->items[i + 1]);
		} else {
			if (warn != NULL)
				warn(arg, key, "Duplicate key, the last one "
				    "counts", key->text);
			to->weight -= to->items[at + 1]->weight;
			to->weight += map->items[i + 1]->weight;
			to->items[at] = key;
			to->items[at + 1] = map->items[i + 1];
		}
		if (check_count(to, name, map, err) == -1)
			return -1;
	}
	return 0;
}

int
yaml_merge(struct yaml_node *map, const char *name, yaml_warn_fn *warn,
    void *arg, struct error *err)
{
	struct yaml_node to = { .weight = 1 };
	int result = own_pairs(&to, map, name, warn, arg, err);

	for (size_t i = 0; result == 0 && i < map->nitems; i += 2)
		if (is_merge(map->items[i]))
			result = merge(&to, map->items[i + 1], name, err);
	if (result == -1) {
		free(to.items);
		return -1;
	}
	free(map->items);
	map->items = to.items;
	map->nitems = to.nitems;
	map->weight = to.weight;
	return 0;
}
