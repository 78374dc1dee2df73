/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grants.h - what a script may ask of a registry. A broker checks every
 * request against the grants of the job that it comes from.
 */
#ifndef REGBOT_GRANTS_H
#define REGBOT_GRANTS_H

#include <stdbool.h>

#include "common/error.h"

enum grant_verb { GRANT_PULL, GRANT_PUSH, GRANT_DELETE, GRANT_LIST };

struct grants {
	bool everything;	/* no "allow" in the configuration */
	bool dry_run;		/* only reading, whatever is granted */
};

/* What a request asks for. messages.def says verb and effect of each. */
struct grant_need {
	enum grant_verb verb;
	bool writes;		/* refused in a dry run, whatever is granted */
	const char *registry;
	const char *repository;	/* "": all of the registry */
	const char *name;	/* a tag or a digest, or "" */
};

/* 0, or -1 and ERROR_DENIED with a sentence. */
int grants_check(const struct grants *g, const struct grant_need *need,
    struct error *err);

#endif
