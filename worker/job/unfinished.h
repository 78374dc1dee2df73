/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unfinished.h - a tag whose deletion was interrupted together with the
 * supervisor: it still has the empty image that takes a tag's place. Nobody
 * gets that as an image, and whoever meets it finishes the deletion.
 */
#ifndef REGBOT_UNFINISHED_H
#define REGBOT_UNFINISHED_H

#include "common/reference.h"
#include "worker/client/client.h"
#include "worker/job/worker.h"
#include "worker/oci/manifest.h"

/* May m, which says that it is such an image and was read from ref, be
 * deleted? Not in a dry run, and only if it is wholly what placeholder.h makes
 * for this very tag. */
bool unfinished_deletable(const struct worker *w, const struct manifest *m,
    const struct reference *ref);
/* Deletes it by its digest; done gets the answer. */
struct client_call *unfinished_delete(const struct worker *w,
    const struct manifest *m, const struct reference *ref, answer_fn *done,
    void *arg);

/* Why a script does not get it. deleted is how unfinished_delete ended, or
 * NULL. Returns -1. */
int unfinished_error(const struct error *deleted, struct error *err);

#endif
