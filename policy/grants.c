/* SPDX-License-Identifier: Apache-2.0 */
/* grants.c - the check of one request against the grants of its job. */
#include "policy/grants.h"

static const char *const verbs[] = {
	[GRANT_PULL] = "pull from", [GRANT_PUSH] = "push to",
	[GRANT_DELETE] = "delete from", [GRANT_LIST] = "list",
};

int
grants_check(const struct grants *g, const struct grant_need *need,
    struct error *err)
{
	const char *slash = need->repository[0] != '\0' ? "/" : "";

	if (g->dry_run && need->writes)
		return error_set(err, ERROR_DENIED, "cannot %s %s%s%s (%s): "
		    "this is a dry run, which only reads", verbs[need->verb],
		    need->registry, slash, need->repository, need->name);
	if (!g->everything)
		return error_set(err, ERROR_DENIED, "the script may not %s "
		    "%s%s%s (%s)", verbs[need->verb], need->registry, slash,
		    need->repository, need->name);
	return 0;
}
