/* SPDX-License-Identifier: Apache-2.0 */
/* modrig.c - a Lua state with all modules over a registry in memory. */
#include "tests/unit/modules/modrig.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/mem.h"
#include "tests/unit/modules/modrig_client.h"
#include "tests/unit/modules/modrig_store.h"
#include "worker/branches/branches.h"
#include "worker/compat/compat.h"
#include "worker/copy/known.h"
#include "worker/job/catalog.h"
#include "worker/job/overlay.h"
#include "worker/job/worker.h"
#include "worker/modules/modules.h"
#include "worker/referrers/referrers.h"

static void
forget(struct modrig *rig)
{
	free(rig->log);
	free(rig->requests);
	free(rig->result.text);
	rig->log = rig->requests = NULL;
	memset(&rig->result, 0, sizeof(rig->result));
	rig->cancelled = rig->most = 0;
}

static const struct vm_library libraries[] = {
	COMPAT_LIBRARIES, { modules_open, NULL }, { NULL, NULL }
};

int
modrig_run(struct modrig *rig, const char *script)
{
	struct client c = { .rig = rig };
	struct worker w = { .client = &c };
	int rv = -1;

	forget(rig);
	w.loop = c.loop = loop_new();
	w.name = mem_strdup("t");
	w.log_level = LOG_DEBUG;
	w.dry_run = rig->dry_run;
	if (rig->dry_run)
		w.overlay = overlay_new();
	if (rig->timeout_ms != 0)
		w.deadline = clock_now() + rig->timeout_ms * NS_PER_MS;
	w.timeout_ns = rig->timeout_ms * NS_PER_MS;
	buffer_init(&c.log, 0);
	buffer_init(&c.requests, 0);
	w.L = vm_new(&w, rig->memory != 0 ? rig->memory : WORKER_MEMORY,
	    libraries, &rig->err);
	if (w.L != NULL) {
		vm_run(w.L, script, strlen(script), &rig->result);
		branches_end(w.branches);
		rig->pending = rig->left;
		vm_free(w.L);
		rv = 0;
	}
	rig->tally = w.tally;
	overlay_free(w.overlay);
	referrers_free(w.referrers);
	known_free(w.known);
	catalog_free(w.catalog);
	loop_free(w.loop);
	free(w.name);
	rig->log = buffer_steal(&c.log);
	rig->requests = buffer_steal(&c.requests);
	return rv;
}

void
modrig_init(struct modrig *rig)
{
	memset(rig, 0, sizeof(*rig));
	rig->store = store_new();
}

void
modrig_free(struct modrig *rig)
{
	forget(rig);
	store_free(rig->store);
}

const char *
modrig_manifest(struct modrig *rig, const char *repo, const char *tag,
    const char *media_type, const char *bytes)
{
	return store_add(rig->store, repo, tag, media_type, bytes)->digest;
}

const char *
modrig_blob(struct modrig *rig, const char *repo, const char *bytes)
{
	return store_add(rig->store, repo, "", "", bytes)->digest;
}

const char *
modrig_image(struct modrig *rig, const char *repo, const char *tag,
    const char *config)
{
	const char *c = modrig_blob(rig, repo, config);
	const char *l = modrig_blob(rig, repo, "layer"), *digest;
	char *m = mem_printf("{\"schemaVersion\":2,\"mediaType\":"
	    "\"application/vnd.oci.image.manifest.v1+json\",\n \"config\":"
	    "{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
	    "\"digest\":\"%s\",\"size\":%zu},\"layers\":[{\"mediaType\":"
	    "\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\","
	    "\"size\":5}]}", c, strlen(config), l);

	digest = modrig_manifest(rig, repo, tag,
	    "application/vnd.oci.image.manifest.v1+json", m);
	free(m);
	return digest;
}

const char *
modrig_find(struct modrig *rig, const char *repo, const char *name)
{
	struct entry *e = store_find(rig->store, repo, name);

	return e != NULL ? e->bytes : NULL;
}
