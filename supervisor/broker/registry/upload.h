/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload.h - an upload at the registry: opened by POST, filled by one PUT (or
 * PATCHes of UPLOAD_PIECE where it keeps state in its Location), and deleted
 * unless it succeeds, even if its owner is gone or was cancelled while the
 * POST was under way.
 */
#ifndef REGBOT_UPLOAD_H
#define REGBOT_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "supervisor/broker/registry/registry.h"

struct upload;

struct upload_how {
	const char *repository;
	const char *digest;
	const char *from;	/* repository to mount from, "" for none */
	bool anonymous;		/* without from: ask for a mount anyway */
	bool plain;		/* if the mount is refused, open an upload */
};

/* Called from the loop, once when it is open and once when it was sent. */
typedef void upload_fn(void *arg, const struct error *err);

/* Opens one. Everything in how is copied. The caller owns it until
 * upload_close, which may be called at any time, also from opened. */
struct upload *upload_new(struct registry *reg, const struct upload_how *how,
    upload_fn *opened, void *arg);
/* After opened: the blob is there already, nothing needs to be sent. */
bool upload_mounted(const struct upload *u);
/* After opened: the registry counts the upload's bytes in its Location, as
 * docker's does. Such an upload can only be deleted between two requests. */
bool upload_keeps_state(const struct upload *u);
/* Sends len bytes of body (copied), or what source gives, then done. */
void upload_send(struct upload *u, const void *body, size_t len,
    const struct http_source *source, struct http_slot *slot,
    upload_fn *done);
void upload_resume(struct upload *u);	/* after HTTP_AGAIN */
/* No callback comes after this. An incomplete upload is deleted at the
 * registry in the background. NULL is fine. */
void upload_close(struct upload *u);

void upload_free_all(struct registry *reg);	/* without deleting anything */

#endif
