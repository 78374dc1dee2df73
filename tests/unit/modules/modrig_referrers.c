/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of referrers in modrig.h's registry. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/modules/modrig_call.h"

struct client_call *
client_manifest_swap(struct client *c, const struct reference *ref,
    const char *expected, const char *media_type, const char *digest,
    const void *p, size_t n, answer_fn *done, void *arg)
{
	struct client_call *call = modrig_request(c, "SWAP", ref, ref->tag, done,
	    arg);
	struct entry *e = modrig_entry_of(c, ref, ref->tag);
	char *repo = reference_repository(ref), *bytes = mem_strndup(p, n);

	if (strcmp(e != NULL ? e->digest : "", expected) != 0) {
		call->answer.changed = true;
		if (e != NULL)
			modrig_manifest_answer(call, e, true);
	} else
		store_add(c->rig->store, repo, ref->tag, media_type, bytes);
	modrig_set(&call->answer.digest, digest);
	free(repo);
	free(bytes);
	return call;
}

struct client_call *
client_referrers(struct client *c, const struct reference *ref,
    const char *digest, const char *type, const char *query,
    answer_fn *done, void *arg)
{
	char *what = mem_printf("%s type=%s query=%s", digest, type, query);
	struct client_call *call = modrig_request(c, "REFERRERS", ref, what, done,
	    arg);

	if (c->rig->referrers == NULL)
		modrig_not_found(call, "404 page not found");
	else {
		modrig_set(&call->answer.media_type,
		    "application/vnd.oci.image.index.v1+json");
		buffer_puts(&call->answer.body, c->rig->referrers);
	}
	free(what);
	return call;
}
