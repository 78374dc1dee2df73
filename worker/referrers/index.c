/* SPDX-License-Identifier: Apache-2.0 */
/* index.c - edits the list of referrers under a fallback tag. What is in it
 * already stays as it is. */
#include <string.h>

#include "common/json.h"
#include "common/mem.h"
#include "worker/referrers/referrers_private.h"

static json_object *
index_new(void)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "schemaVersion", json_object_new_int(2));
	json_object_object_add(o, "mediaType",
	    json_object_new_string(MEDIA_OCI_INDEX));
	json_object_object_add(o, "manifests", json_object_new_array());
	return o;
}

/* The index as a tree of our own, or NULL. */
static json_object *
index_read(const char *p, size_t n, const char *media_type,
    struct error *err)
{
	struct manifest *m = manifest_parse(p, n, media_type, "", err);
	json_object *o = NULL;

	if (m == NULL)
		return NULL;
	if (m->kind != MANIFEST_OCI_INDEX)
		error_set(err, ERROR_INPUT, "it has a %s, not a list of "
		    "referrers, and is not overwritten", m->media_type);
	else
		o = json_object_get(m->json);
	manifest_free(m);
	return o;
}

static json_object *
index_list(json_object *o)
{
	json_object *list = NULL;

	json_object_object_get_ex(o, "manifests", &list);
	if (json_object_is_type(list, json_type_array))
		return list;
	list = json_object_new_array();
	json_object_object_add(o, "manifests", list);
	return list;
}

/* Whether the list was changed. */
static bool
change(json_object *list, const struct referrers_change *c)
{
	bool there = false, changed = false;
	json_object *d;

	for (size_t i = json_object_array_length(list); i-- > 0;) {
		d = json_object_array_get_idx(list, i);
		if (strcmp(referrers_text(d, "digest"), c->digest) != 0)
			continue;
		there = true;
		if (c->descriptor == NULL) {
			json_object_array_del_idx(list, i, 1);
			changed = true;
		}
	}
	if (c->descriptor != NULL && !there) {
		json_object_array_add(list, json_object_get(c->descriptor));
		changed = true;
	}
	return changed;
}

static int
index_check(json_object *list, const struct buffer *out, struct error *err)
{
	size_t n = json_object_array_length(list);

	if (n > REFERRERS_MAX)
		return error_set(err, ERROR_LIMIT, "it would list %zu "
		    "referrers, at most %d are allowed", n, REFERRERS_MAX);
	if (out->len > MANIFEST_PUT_MAX)
		return error_set(err, ERROR_LIMIT, "it would be larger than "
		    "%u bytes", MANIFEST_PUT_MAX);
	return 0;
}

static bool
adds(const struct referrers_changes *changes)
{
	const struct referrers_change *c;

	TAILQ_FOREACH(c, changes, entry)
		if (c->descriptor != NULL)
			return true;
	return false;
}

int
referrers_index_edit(const char *p, size_t n, const char *media_type,
    const struct referrers_changes *changes, struct buffer *out,
    bool *differs, struct error *err)
{
	json_object *o = n != 0 ? index_read(p, n, media_type, err) :
	    index_new(), *list;
	const struct referrers_change *c;
	int rv = 0;

	*differs = false;
	if (o == NULL)	/* what is no list does not have what must go */
		return adds(changes) ? -1 : 0;
	list = index_list(o);
	TAILQ_FOREACH(c, changes, entry)
		*differs = change(list, c) || *differs;
	if (*differs) {
		json_write(out, o);
		rv = index_check(list, out, err);
	}
	json_object_put(o);
	return rv;
}
