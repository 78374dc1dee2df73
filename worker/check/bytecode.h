/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytecode.h - what a compiled chunk does with global variables, as
 * string.dump of Lua 5.3 shows it: scopes and names are as Lua sees them.
 */
#ifndef REGBOT_BYTECODE_H
#define REGBOT_BYTECODE_H

#include <stdbool.h>
#include <stddef.h>

struct bytecode_text {		/* not terminated; p is NULL: none */
	const char *p;
	size_t len;
};

enum bytecode_kind {
	BYTECODE_READ,		/* NAME or NAME.FIELD */
	BYTECODE_SET,		/* NAME = ... */
	BYTECODE_ENV		/* any variable may be read or set here */
};

struct bytecode_use {
	enum bytecode_kind kind;
	int line;
	struct bytecode_text name, field;
	bool field_set;		/* NAME.FIELD = ... */
	bool tested;		/* only looked at: "if NAME", "NAME == nil",
				 * "NAME or x", type(NAME); field as well */
	bool opaque;		/* READ without a field: where the value goes
				 * is not known */
	bool called;		/* NAME(...) */
	struct bytecode_text literal;	/* a constant text after it, such as the
					 * x of require "x" and of
					 * pcall(require, "x") */
};

/* Tells use of each use of a global, function by function, those inside a
 * function first. The texts are good until it returns. False when p is not
 * what this machine's Lua dumps, however wrong it is. */
bool bytecode_walk(const void *p, size_t len,
    void (*use)(void *arg, const struct bytecode_use *u), void *arg);

#endif
