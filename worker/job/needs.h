/* SPDX-License-Identifier: Apache-2.0 */
/*
 * needs.h - whether a repository has what a manifest names, as far as a dry
 * run can tell: registries refuse a manifest for which something is missing.
 */
#ifndef REGBOT_NEEDS_H
#define REGBOT_NEEDS_H

#include "common/reference.h"
#include "worker/job/worker.h"
#include "worker/oci/manifest.h"

struct needs;

/* Looks at all that m, which lives longer, names in ref's repository. done is
 * called once, perhaps at once: why is NULL when everything is there. */
struct needs *needs_start(struct worker *w, const struct reference *ref,
    const struct manifest *m,
    void (*done)(void *arg, const struct error *why), void *arg);
void needs_free(struct needs *n);	/* done is not called; NULL is fine */

#endif
