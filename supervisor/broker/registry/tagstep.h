/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tagstep.h - the deletion of one tag: its state, and the single requests to
 * the registry that it is made of. tagdelete.c prepares it; tagswap.c does
 * what is written, from the PUT of the empty image on.
 */
#ifndef REGBOT_TAGSTEP_H
#define REGBOT_TAGSTEP_H

#include "common/buffer.h"
#include "common/digest.h"
#include "supervisor/broker/registry/ask.h"
#include "supervisor/broker/registry/emptyimage.h"

struct upload;

struct tagdelete {
	struct request *r;
	struct buffer old;	/* the manifest's bytes */
	char *media_type;
	char digest[DIGEST_MAX + 1];
	bool told;		/* the registry sends digests in headers */
	struct empty_image image;
	struct upload *upload;
	bool config_sent;
	bool lost;		/* the tag's own DELETE may have worked: its
				 * answer did not arrive */
	uint32_t number;	/* of DELETING, once it writes */
	char stored[DIGEST_MAX + 1];	/* the image's digest according to the
					 * registry, if it differs */
	struct error failed;	/* why the old manifest is put back */
};

/* Reads the tag with HTTP_HEAD or HTTP_GET. Here and below done gets the
 * request and calls ask_over or ask_answered first. */
void tagstep_look(struct tagdelete *td, enum http_method method,
    http_done_fn *done);
/* Deletes a tag or a digest. Unless it is sure to work, it is tried once, and
 * a refusal is not a reason to slow down. */
void tagstep_delete(struct tagdelete *td, const char *name, bool sure,
    http_done_fn *done);
/* Puts a manifest to the tag. */
void tagstep_put(struct tagdelete *td, const char *media_type,
    const struct buffer *body, http_done_fn *done);

/* The digest of what a HEAD or GET found, "" when it cannot be known. */
void tagstep_digest(const struct http_reply *reply, char out[DIGEST_MAX + 1]);
/* What went wrong, without the prefix that our own sentence has, too. */
void tagstep_cause(struct error *to, const struct error *err);

/* What a refusal that changed nothing is to the worker. */
void tagstep_refused(const struct tagdelete *td, const struct error *err,
    const char *what, struct error *out);

/* The blobs are there: the empty image takes the tag's place, and so on to
 * the request's end. */
void tagswap_start(struct tagdelete *td);

#endif
