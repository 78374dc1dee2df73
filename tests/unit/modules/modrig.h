/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modrig.h - a worker with a registry in memory, for tests of the Lua
 * modules: it stands in for client.c. Answers come from the loop, as the real
 * ones do; every request is written down.
 */
#ifndef REGBOT_MODRIG_H
#define REGBOT_MODRIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/client/client.h"
#include "worker/job/tally.h"
#include "worker/lua/vm.h"

#define MODRIG_PAGES 8
#define MODRIG_MODULES 4

struct modrig {
	/* Set before a run. */
	bool dry_run;
	bool hang;		/* no request is ever answered */
	int64_t timeout_ms;	/* of the script, 0: none */
	uint64_t memory;	/* that Lua may use, 0: as much as usual */
	int page;		/* entries of a page of tags, 0: all */
	bool no_head_digest;	/* HEAD tells none */
	int64_t blob_size;	/* that HEAD tells; 0: the right one, -1: none */
	bool blob_cut;		/* parts of blobs are half as long */
	bool blob_fail;		/* or fail */
	int corrupt;		/* so many bodies of manifests are spoiled */
	const char *pages[MODRIG_PAGES]; /* sent instead of tag lists */
	const char *nexts[MODRIG_PAGES];
	struct client_copy copy; /* what image.copy does by default */
	const char *catalog;	/* what repo.ls gets, NULL: as tags */
	int64_t rate[MODRIG_PAGES]; /* remaining, one a HEAD; 0: no header */
	const char *referrers;	/* the answer to that request, NULL: 404 */
	const char *put_subject; /* told after a PUT, NULL: none */
	struct {
		const char *name, *text;
	} modules[MODRIG_MODULES];	/* that require finds */
	const char *put_digest;	/* told after a PUT, NULL: the right one */
	/* Results. */
	struct error err;	/* when modrig_run returns -1 */
	char *log;		/* "INFO Delete tag script=t image=..." lines */
	char *requests;		/* "GET reg/repo name" lines */
	struct vm_result result;
	struct tally tally;
	int cancelled;		/* requests that were given up */
	int slots;		/* action slots that were not given back */
	unsigned width;		/* what client_width was told last */
	int most;		/* calls at once */
	int pending;		/* calls when the script had ended */
	int left;		/* calls still there at the end */
	struct store *store;	/* what the registry holds */
};

void modrig_init(struct modrig *rig);
void modrig_free(struct modrig *rig);

/* Stores a manifest, under a tag too unless that is ""; its digest, borrowed.
 * repo is "registry/repository". */
const char *modrig_manifest(struct modrig *rig, const char *repo,
    const char *tag, const char *media_type, const char *bytes);
const char *modrig_blob(struct modrig *rig, const char *repo,
    const char *bytes);
/* An image of one layer with this config; its manifest's digest. */
const char *modrig_image(struct modrig *rig, const char *repo,
    const char *tag, const char *config);
/* The bytes under a tag or digest, or NULL. */
const char *modrig_find(struct modrig *rig, const char *repo,
    const char *name);

/* Runs a script, named "t". Results of an earlier run are forgotten. -1 when
 * the memory is too little even to begin. */
int modrig_run(struct modrig *rig, const char *script);

#endif
