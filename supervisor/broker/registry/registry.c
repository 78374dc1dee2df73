/* SPDX-License-Identifier: Apache-2.0 */
/* The table of what a registry can be asked, and the registry itself. */
#include "supervisor/broker/registry/registry.h"

#include <stdlib.h>

#include "common/mem.h"
#include "supervisor/broker/registry/ask.h"
#include "supervisor/broker/registry/upload.h"
#include "supervisor/broker/registry/upload_turn.h"

static void
clean(void *store, struct error *err)
{
	struct registry *reg = store;

	if (reg != NULL)
		http_clean_error(reg->http, err);
}

static void
hold(void *store, size_t n)
{
	struct registry *reg = store;

	if (reg != NULL)
		http_hold(reg->http, n);
}

static unsigned
width(void *store, unsigned n)
{
	struct registry *reg = store;

	return reg != NULL ? http_width(reg->http, n) : 1;
}

static void *
slot_new(void *store, void (*granted)(void *arg), void *arg)
{
	struct registry *reg = store;

	return http_slot_new(reg->http, granted, arg);
}

static void
slot_free(void *slot)
{
	http_slot_free(slot);
}

const struct backend registry_backend = {
	.ops = {
		[OP_TAG_LIST] = { registry_tag_list, ask_stop, NULL, NULL },
		[OP_CATALOG] = { registry_catalog, ask_stop, NULL, NULL },
		[OP_MANIFEST_HEAD] = { registry_manifest_head, ask_stop,
		    NULL, NULL },
		[OP_MANIFEST_GET] = { registry_manifest_get, ask_stop,
		    NULL, NULL },
		[OP_MANIFEST_PUT] = { registry_manifest_put, ask_stop,
		    NULL, NULL },
		[OP_MANIFEST_SWAP] = { registry_manifest_swap,
		    registry_manifest_swap_stop, NULL, NULL },
		[OP_REFERRERS] = { registry_referrers, ask_stop, NULL, NULL },
		[OP_MANIFEST_DELETE] = { registry_manifest_delete, ask_stop,
		    NULL, NULL },
		[OP_TAG_DELETE] = { registry_tag_delete,
		    registry_tag_delete_stop, NULL, NULL },
		[OP_BLOB_HEAD] = { registry_blob_head, ask_stop, NULL, NULL },
		[OP_BLOB_GET] = { registry_blob_get, ask_stop, NULL, NULL },
		[OP_BLOB_PART] = { registry_blob_part,
		    registry_blob_part_stop, NULL, NULL },
		[OP_BLOB_PUT] = { registry_blob_put, registry_blob_put_stop,
		    NULL, NULL },
		[OP_BLOB_MOUNT] = { registry_blob_mount,
		    registry_blob_mount_stop, NULL, NULL },
		[OP_BLOB_READ] = { registry_blob_read,
		    registry_blob_read_stop, registry_blob_read_go,
		    registry_blob_read_ready },
		[OP_URL_READ] = { registry_blob_read,
		    registry_blob_read_stop, registry_blob_read_go,
		    registry_blob_read_ready },
		[OP_BLOB_WRITE] = { registry_blob_write,
		    registry_blob_write_stop, registry_blob_write_go,
		    registry_blob_write_ready,
		    registry_blob_write_collects },
	},
	.work_size = sizeof(struct ask),
	.clean = clean,
	.hold = hold,
	.width = width,
	.slot_new = slot_new,
	.slot_free = slot_free,
};

struct registry *
registry_new(struct loop *l, const struct http_registry *config,
    const struct registry_ops *ops, void *arg, struct error *err)
{
	struct http *http = http_new(l, config, err);
	struct registry *reg;

	if (http == NULL)
		return NULL;
	http_set_log(http, ops->log, arg);
	reg = mem_alloc(sizeof(*reg));
	reg->loop = l;
	reg->config = config;
	reg->ops = ops;
	reg->arg = arg;
	reg->http = http;
	LIST_INIT(&reg->uploads);
	LIST_INIT(&reg->finishes);
	TAILQ_INIT(&reg->turns);
	TAILQ_INIT(&reg->swaps);
	return reg;
}

void
registry_free(struct registry *reg)
{
	if (reg == NULL)
		return;
	upload_free_all(reg);
	registry_tagfinish_free_all(reg);
	upload_turn_free_all(reg);
	http_free(reg->http);
	free(reg);
}

bool
registry_busy(const struct registry *reg)
{
	return reg != NULL && (!LIST_EMPTY(&reg->uploads) ||
	    !LIST_EMPTY(&reg->finishes));
}

bool
registry_committed(const struct registry *reg)
{
	return reg != NULL && !LIST_EMPTY(&reg->finishes);
}
