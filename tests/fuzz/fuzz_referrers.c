/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_referrers.c - any manifest as a list of referrers that is changed, and
 * as a referrer. A change is made once: made again it changes nothing, and
 * what else the list had is still there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "worker/referrers/referrers_private.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" \
	"bbbb"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const char *const fuzz_seeds[];
const char *const fuzz_seeds[] = {
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\","
	"\"manifests\":[{\"mediaType\":\"a/b\",\"digest\":\"" A "\","
	"\"size\":2,\"artifactType\":\"c/d\",\"annotations\":{\"k\":\"v\"}}],"
	"\"subject\":{\"mediaType\":\"a/b\",\"digest\":\"" B "\",\"size\":3},"
	"\"annotations\":{\"x\":\"y\"}}",
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_IMAGE "\","
	"\"artifactType\":\"c/d\",\"config\":{\"mediaType\":\"a/b\","
	"\"digest\":\"" A "\",\"size\":2},\"layers\":[],\"subject\":{"
	"\"digest\":\"" B "\"},\"annotations\":{}}",
	"{\"schemaVersion\":2,\"manifests\":null}", NULL
};

static size_t
count(const struct buffer *b, struct error *err)
{
	struct manifest *m = manifest_parse(buffer_str(b), b->len,
	    MEDIA_OCI_INDEX, "", err);
	size_t n;

	if (m == NULL)
		abort();	/* we made it */
	n = m->nchildren;
	manifest_free(m);
	return n;
}

static void
edit(const char *p, size_t n)
{
	json_object *d = json_tokener_parse("{\"mediaType\":\"a/b\",\"size\":"
	    "1,\"digest\":\"" B "\"}");
	struct referrers_change add = { .digest = (char *)B,
	    .descriptor = d }, drop = { .digest = (char *)A };
	struct referrers_changes changes = TAILQ_HEAD_INITIALIZER(changes);
	struct buffer out, again;
	struct error err = { .kind = ERROR_NONE };
	bool differs;

	TAILQ_INSERT_TAIL(&changes, &add, entry);
	TAILQ_INSERT_TAIL(&changes, &drop, entry);
	buffer_init(&out, 0);
	buffer_init(&again, 0);
	if (referrers_index_edit(p, n, MEDIA_OCI_INDEX, &changes, &out,
	    &differs, &err) == 0 && differs) {
		if (count(&out, &err) == 0 || referrers_index_edit(out.data,
		    out.len, MEDIA_OCI_INDEX, &changes, &again, &differs,
		    &err) == -1 || differs || again.len != 0)
			abort();
	}
	buffer_free(&out);
	buffer_free(&again);
	json_object_put(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err;
	struct manifest *m;
	const char *subject;
	json_object *d;

	edit((const char *)data, size);
	m = manifest_parse((const char *)data, size, "", "", &err);
	if (m == NULL)
		return 0;
	subject = referrers_subject(m);
	if (subject != NULL && !digest_valid(subject))
		abort();
	d = referrers_descriptor(m);
	if (strcmp(referrers_text(d, "digest"), m->digest) != 0)
		abort();
	json_object_put(d);
	manifest_free(m);
	return 0;
}
