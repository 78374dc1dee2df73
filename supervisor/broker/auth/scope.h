/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope.h - the scopes that a request's token must have, such as
 * "repository:library/alpine:pull".
 */
#ifndef REGBOT_SCOPE_H
#define REGBOT_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

struct scopes {
	char **list;
	size_t n;
};

/* The scopes that a request needs, and no more. The repository "" with actions
 * is the catalog; mount_from (or NULL) adds pull of another repository. prefix
 * is a path before the repositories, or "". */
void scope_init(struct scopes *s, const char *prefix, const char *repository,
    const char *actions, const char *mount_from);
void scope_copy(struct scopes *to, const struct scopes *from);
void scope_free(struct scopes *s);

/* Takes over what a challenge's scope parameter (or NULL) says about *s; true
 * if that changed it. Only a scope for the same thing counts, perhaps with a
 * path before it. Actions are added only where actions is set. *prefixed
 * becomes true where that path is prefix. */
bool scope_learn(struct scopes *s, const char *challenged, const char *prefix,
    bool actions, bool *prefixed);

#endif
