/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of referrers in copyrig.h's registries: their own, and tags. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/client/copyrig_call.h"
#include "worker/oci/manifest.h"
#include "worker/referrers/referrers.h"

bool
rig_has_api(const char *repository)
{
	for (int i = 0; i < 2; i++)
		if (rig->api[i] != NULL &&
		    strcmp(rig->api[i], repository) == 0)
			return true;
	return false;
}

struct client_call *
client_referrers(struct client *c, const struct reference *ref,
    const char *digest, const char *type, const char *query,
    answer_fn *done, void *arg)
{
	char *repository = reference_repository(ref);
	char *name = mem_printf("%s@%s", repository, digest);
	struct client_call *call = call_new(done, arg, "REFERRERS", name);
	struct error err;

	(void)c;
	(void)type;
	(void)query;
	if (!rig_has_api(repository))
		answer_fail(call, ERROR_NOT_FOUND, 404, "request failed: "
		    "not found [http 404]: 404 page not found");
	answer_set(&call->a.media_type, MEDIA_OCI_INDEX);
	buffer_puts(&call->a.body, "{\"schemaVersion\":2,\"manifests\":[");
	for (struct rig_manifest *m = rig->manifests; m != NULL;
	    m = m->next) {
		struct manifest *p = manifest_parse(m->bytes,
		    strlen(m->bytes), m->media_type, "", &err);
		const char *subject = p != NULL ? referrers_subject(p) : NULL;
		json_object *d;

		if (subject != NULL && strcmp(subject, digest) == 0 &&
		    m->digest[0] != '\0' &&
		    strcmp(m->repository, repository) == 0) {
			d = referrers_descriptor(p);
			buffer_printf(&call->a.body, "%s%s",
			    call->a.body.data[call->a.body.len - 1] == '[' ?
			    "" : ",", json_object_to_json_string(d));
			json_object_put(d);
		}
		manifest_free(p);
	}
	buffer_puts(&call->a.body, "]}");
	free(name);
	free(repository);
	return call;
}

struct client_call *
client_manifest_swap(struct client *c, const struct reference *ref,
    const char *expected, const char *media_type, const char *digest,
    const void *p, size_t n, answer_fn *done, void *arg)
{
	char *name = reference_string(ref), *repository =
	    reference_repository(ref), *bytes = mem_strndup(p, n);
	struct client_call *call = call_new(done, arg, "SWAP", name);
	struct rig_manifest *m = rig_find(repository, ref->tag, "");

	(void)c;
	(void)digest;
	if (strcmp(m != NULL ? m->digest : "", expected) != 0) {
		call->a.changed = true;
		if (m != NULL) {
			answer_set(&call->a.media_type, m->media_type);
			buffer_puts(&call->a.body, m->bytes);
		}
	} else if (call->a.err.kind == ERROR_NONE)
		free(rig_manifest(repository, ref->tag, media_type, bytes));
	free(bytes);
	free(name);
	free(repository);
	return call;
}
