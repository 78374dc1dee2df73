/* SPDX-License-Identifier: Apache-2.0 */
/* pretend.c - referrers that a dry run would have copied or pushed. */
#include <string.h>

#include "common/mem.h"
#include "worker/job/overlay.h"
#include "worker/referrers/referrers_private.h"

void
referrers_pretend(struct worker *w, const struct reference *ref,
    const char *subject, json_object *descriptor)
{
	struct referrers *r = referrers_of(w);
	struct referrers_pretended *p;

	/* Beyond the bound they are not remembered, as in the overlay. */
	if (r->npretended == OVERLAY_MAX)
		return;
	r->npretended++;
	p = mem_alloc(sizeof(*p));
	reference_copy(&p->ref, ref);
	reference_set_digest(&p->ref, subject);
	p->descriptor = json_object_get(descriptor);
	SLIST_INSERT_HEAD(&r->pretended, p, entry);
}

static bool
listed(json_object *list, const char *digest)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (strcmp(referrers_text(json_object_array_get_idx(list, i),
		    "digest"), digest) == 0)
			return true;
	return false;
}

static bool
deleted(struct worker *w, const struct reference *ref, json_object *d)
{
	struct reference it, real = { .ocidir = false };
	bool gone;

	reference_copy(&it, ref);
	reference_set_digest(&it, referrers_text(d, "digest"));
	gone = overlay_find(w->overlay, &it, &real) == OVERLAY_DELETED;
	reference_free(&it);
	reference_free(&real);
	return gone;
}

void
referrers_pretend_apply(struct worker *w, const struct reference *ref,
    const char *subject, const char *type, json_object **list)
{
	json_object *out, *d;
	struct referrers_pretended *p;

	if (w->overlay == NULL)
		return;
	out = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(*list); i++) {
		d = json_object_array_get_idx(*list, i);
		if (!deleted(w, ref, d))
			json_object_array_add(out, json_object_get(d));
	}
	SLIST_FOREACH(p, &referrers_of(w)->pretended, entry)
		if (reference_same_repository(&p->ref, ref) &&
		    strcmp(p->ref.digest, subject) == 0 &&
		    (type[0] == '\0' || strcmp(referrers_text(p->descriptor,
		    "artifactType"), type) == 0) &&
		    !listed(out, referrers_text(p->descriptor, "digest")) &&
		    !deleted(w, ref, p->descriptor))
			json_object_array_add(out,
			    json_object_get(p->descriptor));
	json_object_put(*list);
	*list = out;
}
