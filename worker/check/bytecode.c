/* SPDX-License-Identifier: Apache-2.0 */
/* bytecode.c - reads a dump of Lua 5.3, function by function. */
#include "worker/check/bytecode.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <lua.h>

#include "common/mem.h"
#include "worker/check/bytecode_private.h"

#define DEPTH_MAX 250		/* functions in functions; Lua's is 200 */

/* Types of constants, as in the source of Lua 5.3. */
#define TYPE_NIL 0
#define TYPE_BOOLEAN 1
#define TYPE_FLOAT 3
#define TYPE_INTEGER (3 | 16)
#define TYPE_SHORT 4
#define TYPE_LONG (4 | 16)

struct reader {
	const unsigned char *p, *end;
	bool bad;
	const struct bytecode_walker *walker;
};

/* The next n bytes, or NULL. */
static const unsigned char *
take(struct reader *r, size_t n)
{
	const unsigned char *p = r->p;

	if (r->bad || (size_t)(r->end - p) < n) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static unsigned
byte(struct reader *r)
{
	const unsigned char *p = take(r, 1);

	return p != NULL ? *p : 0;
}

/* The number of things that follow, each of at least size bytes. */
static size_t
count(struct reader *r, size_t size)
{
	const unsigned char *p = take(r, sizeof(int));
	int n = 0;

	if (p != NULL)
		memcpy(&n, p, sizeof(n));
	if (n < 0 || (size_t)n > (size_t)(r->end - r->p) / size) {
		r->bad = true;
		return 0;
	}
	return (size_t)n;
}

static struct bytecode_text
text(struct reader *r)
{
	struct bytecode_text t = { NULL, 0 };
	size_t n = byte(r);
	const unsigned char *p;

	if (n == 0xff) {
		p = take(r, sizeof(n));
		if (p != NULL)
			memcpy(&n, p, sizeof(n));
	}
	if (n == 0 || r->bad)
		return t;
	t.p = (const char *)take(r, n - 1);
	t.len = t.p != NULL ? n - 1 : 0;
	return t;
}

/* LUAC_INT and LUAC_NUM tell whether numbers are ours. */
static void
header(struct reader *r)
{
	static const char start[] = LUA_SIGNATURE "\x53\0\x19\x93\r\n\x1a\n";
	const unsigned char sizes[] = { sizeof(int), sizeof(size_t),
	    sizeof(uint32_t), sizeof(lua_Integer), sizeof(lua_Number) };
	const lua_Integer i = 0x5678;
	const lua_Number n = 370.5;
	const unsigned char *p;

	p = take(r, sizeof(start) - 1);
	r->bad = r->bad || memcmp(p, start, sizeof(start) - 1) != 0;
	p = take(r, sizeof(sizes));
	r->bad = r->bad || memcmp(p, sizes, sizeof(sizes)) != 0;
	p = take(r, sizeof(i));
	r->bad = r->bad || memcmp(p, &i, sizeof(i)) != 0;
	p = take(r, sizeof(n));
	r->bad = r->bad || memcmp(p, &n, sizeof(n)) != 0;
	byte(r);		/* upvalues of the main function */
}

static void
constants(struct reader *r, struct bytecode_function *f)
{
	f->nconstants = count(r, 1);
	f->constants = mem_array(f->nconstants, sizeof(f->constants[0]));
	for (size_t i = 0; i < f->nconstants && !r->bad; i++)
		switch (byte(r)) {
		case TYPE_NIL:
			f->constants[i].is_nil = true;
			break;
		case TYPE_BOOLEAN:
			byte(r);
			break;
		case TYPE_FLOAT:
			take(r, sizeof(lua_Number));
			break;
		case TYPE_INTEGER:
			take(r, sizeof(lua_Integer));
			break;
		case TYPE_SHORT:
		case TYPE_LONG:
			f->constants[i].text = text(r);
			break;
		default:
			r->bad = true;
		}
}

/* Which of them are the global environment: the main function's only one, and
 * what functions inside it have from there. */
static void
upvalues(struct reader *r, struct bytecode_function *f,
    const struct bytecode_function *parent)
{
	size_t n = count(r, 2);

	for (size_t i = 0; i < n; i++) {
		unsigned in_stack = byte(r), index = byte(r);

		if (i > UCHAR_MAX)
			r->bad = true;
		else if (parent == NULL)
			f->env[i] = i == 0;
		else
			f->env[i] = in_stack == 0 && parent->env[index];
	}
}

static void
debug(struct reader *r, struct bytecode_function *f)
{
	size_t n = count(r, sizeof(int));

	f->lines = n == f->ncode ? take(r, n * sizeof(int)) : NULL;
	r->bad = r->bad || f->lines == NULL;
	f->nlocals = count(r, 1 + 2 * sizeof(int));
	f->locals = mem_array(f->nlocals, sizeof(f->locals[0]));
	for (size_t i = 0; i < f->nlocals && !r->bad; i++) {
		const unsigned char *p;

		text(r);
		p = take(r, 2 * sizeof(int));
		if (p != NULL)
			memcpy(&f->locals[i], p, 2 * sizeof(int));
	}
	n = count(r, 1);
	for (size_t i = 0; i < n && !r->bad; i++)
		text(r);
}

static void
function(struct reader *r, const struct bytecode_function *parent, int depth)
{
	struct bytecode_function f = { .code = NULL };
	size_t n;

	if (depth == DEPTH_MAX) {
		r->bad = true;
		return;
	}
	text(r);		/* the source's name */
	take(r, 2 * sizeof(int) + 3);
	f.ncode = count(r, sizeof(uint32_t));
	f.code = take(r, f.ncode * sizeof(uint32_t));
	constants(r, &f);
	upvalues(r, &f, parent);
	n = count(r, 1);
	for (size_t i = 0; i < n && !r->bad; i++)
		function(r, &f, depth + 1);
	debug(r, &f);
	if (!r->bad)
		bytecode_function(&f, r->walker);
	free(f.constants);
	free(f.locals);
}

bool
bytecode_walk(const void *p, size_t len,
    void (*use)(void *arg, const struct bytecode_use *u), void *arg)
{
	const struct bytecode_walker w = { use, arg };
	struct reader r = { .p = p, .end = (const unsigned char *)p + len,
	    .walker = &w };

	header(&r);
	if (!r.bad)
		function(&r, NULL, 0);
	return !r.bad && r.p == r.end;
}
