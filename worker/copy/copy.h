/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy.h - image.copy: an image or an index with all its platforms and
 * layers, from one repository to another. Children first, then the manifest
 * itself, byte for byte, and the tag last. Asynchronous, on the client.
 */
#ifndef REGBOT_COPY_H
#define REGBOT_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/reference.h"
#include "worker/job/worker.h"

struct copy;

struct copy_options {
	bool digest_tags;
	bool force_recursive;
	bool include_external;
	bool referrers;
	char **platforms;	/* borrowed, during copy_start; NULL: all */
	size_t nplatforms;
};

/* What a copy moved, or in a dry run would have. */
struct copy_result {
	unsigned manifests;	/* put; 0: the target was up to date */
	unsigned mounted;	/* blobs that needed no upload after all */
	unsigned uploaded;
	uint64_t bytes;		/* of what was uploaded */
};

/* An up-to-date target costs one round trip (both HEADs at once). Takes an
 * action slot first. In a dry run the source is looked up, and what would
 * have been copied is recorded in the overlay. done is called once, from the
 * loop; err->kind is ERROR_NONE on success, else err has regbot's text below
 * "Failed copying ...". */
struct copy *copy_start(struct worker *w, const struct reference *src,
    const struct reference *dst, const struct copy_options *o,
    void (*done)(void *arg, const struct error *err), void *arg);
/* So far; valid until copy_free. */
const struct copy_result *copy_result(const struct copy *c);
/* Cancels everything under way; done will not be called. Also frees a finished
 * copy. NULL is fine. */
void copy_free(struct copy *c);

#endif
