/* SPDX-License-Identifier: Apache-2.0 */
/* usage_private.h - what was collected, for those that judge it. */
#ifndef REGBOT_USAGE_PRIVATE_H
#define REGBOT_USAGE_PRIVATE_H

#include "worker/check/usage.h"

struct usage_names {
	char **list;
	size_t n, room;
};

struct usage_use {		/* a global that is read */
	const char *place;	/* one of places */
	int line;
	char *name, *field;	/* field: NULL for none */
};

struct usage {
	struct usage_use *uses;
	size_t nuses, room;
	struct usage_module *modules;
	size_t nmodules;
	struct usage_names places;
	/* Globals, and fields as "NAME.FIELD". */
	struct usage_names defined, tested;
	struct usage_names opaque;	/* tables that anybody may change */
	bool muted, package;
};

#endif
