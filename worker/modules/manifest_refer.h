/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_refer.h - manifests with a subject that a script pushes or deletes:
 * where the registry does not list them by itself, the list under the fallback
 * tag changes with them.
 */
#ifndef REGBOT_MANIFEST_REFER_H
#define REGBOT_MANIFEST_REFER_H

#include "worker/values/binding.h"

/* Pushes v to ref, or in a dry run pretends that it did: q's task is done once
 * it is listed, too. */
void manifest_refer_put(struct binding_request *q,
    const struct manifest_value *v, const struct reference *ref);
void manifest_refer_pretend(struct worker *w, const struct manifest_value *v,
    const struct reference *ref);
/* Deletes v at ref, which is by digest. */
void manifest_refer_delete(struct binding_request *q,
    const struct manifest_value *v, const struct reference *ref);

#endif
