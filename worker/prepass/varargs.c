/* SPDX-License-Identifier: Apache-2.0 */
/* varargs.c - functions that want the table arg; see varargs.h. */
#include "worker/prepass/varargs.h"

#include <string.h>

/* Lua nests no deeper (its LUAI_MAXCCALLS). */
#define BLOCKS_MAX 200

struct vararg_block {
	bool function;
	bool parameter;		/* arg is the name of one */
	size_t close;		/* the ")" after "...", or 0 */
};

static bool
is_word(const char *src, const struct lua_token *t, const char *word)
{
	return t->end - t->start == strlen(word) &&
	    memcmp(src + t->start, word, strlen(word)) == 0;
}

/* Reads the parameters of the function whose token is t[i]. Returns their ")",
 * or i when there is none. */
static size_t
read_parameters(const char *src, const struct lua_token *t, size_t i,
    struct vararg_block *b)
{
	size_t k = i + 1;

	while (t[k].type == LEX_NAME || t[k].type == LEX_MEMBER)
		k++;
	if (t[k].type != LEX_OPEN)
		return i;
	for (k++; t[k].type == LEX_NAME || t[k].type == LEX_COMMA; k++)
		b->parameter = b->parameter || is_word(src, &t[k], "arg");
	if (is_word(src, &t[k], "..."))
		b->close = ++k;
	return t[k].type == LEX_CLOSE ? k : i;
}

/* The name arg stands where the n blocks are open: it is a parameter, or the
 * table of the innermost function with "...". */
static void
mention(struct lua_token *t, const struct vararg_block *blocks, size_t n)
{
	while (n-- > 0) {
		if (!blocks[n].function)
			continue;
		if (blocks[n].parameter)
			return;
		if (blocks[n].close != 0) {
			t[blocks[n].close].vararg = true;
			return;
		}
	}
}

void
varargs_mark(const char *src, struct lua_token *t)
{
	struct vararg_block blocks[BLOCKS_MAX];
	size_t n = 0;

	for (size_t i = 0; t[i].type != LEX_END; i++)
		switch (t[i].type) {
		case LEX_FUNCTION:
		case LEX_IF:
		case LEX_DO:
		case LEX_REPEAT:
			if (n == BLOCKS_MAX)
				return;
			memset(&blocks[n], 0, sizeof(blocks[n]));
			blocks[n].function = t[i].type == LEX_FUNCTION;
			if (blocks[n].function)
				i = read_parameters(src, t, i, &blocks[n]);
			n++;
			break;
		case LEX_ENDWORD:
		case LEX_UNTIL:
			if (n == 0)
				return;
			n--;
			break;
		case LEX_NAME:
			if (is_word(src, &t[i], "arg") && (i == 0 ||
			    t[i - 1].type != LEX_MEMBER))
				mention(t, blocks, n);
			break;
		}
}
