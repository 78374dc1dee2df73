/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backend.h - where a server gets manifests and blobs from, as a table of
 * functions: a registry over HTTP is one (registry_backend). A backend uses
 * request.h, and stream_end.h for its stream operations.
 */
#ifndef REGBOT_BACKEND_H
#define REGBOT_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct request;
struct stream_end;

/* One for each request of messages.def: OP_TAG_LIST and so on. */
enum backend_op_number {
#define MESSAGE(name, number, paths, fields)
#define REQUEST(name, number, verb, effect, fields) OP_##name,
#include "common/wire/messages.def"
#undef MESSAGE
#undef REQUEST
	BACKEND_OPS
};

struct backend_op {
	/* Starts what the request asks for: its fields are valid, it is
	 * permitted, and a body that the worker sends is there and has its
	 * digest. May end the request. NULL: not available here. */
	void (*run)(struct request *r);
	/* Releases everything that run took, just before the request ends.
	 * Also called when run was not: r->work is all zeroes then. May be
	 * NULL. */
	void (*stop)(struct request *r);
	/* Streams only. go: e->fd is there and bytes may
	 * flow. ready: what go or ready asked watch_set(e->watch) for. Either
	 * may end the request. */
	void (*go)(struct stream_end *e);
	void (*ready)(struct stream_end *e, short revents);
	/* Whether go collects what flows and asks the store only then: no slot
	 * is held for it meanwhile, and stream_end_slot is NULL. May be NULL: it
	 * does not. */
	bool (*collects)(const struct stream_end *e);
};

struct backend {
	struct backend_op ops[BACKEND_OPS];
	size_t work_size;	/* of r->work */
	/* store is the server's. Takes secrets out of the sentence that a
	 * request ends with. NULL: it cannot have any. */
	void (*clean)(void *store, struct error *err);
	/* The server holds this many bytes of bodies. May be NULL. */
	void (*hold)(void *store, size_t n);
	/* So many requests at a time are of use. Returns how many there may be
	 * now. May be NULL: as many as server_new was told. */
	unsigned (*width)(void *store, unsigned n);
	/* A slot for a stream among the requests that may run at a time.
	 * granted is called once, never before slot_new returned. slot_free
	 * takes one that waits or is held. NULL: there is no limit. */
	void *(*slot_new)(void *store, void (*granted)(void *arg), void *arg);
	void (*slot_free)(void *slot);
};

#endif
