/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile.h - looks for syntax errors in all scripts before the first one
 * runs: one worker, confined as any other, compiles them and runs none. Or
 * looks closer, for the command check.
 */
#ifndef REGBOT_COMPILE_H
#define REGBOT_COMPILE_H

#include <stddef.h>

#include "supervisor/children/child.h"
#include "supervisor/config/config.h"

struct compile;

struct compile_ops {
	/* A script of the configuration, by its index, has a syntax error: so
	 * says a worker that has read them all, and may be lying. */
	void (*broken)(void *arg, size_t script, const char *text);
	/* All that could be compiled was; the rest is left to its own run.
	 * Called once; it may free the compile. */
	void (*over)(void *arg);
	/* NULL, or they are checked: with their modules, those that are not
	 * run as well. What is found besides syntax errors, a record as the
	 * worker logs it; it is borrowed. */
	void (*said)(void *arg, size_t script, struct log_record *r);
	/* NULL, or what is called instead of a warning when it cannot go on;
	 * over comes next. */
	void (*failed)(void *arg, const char *why);
};

/* Keeps a reference to config. All is called from the loop, over within
 * COMPILE_MS, or CHECK_SCRIPT_MS for each script. */
struct compile *compile_start(struct child_env *env, struct config *config,
    const struct compile_ops *ops, void *arg);
void compile_free(struct compile *c);	/* ends it; NULL is fine */

#endif
