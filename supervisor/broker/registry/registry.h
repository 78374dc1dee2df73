/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - a registry over HTTP as a backend of serve/: the table of its
 * operations, and what they share. Each is in the file of its
 * subject: manifest.c, list.c, tagdelete.c, ...
 */
#ifndef REGBOT_REGISTRY_H
#define REGBOT_REGISTRY_H

#include <stdbool.h>
#include <sys/queue.h>

#include "common/bounds.h"
#include "common/error.h"
#include "common/wire/log_record.h"
#include "common/wire/loop.h"
#include "common/wire/message.h"
#include "supervisor/broker/http/http.h"
#include "supervisor/serve/backend.h"

struct swap;
struct tagfinish;
struct upload;
struct upload_turn;

struct deletion {	/* of a tag, which begins to write; all borrowed */
	const char *repository, *tag;
	const char *image;	/* the empty image's digest */
	const char *old;	/* the digest that the tag had */
};

struct registry_ops {
	/* A line for the log; borrowed. */
	void (*log)(void *arg, struct log_record *rec);
	/* An upload is gone: registry_busy() may have changed. Must not free
	 * the registry. */
	void (*settled)(void *arg);
	/* A tag deletion writes once this has returned: whoever finishes it
	 * if we die must know of it by then. */
	void (*deleting)(void *arg, uint32_t number,
	    const struct deletion *d);
	/* It is over, by why (kind ERROR_NONE on success). unheard: no worker
	 * is told. */
	void (*deleted)(void *arg, uint32_t number,
	    enum deletion_outcome how, bool unheard, const struct error *why);
};

struct registry {
	struct loop *loop;
	const struct http_registry *config;
	const struct registry_ops *ops;
	void *arg;			/* of ops */
	struct http *http;
	LIST_HEAD(, upload) uploads;	/* all of them, see upload.h */
	LIST_HEAD(, tagfinish) finishes; /* as well, see tagfinish.c */
	uint32_t last_deletion;		/* their numbers rise */
	unsigned deletions;		/* that have begun and are not over */
	TAILQ_HEAD(, upload_turn) turns;	/* see upload_turn.h */
	TAILQ_HEAD(, swap) swaps;	/* see swap.c */
	char *uploaded[UPLOADED_MAX];	/* a ring, for upload_turn_lately */
	size_t nuploaded;
	bool over;			/* nothing is cleaned up any more */
};

/* For server_new(); its store is a struct registry, or NULL where none could
 * be made: then no request may be run. */
extern const struct backend registry_backend;

/* config and ops must outlive it. NULL when the configuration cannot work,
 * such as a CA that is not PEM text. */
struct registry *registry_new(struct loop *l,
    const struct http_registry *config, const struct registry_ops *ops,
    void *arg, struct error *err);
/* At once, uploads are left. The server must be gone. NULL is fine. */
void registry_free(struct registry *reg);

/* Is there anything that must still be completed or deleted? */
bool registry_busy(const struct registry *reg);
/* A part of it that nothing may interrupt? */
bool registry_committed(const struct registry *reg);

/* A tag deletion begins to write: its number, or 0 when there are
 * DELETIONS_MAX already. Each has its registry_deleted. */
uint32_t registry_deleting(struct registry *reg, const struct deletion *d);
void registry_deleted(struct registry *reg, uint32_t number,
    enum deletion_outcome how, bool unheard, const struct error *why);

/* Finishes the deletion of that number that a process before this one began:
 * ends in registry_deleted. */
void registry_tagfinish(struct registry *reg, uint32_t number,
    const struct deletion *d);
void registry_tagfinish_free_all(struct registry *reg);

/* The operations: run functions start what a request asks for and may end it,
 * stop functions release what they took (struct backend_op). */
void registry_tag_list(struct request *r);
void registry_catalog(struct request *r);
void registry_manifest_head(struct request *r);
void registry_manifest_get(struct request *r);
void registry_manifest_put(struct request *r);
void registry_manifest_swap(struct request *r);
void registry_manifest_swap_stop(struct request *r);
void registry_referrers(struct request *r);
void registry_manifest_delete(struct request *r);
void registry_tag_delete(struct request *r);
void registry_tag_delete_stop(struct request *r);
void registry_blob_head(struct request *r);
void registry_blob_get(struct request *r);
void registry_blob_part(struct request *r);
void registry_blob_part_stop(struct request *r);
void registry_blob_put(struct request *r);
void registry_blob_put_stop(struct request *r);
void registry_blob_mount(struct request *r);
void registry_blob_mount_stop(struct request *r);
void registry_blob_read(struct request *r);
void registry_blob_read_stop(struct request *r);
void registry_blob_read_go(struct stream_end *e);
void registry_blob_read_ready(struct stream_end *e, short revents);
void registry_blob_write(struct request *r);
void registry_blob_write_stop(struct request *r);
void registry_blob_write_go(struct stream_end *e);
void registry_blob_write_ready(struct stream_end *e, short revents);
bool registry_blob_write_collects(const struct stream_end *e);

#endif
