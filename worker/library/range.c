/* SPDX-License-Identifier: Apache-2.0 */
/* range.c - ranges of versions; see range.h. */
#include "worker/library/range.h"

#include <string.h>

/* The text that is left, and where an error would be. */
struct range_text {
	const char *p, *end, *start;
};

/* "<2" and what ends "^1.2" and "1.x" leave out 2.0.0-rc.1 as well: their
 * bound is the lowest version with these three numbers. */
static const char lowest[] = "0";

static const struct {
	const char *text;
	enum { OP_CARET, OP_TILDE, OP_LE, OP_LT, OP_GE, OP_GT, OP_NE,
	    OP_EQ } op;
} operators[] = {
	{ "^", OP_CARET }, { "~>", OP_TILDE }, { "~", OP_TILDE },
	{ "<=", OP_LE }, { "<", OP_LT }, { ">=", OP_GE }, { ">", OP_GT },
	{ "!=", OP_NE }, { "==", OP_EQ }, { "=", OP_EQ },
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

static void
skip_space(struct range_text *t)
{
	while (t->p < t->end && is_space(*t->p))
		t->p++;
}

static int
wrong(const struct range_text *t, struct error *err)
{
	return error_set(err, ERROR_INPUT, "\"%.*s\" is not a range of "
	    "versions, such as \">=1.2 <2\", \"^1.2\", \"1.x || 3.x\": at "
	    "\"%.*s\"", (int)(t->end - t->start), t->start,
	    (int)(t->end - t->p), t->p);
}

static int
add(struct range *r, enum range_op op, const struct version *v,
    struct error *err)
{
	if (r->n == VERSION_BOUNDS_MAX)
		return error_set(err, ERROR_LIMIT, "a range of versions has "
		    "at most %d bounds", VERSION_BOUNDS_MAX);
	r->bounds[r->n].op = op;
	r->bounds[r->n].version = *v;
	r->bounds[r->n++].set = r->sets;
	return 0;
}

/* Everything below the version whose part i is one more than v's. */
static int
add_below(struct range *r, const struct version *v, int i, struct error *err)
{
	struct version top = *v;

	top.part[i]++;
	while (++i < 3)
		top.part[i] = 0;
	top.pre = lowest;
	top.npre = 1;
	return add(r, RANGE_LT, &top, err);
}

/* From v on, and as long as the first i + 1 parts are v's. */
static int
add_span(struct range *r, const struct version *v, int i, struct error *err)
{
	if (add(r, RANGE_GE, v, err) == -1)
		return -1;
	return i < 0 ? 0 : add_below(r, v, i, err);
}

/* "^1.2": the first part that is not 0 stays, or the last that was
 * written. */
static int
caret(const struct version *v)
{
	int i = 0;

	while (i < v->parts - 1 && v->part[i] == 0)
		i++;
	return v->parts == 0 ? -1 : i;
}

static int
add_bound(struct range *r, int op, const struct version *v, struct error *err)
{
	bool whole = v->parts == 3;
	struct version low = *v;

	if (!whole && (op == OP_LT || op == OP_GE)) {
		low.pre = lowest;	/* ">=1.2" has 1.2.0-rc.1 if asked */
		low.npre = 1;
	}
	switch (op) {
	case OP_CARET:
		return add_span(r, v, caret(v), err);
	case OP_TILDE:
		return add_span(r, v, v->parts < 2 ? v->parts - 1 : 1, err);
	case OP_LT:
		return add(r, RANGE_LT, &low, err);
	case OP_GE:
		return add(r, RANGE_GE, whole || v->parts > 0 ? v : &low,
		    err);
	case OP_LE:
		if (whole || v->parts == 0)
			return add(r, whole ? RANGE_LE : RANGE_GE, v, err);
		return add_below(r, v, v->parts - 1, err);
	case OP_GT:
		if (whole)
			return add(r, RANGE_GT, v, err);
		if (v->parts == 0)	/* nothing is above everything */
			return add(r, RANGE_LT, &low, err);
		low.part[v->parts - 1]++;
		return add(r, RANGE_GE, &low, err);
	case OP_NE:
		return add(r, RANGE_NE, v, err);
	default:
		if (whole)
			return add(r, RANGE_EQ, v, err);
		return add_span(r, v, v->parts - 1, err);
	}
}

static int
read_version(struct range_text *t, struct version *v, struct error *err)
{
	const char *p;

	skip_space(t);
	p = version_parse_partial(t->p, t->end, v);
	if (p == NULL || (p < t->end && !is_space(*p) && *p != '|'))
		return wrong(t, err);
	t->p = p;
	return 0;
}

/* "1.2 - 1.4", whose "-" has spaces around it. */
static bool
is_hyphen(struct range_text *t)
{
	const char *p = t->p;

	while (p < t->end && is_space(*p))
		p++;
	if (p == t->p || t->end - p < 2 || *p != '-' || !is_space(p[1]))
		return false;
	t->p = p + 1;
	return true;
}

static int
read_bound(struct range_text *t, struct range *r, struct error *err)
{
	size_t i, count = sizeof(operators) / sizeof(operators[0]);
	int op = OP_EQ;
	struct version v;

	for (i = 0; i < count; i++) {
		size_t n = strlen(operators[i].text);

		if ((size_t)(t->end - t->p) >= n &&
		    memcmp(t->p, operators[i].text, n) == 0) {
			op = operators[i].op;
			t->p += n;
			break;
		}
	}
	if (read_version(t, &v, err) == -1)
		return -1;
	if (op == OP_NE && v.parts < 3)
		return error_set(err, ERROR_INPUT, "after \"!=\" a range of "
		    "versions needs all three numbers");
	if (i == count && is_hyphen(t)) {
		if (add_bound(r, OP_GE, &v, err) == -1 ||
		    read_version(t, &v, err) == -1)
			return -1;
		op = OP_LE;
	}
	return add_bound(r, op, &v, err);
}

int
range_parse(const char *s, size_t n, struct range *r, struct error *err)
{
	struct range_text t = { .p = s, .end = s + n, .start = s };

	memset(r, 0, sizeof(*r));
	if (n > VERSION_TEXT_MAX)
		return error_set(err, ERROR_LIMIT, "a range of versions has "
		    "at most %d bytes", VERSION_TEXT_MAX);
	for (;; r->sets++) {
		skip_space(&t);
		while (t.p < t.end && *t.p != '|') {
			if (read_bound(&t, r, err) == -1)
				return -1;
			skip_space(&t);
		}
		if (t.p == t.end)
			break;
		if (t.end - t.p < 2 || t.p[1] != '|')
			return wrong(&t, err);
		t.p += 2;
	}
	r->sets++;
	return 0;
}

static bool
holds(const struct range_bound *b, const struct version *v)
{
	int c = version_compare(v, &b->version);

	switch (b->op) {
	case RANGE_LT:
		return c < 0;
	case RANGE_LE:
		return c <= 0;
	case RANGE_GT:
		return c > 0;
	case RANGE_GE:
		return c >= 0;
	case RANGE_NE:
		return c != 0;
	default:
		return c == 0;
	}
}

/* A bound that was written as a pre-release of this very version. */
static bool
admits_pre(const struct range_bound *b, const struct version *v)
{
	return b->version.npre > 0 && b->version.pre != lowest &&
	    memcmp(b->version.part, v->part, sizeof(v->part)) == 0;
}

bool
range_has(const struct range *r, const struct version *v, bool pre)
{
	int i = 0;

	/* A set without bounds has every version. */
	for (int set = 0; set < r->sets; set++) {
		bool in = true, admitted = pre || v->npre == 0;

		for (; i < r->n && r->bounds[i].set == set; i++) {
			in = in && holds(&r->bounds[i], v);
			admitted = admitted || admits_pre(&r->bounds[i], v);
		}
		if (in && admitted)
			return true;
	}
	return false;
}
