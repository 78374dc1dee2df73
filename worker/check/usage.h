/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage.h - which globals a script and its modules use that nothing
 * defines. Silence where a doubt is left: a false warning is worse than a miss.
 */
#ifndef REGBOT_USAGE_H
#define REGBOT_USAGE_H

#include <lua.h>

#include "worker/check/bytecode.h"

struct usage;

struct usage *usage_new(void);
void usage_free(struct usage *g);

/* A use in the chunk called place ("<string>"). */
void usage_add(struct usage *g, const char *place,
    const struct bytecode_use *u);

/* Something may define any of them: none is warned of. */
void usage_mute(struct usage *g);
/* The script changes package: modules may come from there. */
bool usage_touch_package(const struct usage *g);

/* The modules that are required by a constant name, in order, as they are
 * added; NULL after the last. Good until the next is added. */
struct usage_module {
	const char *name, *place;
	int line;
	bool sure;		/* an error where it is missing, not one that
				 * pcall catches */
};
const struct usage_module *usage_module(const struct usage *g, size_t i);

/* Calls warn for each mistake with "PLACE:LINE: what is wrong", in the order
 * of the lines. L has the globals of scripts. */
void usage_judge(const struct usage *g, lua_State *L,
    void (*warn)(void *arg, const char *text), void *arg);

#endif
