/* SPDX-License-Identifier: Apache-2.0 */
/* bytecode_private.h - a function of a dump, between its two readers. */
#ifndef REGBOT_BYTECODE_PRIVATE_H
#define REGBOT_BYTECODE_PRIVATE_H

#include <limits.h>

#include "worker/check/bytecode.h"

struct bytecode_walker {
	void (*use)(void *arg, const struct bytecode_use *u);
	void *arg;
};

struct bytecode_function {
	const unsigned char *code, *lines;	/* not aligned */
	size_t ncode;
	struct {
		bool is_nil;
		struct bytecode_text text;
	} *constants;
	size_t nconstants;
	bool env[UCHAR_MAX + 1];	/* upvalues that are the environment */
	struct {
		int start, end;		/* where it is in scope */
	} *locals;
	size_t nlocals;
};

/* Tells the walker of all uses of globals in f, whose code may be anything. */
void bytecode_function(const struct bytecode_function *f,
    const struct bytecode_walker *w);

#endif
