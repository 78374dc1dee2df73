/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload.h - an upload at the registry: opened by POST, filled by one PUT (or
 * PATCHes of UPLOAD_PIECE where it keeps state in its Location), and deleted
 * in every case but success, also when whoever wanted it is gone or was
 * cancelled while the POST was still under way.
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
	const char *from;	/* mount from there, "" for none */
	bool anonymous;		/* else ask for a mount without a source */
	bool plain;		/* when the mount is refused, open one anyhow */
};

/* Called once each for opening and sending, from the loop. */
typedef void upload_fn(void *arg, const struct error *err);

/* Opens one. Everything in how is copied. Owned by the caller until
 * upload_close, which may be called at any time, in opened too. */
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
/* No callback comes any more. What is not complete is deleted at the
 * registry, in the background. NULL is fine. */
void upload_close(struct upload *u);

void upload_free_all(struct registry *reg);	/* without deleting anything */

#endif
