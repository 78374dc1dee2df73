/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.h - what a dry run pretends: tags that would have been written or
 * deleted, laid over what is read afterwards, so that a script that copies
 * and then prunes sees what it would have seen.
 */
#ifndef REGBOT_OVERLAY_H
#define REGBOT_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/reference.h"
#include "worker/oci/manifest.h"

struct overlay;

struct overlay *overlay_new(void);
void overlay_free(struct overlay *o);	/* NULL is fine */

/* dst would now be the content of src (by digest, a real one). */
void overlay_put(struct overlay *o, const struct reference *dst,
    const struct reference *src, const char *digest);
/* The same for a blob, of dst's digest. With blobs alone a repository has no
 * list of tags. */
void overlay_put_blob(struct overlay *o, const struct reference *dst,
    const struct reference *src);
/* The tag would be gone. With a digest in ref: that manifest and every
 * pretended tag of it. */
void overlay_delete(struct overlay *o, const struct reference *ref);

enum overlay_state { OVERLAY_UNKNOWN, OVERLAY_DELETED, OVERLAY_MOVED };
/* What ref's tag (or digest) is now. OVERLAY_MOVED fills *real with where the
 * content can really be read, by digest (the caller frees it). */
enum overlay_state overlay_find(const struct overlay *o,
    const struct reference *ref, struct reference *real);

/* The registry has that tag, with that digest: it goes when the digest is
 * deleted, and is gone if it was. */
void overlay_seen(struct overlay *o, const struct reference *tag,
    const char *digest);
/* Were manifests deleted whose tags may not all be known? */
bool overlay_deletes(const struct overlay *o, const struct reference *repo);
/* Nothing is known of that tag. */
bool overlay_unseen(const struct overlay *o, const struct reference *tag);

/* A manifest or a blob that a script made, so that no registry has it. A blob
 * is put as a manifest is, under its digest. */
struct overlay_content {
	char *digest, *media_type, *bytes;
	size_t len;
};
/* Copies it; fails beyond OVERLAY_BYTES_MAX of them all. */
int overlay_keep(struct overlay *o, const char *digest,
    const char *media_type, const char *bytes, size_t len,
    struct error *err);
/* NULL: a registry has it. */
const struct overlay_content *overlay_kept(const struct overlay *o,
    const char *digest);

/*
 * With a manifest come the manifests and blobs that it names. These are only
 * looked at where somebody asks for one of them: reading manifests counts as
 * pulling. unread.h does it.
 */
/* Where a manifest can be read, by digest, that may have brought ref, which
 * names a digest, to its repository; with blobs, any blob. NULL: none. Valid
 * until something changes. */
const struct reference *overlay_unread(const struct overlay *o,
    const struct reference *ref, bool blobs);
/* It was read, and is m (NULL: it could not be). */
void overlay_read(struct overlay *o, const struct reference *repo,
    const char *digest, const struct manifest *m);
/* It names no other manifests. */
void overlay_is_image(struct overlay *o, const struct reference *repo,
    const char *digest);
/* A manifest that was read brought that blob. */
bool overlay_has_blob(const struct overlay *o, const struct reference *repo,
    const char *digest);

/* The repository would have a list of tags, if only an empty one. */
bool overlay_made(const struct overlay *o, const struct reference *repo);
/* Applies it to the list of a registry's (a key) repositories, as
 * overlay_tags. */
void overlay_repositories(const struct overlay *o, const char *registry,
    char ***names, size_t *n);

/* Applies it to a tag list as read: n strings, owned by the caller's array,
 * which is replaced. Deleted tags go, new ones are added in order. */
void overlay_tags(const struct overlay *o, const struct reference *repo,
    char ***tags, size_t *n);

#endif
