/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a map: keys that stand twice, and <<. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/config/yaml_tree.h"

static bool
same_text(const struct yaml_node *a, const struct yaml_node *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* The index of key's pair among the first n items, or n. */
static size_t
find(struct yaml_node *const *items, size_t n, const struct yaml_node *key)
{
	for (size_t i = 0; i < n; i += 2)
		if (same_text(items[i], key))
			return i;
	return n;
}

static bool
is_merge(const struct yaml_node *key)
{
	return key->plain && strcmp(key->text, "<<") == 0;
}

/* A list of pairs that grows; it borrows the nodes. */
struct pairs {
	struct yaml_node **items;
	size_t n, cap;
};

static void
add(struct pairs *p, struct yaml_node *key, struct yaml_node *value)
{
	if (p->n == p->cap) {
		p->cap = p->cap != 0 ? p->cap * 2 : 8;
		p->items = mem_resize(p->items, p->cap, sizeof(p->items[0]));
	}
	p->items[p->n++] = key;
	p->items[p->n++] = value;
}

/* A key may be looked for among all others, so their number is bounded. */
static int
check_count(const struct pairs *p, const char *name,
    const struct yaml_node *at, struct error *err)
{
	if (p->n / 2 <= CONFIG_KEYS_MAX)
		return 0;
	error_set(err, ERROR_LIMIT, "%s:%d:%d: this map has more than %d "
	    "keys, which is the limit", name, at->line, at->column,
	    CONFIG_KEYS_MAX);
	return -1;
}

static int
merge_one(struct pairs *p, const struct yaml_node *from, const char *name,
    struct error *err)
{
	if (from->kind != YAML_MAP)
		return yaml_error(name, from, err, "\"<<\" merges %s, "
		    "expected a map or a list of maps",
		    yaml_kind_name(from));
	for (size_t i = 0; i < from->nitems; i += 2)
		if (find(p->items, p->n, from->items[i]) == p->n)
			add(p, from->items[i], from->items[i + 1]);
	return check_count(p, name, from, err);
}

static int
merge(struct pairs *p, const struct yaml_node *from, const char *name,
    struct error *err)
{
	if (from->kind != YAML_LIST)
		return merge_one(p, from, name, err);
	for (size_t i = 0; i < from->nitems; i++)
		if (merge_one(p, from->items[i], name, err) == -1)
			return -1;
	return 0;
}

/* The map's own pairs; of a key that stands twice the last value counts. */
static int
own_pairs(struct pairs *p, const struct yaml_node *map, const char *name,
    yaml_warn_fn *warn, void *arg, struct error *err)
{
	for (size_t i = 0; i < map->nitems; i += 2) {
		struct yaml_node *key = map->items[i];
		size_t at;

		if (is_merge(key))
			continue;
		at = find(p->items, p->n, key);
		if (at == p->n) {
			add(p, key, map->items[i + 1]);
		} else {
			if (warn != NULL)
				warn(arg, key, "Key stands twice in one map, "
				    "the last one counts", key->text);
			p->items[at] = key;
			p->items[at + 1] = map->items[i + 1];
		}
		if (check_count(p, name, map, err) == -1)
			return -1;
	}
	return 0;
}

int
yaml_merge(struct yaml_node *map, const char *name, yaml_warn_fn *warn,
    void *arg, struct error *err)
{
	struct pairs p = { 0 };

	if (own_pairs(&p, map, name, warn, arg, err) == -1)
		goto fail;
	for (size_t i = 0; i < map->nitems; i += 2)
		if (is_merge(map->items[i]) &&
		    merge(&p, map->items[i + 1], name, err) == -1)
			goto fail;
	free(map->items);
	map->items = p.items;
	map->nitems = p.n;
	map->weight = 1;
	for (size_t i = 0; i < p.n; i++)
		map->weight += p.items[i]->weight;
	return 0;
fail:
	free(p.items);
	return -1;
}
