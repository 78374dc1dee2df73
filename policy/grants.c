/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/grants.h"

static const char *const verbs[] = {
	[GRANT_PULL] = "pull from", [GRANT_PUSH] = "push to",
	[GRANT_DELETE] = "delete from", [GRANT_LIST] = "list",
};

int
grants_check(const struct grants *g, enum grant_verb verb,
    const char *registry, const char *repository, const char *name,
    struct error *err)
{
	const char *slash = repository[0] != '\0' ? "/" : "";

	if (g->dry_run && (verb == GRANT_PUSH || verb == GRANT_DELETE))
		return error_set(err, ERROR_DENIED, "cannot %s %s%s%s (%s): "
		    "this is a dry run, which only reads", verbs[verb],
		    registry, slash, repository, name);
	if (!g->everything)
		return error_set(err, ERROR_DENIED, "the script may not %s "
		    "%s%s%s (%s)", verbs[verb], registry, slash, repository,
		    name);
	return 0;
}
