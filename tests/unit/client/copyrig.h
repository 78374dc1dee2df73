/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copyrig.h - a client.c of the tests' own, over registries in memory: every
 * call is answered from the loop, a PUT is refused when what it names is not
 * there, and all that is asked is written down.
 */
#ifndef REGBOT_COPYRIG_H
#define REGBOT_COPYRIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/client/client.h"
#include "worker/copy/copy.h"
#include "worker/job/overlay.h"
#include "worker/job/worker.h"

struct rig_manifest {
	struct rig_manifest *next;
	char *repository;	/* "h.io/a" */
	char *tag;		/* "" for one by digest */
	char *digest, *media_type, *bytes;
};

struct rig_blob {
	struct rig_blob *next;
	char *repository, *digest;
	int64_t size;
};

struct rig {
	struct worker w;
	struct rig_manifest *manifests;
	struct rig_blob *blobs;
	char *trace;		/* "HEAD h.io/a:1\n" and so on */
	char *logs;		/* "Copy layer ...\n" */
	bool no_digests;	/* HEAD tells none */
	bool no_heads;		/* HEAD of a source is 404 */
	const char *fail;	/* an operation that begins so fails */
	struct error failure;	/* with this */
	unsigned fail_after;	/* but not the first so many times */
	char *lose;		/* "h.io/a@sha256:...": gone at the
				 * first PUT of a tag */
	const char *api[2];	/* repositories whose registry lists referrers;
				 * others have fallback tags */
	unsigned corrupt;	/* so many answers to GET are spoiled */
	unsigned blobs_now, blobs_most, gets_now, gets_most;
	unsigned calls_now;	/* neither answered nor cancelled */
	bool slot_held;
	/* The copy under way. */
	unsigned done;
	struct copy_result result;
	struct error err;
};

extern struct rig *rig;		/* the one that client_* use */

void rig_start(void);
void rig_stop(void);

/* Puts content where it is; the digest is the caller's to free. */
char *rig_blob(const char *repository, const char *content);
char *rig_manifest(const char *repository, const char *tag,
    const char *media_type, const char *bytes);
/* An image with a config and layers named after seed ("a" has a-1, a-2). */
char *rig_image(const char *repository, const char *tag, const char *seed,
    int layers);
/* An index of n digests; platforms[i] "linux/amd64", NULL for none. */
char *rig_index(const char *repository, const char *tag, int n,
    char **digests, const char **platforms);

const char *rig_tag(const char *ref);	/* the digest of "h.io/a:1", or "" */
bool rig_has_blob(const char *repository, const char *digest);

/* Copies to the end; clears the trace and logs first. 0 when it succeeded. */
int rig_copy(const char *src, const char *dst, const struct copy_options *o);
struct copy *rig_begin(const char *src, const char *dst,
    const struct copy_options *o);
unsigned rig_count(const char *operation);	/* lines that begin so */
/* The place of the first such line, -1: none. */
int rig_line(const char *operation);

/* Between the two files of the rig. */
void rig_calls_start(void);
void rig_append(char **where, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct rig_manifest *rig_find(const char *repository, const char *tag,
    const char *digest);
void rig_add_blob(const char *repository, const char *digest, int64_t size);

#endif
