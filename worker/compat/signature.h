/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature.h - the arguments of library functions, checked and adapted before
 * a function sees them: so that an error names the function in full, however
 * it was called, and that numbers and texts are what they are in Lua 5.1.
 */
#ifndef REGBOT_SIGNATURE_H
#define REGBOT_SIGNATURE_H

#include <lua.h>

/*
 * A letter an argument: s a text (a float becomes its text), n a number, i a
 * whole number (a float is cut, a text converted), t a table, f a function,
 * a any value, * any value or none. Capitals may be nil or missing. A "+" at
 * the end: the letter before it is for all further arguments.
 */
struct signature {		/* the last one's name is NULL */
	const char *name, *letters;
	lua_CFunction function;	/* NULL: what has the name so far */
};

/* Sets these functions in the table at the top. In a function that is called
 * so, upvalue 1 is its full name and upvalue 2 what had its name before. */
void signature_set(lua_State *L, const char *library,
    const struct signature *list);

/* The upvalue that is what had the name before. */
#define SIGNATURE_ORIGINAL lua_upvalueindex(2)

#endif
