/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - tables of options that scripts pass to functions, by a table of
 * their keys. regbot ignores what it does not know or what has the wrong
 * type; so do we, but with a warning, once for each line of a script.
 */
#ifndef REGBOT_OPTIONS_H
#define REGBOT_OPTIONS_H

#include <stddef.h>

#include <lua.h>

enum option_type {
	OPTION_BOOL,		/* bool */
	OPTION_COUNT,		/* int64_t; less than 0 counts as 0 */
	OPTION_TEXT,		/* const char * */
	OPTION_TEXTS		/* struct option_texts */
};

struct option_texts {		/* of an array; what is no text is "" */
	char **list;
	size_t n;
};

struct option {			/* the last one's key is NULL */
	const char *key;
	enum option_type type;
	size_t offset;		/* of the value in *out */
};

/* Sets in *out what the table at arg has; the rest of *out stays as it is.
 * function is for warnings. The texts are Lua's and the array is left on the
 * stack: valid while both are there. */
void options_read(lua_State *L, int arg, const char *function,
    const struct option *options, void *out);

/* Warns that what is at arg is no table of options and has no effect. */
void options_ignored(lua_State *L, int arg, const char *function);

#endif
