/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytecode_use.c - the instructions that read and set globals, and what the
 * code then does with the value. It lies in a register above all local
 * variables, until the first instruction that touches that register.
 */
#include <stdint.h>
#include <string.h>

#include "worker/check/bytecode_private.h"

#define REGISTERS 256
#define CONSTANT 256u		/* this bit of an operand: a constant */
#define LOOK_MAX 1024		/* instructions until then, at most */

/* The numbers of Lua 5.3, of those that matter here. */
enum {
	OP_MOVE, OP_LOADK, OP_LOADKX, OP_LOADBOOL, OP_LOADNIL, OP_GETUPVAL,
	OP_GETTABUP, OP_GETTABLE, OP_SETTABUP, OP_SETUPVAL, OP_SETTABLE,
	OP_NEWTABLE, OP_SELF, OP_ADD, OP_NOT = 27, OP_LEN, OP_CONCAT,
	OP_JMP, OP_EQ, OP_LT, OP_LE, OP_TEST, OP_TESTSET, OP_CALL,
	OP_TAILCALL, OP_RETURN, OP_FORLOOP, OP_FORPREP, OP_TFORCALL,
	OP_TFORLOOP, OP_SETLIST, OP_CLOSURE, OP_VARARG, OP_EXTRAARG
};

struct instruction {
	unsigned op, a, b, c, bx;
};

struct look {			/* a function that is looked through */
	const struct bytecode_function *f;
	const struct bytecode_walker *w;
	size_t pc;
	/* The constant that LOADK left in a register, plus 1. */
	size_t loaded[REGISTERS];
};

static bool
fetch(const struct bytecode_function *f, size_t pc, struct instruction *i)
{
	uint32_t word;

	if (pc >= f->ncode)
		return false;
	memcpy(&word, f->code + pc * sizeof(word), sizeof(word));
	i->op = word & 0x3f;
	i->a = word >> 6 & 0xff;
	i->c = word >> 14 & 0x1ff;
	i->b = word >> 23;
	i->bx = word >> 14;
	return true;
}

static struct bytecode_text
constant(const struct bytecode_function *f, size_t n)
{
	static const struct bytecode_text none;

	return n < f->nconstants ? f->constants[n].text : none;
}

/* The key of an access: a constant, or a register that has one. */
static struct bytecode_text
key(const struct look *l, unsigned operand)
{
	if (operand & CONSTANT)
		return constant(l->f, operand & ~CONSTANT);
	return constant(l->f, l->loaded[operand] - 1);
}

static bool
is_nil(const struct bytecode_function *f, unsigned operand)
{
	return (operand & CONSTANT) != 0 &&
	    (operand & ~CONSTANT) < f->nconstants &&
	    f->constants[operand & ~CONSTANT].is_nil;
}

static int
line(const struct look *l)
{
	int n;

	memcpy(&n, l->f->lines + l->pc * sizeof(n), sizeof(n));
	return n;
}

/* Whether a register is a local variable's after an instruction. */
static bool
is_local(const struct bytecode_function *f, size_t pc, unsigned reg)
{
	unsigned n = 0;

	for (size_t i = 0; i < f->nlocals; i++)
		if (f->locals[i].start <= (int)pc + 1 &&
		    (int)pc + 1 < f->locals[i].end)
			n++;
	return reg < n;
}

/* Whether an instruction reads or sets a register. Those with ranges of
 * registers touch all above their first. */
static bool
touches(const struct instruction *i, unsigned reg)
{
	switch (i->op) {
	case OP_JMP:
	case OP_EXTRAARG:
		return false;
	case OP_LOADK:
	case OP_LOADKX:
	case OP_LOADBOOL:
	case OP_NEWTABLE:
	case OP_GETUPVAL:
	case OP_CLOSURE:
	case OP_SETUPVAL:
	case OP_TEST:
		return i->a == reg;
	case OP_MOVE:
	case OP_TESTSET:
		return i->a == reg || i->b == reg;
	case OP_GETTABUP:
		return i->a == reg || i->c == reg;
	case OP_SETTABUP:
	case OP_EQ:
	case OP_LT:
	case OP_LE:
		return i->b == reg || i->c == reg;
	case OP_LOADNIL:
	case OP_CALL:
	case OP_TAILCALL:
	case OP_RETURN:
	case OP_FORLOOP:
	case OP_FORPREP:
	case OP_TFORCALL:
	case OP_TFORLOOP:
	case OP_SETLIST:
	case OP_VARARG:
		return i->a <= reg;
	case OP_CONCAT:
		return i->a == reg || (i->b <= reg && reg <= i->c);
	default:		/* operators and accesses */
		return i->a == reg || i->b == reg || i->c == reg ||
		    (i->op == OP_SELF && i->a + 1 == reg);
	}
}

/* The first instruction after pc that touches reg; false: none is near. */
static bool
next_touch(const struct bytecode_function *f, size_t *pc, unsigned reg,
    struct instruction *out)
{
	size_t end = *pc + LOOK_MAX;

	while (++*pc < end && fetch(f, *pc, out))
		if (touches(out, reg))
			return true;
	return false;
}

/* type(NAME): the function was read just before. */
static bool
is_argument_of_type(const struct look *l, const struct instruction *call,
    unsigned reg)
{
	struct bytecode_text name;
	struct instruction at, *first = &at;

	if (call->op != OP_CALL || call->a + 1 != reg || call->b != 2 ||
	    l->pc == 0 || !fetch(l->f, l->pc - 1, first) ||
	    first->op != OP_GETTABUP || first->a != call->a)
		return false;
	name = key(l, first->c);
	return name.len == 4 && memcmp(name.p, "type", 4) == 0;
}

static bool
is_test(const struct look *l, const struct instruction *i, unsigned reg)
{
	switch (i->op) {
	case OP_TEST:
		return true;
	case OP_TESTSET:
	case OP_NOT:
		return i->b == reg;
	case OP_EQ:
		return is_nil(l->f, i->b) || is_nil(l->f, i->c);
	default:
		return is_argument_of_type(l, i, reg);
	}
}

/* A key that is loaded into a register stands right before its use. */
static struct bytecode_text
near_key(const struct look *l, size_t pc, unsigned operand)
{
	struct instruction first;

	if (operand & CONSTANT)
		return constant(l->f, operand & ~CONSTANT);
	if (pc == 0 || !fetch(l->f, pc - 1, &first) ||
	    first.op != OP_LOADK || first.a != operand)
		return constant(l->f, SIZE_MAX);
	return constant(l->f, first.bx);
}

static void
field(const struct look *l, struct bytecode_use *u, size_t pc,
    const struct instruction *get)
{
	unsigned reg = get->a;
	struct instruction i;

	u->field = near_key(l, pc, get->c);
	u->opaque = u->field.p == NULL;
	if (get->op == OP_GETTABLE && !is_local(l->f, pc, reg) &&
	    next_touch(l->f, &pc, reg, &i))
		u->tested = is_test(l, &i, reg);
}

/* What becomes of the value that was read into a register. */
static void
follow(const struct look *l, struct bytecode_use *u, unsigned reg)
{
	size_t pc = l->pc;
	struct instruction i;

	u->opaque = true;
	if (fetch(l->f, pc + 1, &i) && i.op == OP_LOADK && i.a == reg + 1)
		u->literal = constant(l->f, i.bx);
	if (is_local(l->f, pc, reg) || !next_touch(l->f, &pc, reg, &i))
		return;
	if ((i.op == OP_GETTABLE || i.op == OP_SELF) && i.b == reg &&
	    i.c != reg)
		field(l, u, pc, &i);
	else if (i.op == OP_SETTABLE && i.a == reg && i.b != reg &&
	    i.c != reg) {
		/* Its key may have been loaded long before the value. */
		u->field = (i.b & CONSTANT) != 0 ? constant(l->f,
		    i.b & ~CONSTANT) : constant(l->f, SIZE_MAX);
		u->opaque = u->field.p == NULL;
		u->field_set = true;
	} else if ((i.op == OP_CALL || i.op == OP_TAILCALL) && i.a == reg) {
		u->called = true;
		u->opaque = false;
	} else if (is_test(l, &i, reg)) {
		u->tested = true;
		u->opaque = false;
	}
}

static void
tell(const struct look *l, struct bytecode_use *u)
{
	u->line = line(l);
	if (u->kind != BYTECODE_ENV && u->name.p == NULL)
		u->kind = BYTECODE_ENV;
	l->w->use(l->w->arg, u);
}

static void
step(struct look *l, const struct instruction *i)
{
	struct bytecode_use u = { .kind = BYTECODE_ENV };

	switch (i->op) {
	case OP_LOADK:
		l->loaded[i->a] = i->bx + (size_t)1;
		break;
	case OP_GETUPVAL:
	case OP_SETUPVAL:
		if (i->b <= UCHAR_MAX && l->f->env[i->b])
			tell(l, &u);
		break;
	case OP_GETTABUP:
		if (i->b > UCHAR_MAX || !l->f->env[i->b])
			break;
		u.kind = BYTECODE_READ;
		u.name = key(l, i->c);
		follow(l, &u, i->a);
		tell(l, &u);
		break;
	case OP_SETTABUP:
		if (!l->f->env[i->a])
			break;
		u.kind = BYTECODE_SET;
		u.name = key(l, i->b);
		tell(l, &u);
		break;
	default:
		break;
	}
}

void
bytecode_function(const struct bytecode_function *f,
    const struct bytecode_walker *w)
{
	struct look l = { .f = f, .w = w };
	struct instruction i;

	for (; fetch(f, l.pc, &i); l.pc++)
		step(&l, &i);
}
