/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape_order.c - the order of keys in an exported object; see shape.h. An
 * edited manifest differs from its original in what was edited and nothing
 * else; and where the original came from Go, it is what Go would write.
 */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/lua/shape.h"

struct keys {
	const char **key;
	size_t n;
};

static struct keys
keys_of(json_object *o)
{
	struct keys k = { mem_array((size_t)json_object_object_length(o) + 1,
	    sizeof(*k.key)), 0 };

	json_object_object_foreach(o, key, value) {
		(void)value;
		k.key[k.n++] = key;
	}
	return k;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The field's place in Go's struct, from 1; 0: none. */
static int
place_of(const struct shape *s, const char *key, int *count)
{
	const struct shape_field *f;
	int rv;

	for (f = s->fields; f->go != NULL; f++) {
		if (f->flags & SHAPE_EMBEDDED) {
			if ((rv = place_of(f->of, key, count)) != 0)
				return rv;
			continue;
		}
		++*count;
		if (strcmp(f->json != NULL ? f->json : f->go, key) == 0)
			return *count;
	}
	return 0;
}

static int
place(const struct shape *s, const char *key)
{
	int count = 0;

	return place_of(s, key, &count);
}

/* Is a key of o out of order? Those beyond the shape may stand anywhere. */
static bool
in_order(const struct shape *s, const struct keys *k)
{
	int last = 0, at;

	for (size_t i = 0; i < k->n; i++) {
		if (s == NULL) {
			if (i > 0 && strcmp(k->key[i - 1], k->key[i]) > 0)
				return false;
			continue;
		}
		if ((at = place(s, k->key[i])) == 0)
			continue;
		if (at < last)
			return false;
		last = at;
	}
	return true;
}

/* Before which of the keys, which are in order, Go writes it. */
static size_t
position(const struct shape *s, const struct keys *k, const char *key)
{
	int at = place(s, key), other;
	size_t i;

	for (i = k->n; i > 0; i--)
		if ((other = place(s, k->key[i - 1])) != 0 && other < at)
			break;
	return i;
}

static void
arrange(json_object *out, const struct keys *k)
{
	for (size_t i = 0; i < k->n; i++) {
		char *key = mem_strdup(k->key[i]);
		json_object *v = NULL;

		json_object_object_get_ex(out, key, &v);
		v = json_object_get(v);
		json_object_object_del(out, key);
		json_object_object_add(out, key, v);
		free(key);
	}
}

/* The keys of orig that out still has, in order; the others of out. */
static void
divide(json_object *orig, json_object *out, struct keys *kept,
    struct keys *added)
{
	struct keys o = keys_of(out);
	json_object *v;
	size_t n = 0;

	for (size_t i = 0; i < kept->n; i++)
		if (json_object_object_get_ex(out, kept->key[i], &v))
			kept->key[n++] = kept->key[i];
	kept->n = n;
	n = 0;
	for (size_t i = 0; i < o.n; i++)
		if (!json_object_object_get_ex(orig, o.key[i], &v))
			o.key[n++] = o.key[i];
	o.n = n;
	*added = o;
}

void
shape_order(const struct shape *s, json_object *orig, json_object *out)
{
	struct keys kept, added, all = { NULL, 0 };
	size_t at;
	bool ordered;

	if (!json_object_is_type(orig, json_type_object)) {
		if (s != NULL)
			return;
		all = keys_of(out);
		qsort(all.key, all.n, sizeof(*all.key), by_name);
		arrange(out, &all);
		free(all.key);
		return;
	}
	kept = keys_of(orig);
	ordered = in_order(s, &kept);
	if (s == NULL && ordered) {
		free(kept.key);
		shape_order(NULL, NULL, out);
		return;
	}
	divide(orig, out, &kept, &added);
	if (s == NULL)
		qsort(added.key, added.n, sizeof(*added.key), by_name);
	all.key = mem_array(kept.n + added.n + 1, sizeof(*all.key));
	memcpy(all.key, kept.key, kept.n * sizeof(*all.key));
	all.n = kept.n;
	for (size_t i = 0; i < added.n; i++) {
		at = ordered ? position(s, &all, added.key[i]) : all.n;
		memmove(all.key + at + 1, all.key + at,
		    (all.n - at) * sizeof(*all.key));
		all.key[at] = added.key[i];
		all.n++;
	}
	arrange(out, &all);
	free(kept.key);
	free(added.key);
	free(all.key);
}
