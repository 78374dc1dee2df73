/* SPDX-License-Identifier: Apache-2.0 */
/* modrig_blob.c - the blobs of the registry in memory. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/unit/modules/modrig_call.h"

struct client_call *
client_blob_head(struct client *c, const struct reference *ref,
    const char *digest, answer_fn *done, void *arg)
{
	struct client_call *call = modrig_request(c, "BLOBHEAD", ref,
	    digest, done, arg);
	struct entry *e = modrig_entry_of(c, ref, digest);

	if (e == NULL)
		modrig_not_found(call, "");
	else if (c->rig->blob_size >= 0)
		call->answer.size = (int64_t)strlen(e->bytes);
	if (c->rig->blob_size > 0)
		call->answer.size = c->rig->blob_size;
	return call;
}

/* The bytes of a large blob are its offset's last digit. */
struct client_call *
client_blob_part(struct client *c, const struct reference *ref,
    const char *digest, uint64_t offset, size_t n, answer_fn *done, void *arg)
{
	char *what = mem_printf("%.13s %llu+%zu", digest,
	    (unsigned long long)offset, n);
	struct client_call *call = modrig_request(c, "PART", ref, what,
	    done, arg);

	free(what);
	if (c->rig->blob_cut)
		n /= 2;
	if (c->rig->blob_fail)
		error_set(&call->answer.err, ERROR_NETWORK, "cut");
	for (size_t i = 0; i < n && !c->rig->blob_fail; i++)
		buffer_putc(&call->answer.body, (char)('0' +
		    (offset + i) % 10));
	return call;
}

struct client_call *
client_blob_put(struct client *c, const struct reference *ref,
    const char *digest, const void *p, size_t n, answer_fn *done, void *arg)
{
	struct client_call *call = modrig_request(c, "BLOBPUT", ref,
	    digest, done, arg);
	char *repo = reference_repository(ref), *bytes = mem_strndup(p, n);

	store_add(c->rig->store, repo, "", "", bytes);
	free(repo);
	free(bytes);
	return call;
}

struct client_call *
client_blob_get(struct client *c, const struct reference *ref,
    const char *digest, uint64_t max, answer_fn *done, void *arg)
{
	struct client_call *call = modrig_request(c, "BLOB", ref,
	    digest, done, arg);
	struct entry *e = modrig_entry_of(c, ref, digest);

	(void)max;
	if (e == NULL)
		modrig_not_found(call, "{\"errors\":[]}\n");
	else
		buffer_puts(&call->answer.body, e->bytes);
	return call;
}

struct client_call *
client_blob_mount(struct client *c, const struct reference *ref,
    const char *digest, const char *from, answer_fn *done, void *arg)
{
	struct client_call *call = modrig_request(c, "MOUNT", ref,
	    digest, done, arg);

	(void)from;
	modrig_not_found(call, "");
	return call;
}

struct client_call *
client_blob_copy(struct client *c, const struct reference *src,
    const struct reference *dst, const char *digest, uint64_t size,
    const char *from, answer_fn *done, void *arg)
{
	struct client_call *call = modrig_request(c, "COPY", dst,
	    digest, done, arg);
	struct entry *e = modrig_entry_of(c, src, digest);
	char *repo = reference_repository(dst);

	if (e == NULL)
		modrig_not_found(call, "");
	else {
		store_add(c->rig->store, repo, "", "", e->bytes);
		call->answer.size = *from != '\0' ? 0 : (int64_t)size;
	}
	free(repo);
	return call;
}
