/* SPDX-License-Identifier: Apache-2.0 */
/* versions.c - reads and compares versions; see versions.h. */
#include "worker/library/versions.h"

#include <stdbool.h>
#include <string.h>

#include "common/bounds.h"

#define DIGITS_MAX 15		/* of a part: a whole number to any Lua */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_identifier(char c)
{
	return is_digit(c) || c == '-' || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

/* The end of the identifiers, joined by dots, at s; NULL when one of them is
 * empty. */
static const char *
suffix_end(const char *s, const char *end)
{
	do {
		const char *start = s;

		while (s < end && is_identifier(*s))
			s++;
		if (s == start)
			return NULL;
	} while (s < end && *s == '.' && ++s);
	return s;
}

int
version_valid_suffix(const char *s, size_t n)
{
	return suffix_end(s, s + n) == s + n;
}

/* A part, or a wildcard (then *wild). NULL when there is neither. */
static const char *
part(const char *s, const char *end, uint64_t *out, bool *wild)
{
	const char *start = s;

	*out = 0;
	if (s < end && (*s == 'x' || *s == 'X' || *s == '*')) {
		*wild = true;
		return s + 1;
	}
	for (; s < end && is_digit(*s); s++)
		if (s - start == DIGITS_MAX)
			return NULL;
		else
			*out = *out * 10 + (uint64_t)(*s - '0');
	return s > start ? s : NULL;
}

static const char *
suffixes(const char *s, const char *end, struct version *v)
{
	const char *start = s + 1;

	if (s < end && *s == '-') {
		if ((s = suffix_end(start, end)) == NULL)
			return NULL;
		v->pre = start;
		v->npre = (size_t)(s - start);
	}
	if (s < end && *s == '+') {
		start = s + 1;
		if ((s = suffix_end(start, end)) == NULL)
			return NULL;
		v->build = start;
		v->nbuild = (size_t)(s - start);
	}
	return s;
}

const char *
version_parse_partial(const char *s, const char *end, struct version *v)
{
	bool wild = false;

	memset(v, 0, sizeof(*v));
	if (s < end && (*s == 'v' || *s == 'V'))
		s++;
	for (int i = 0; i < 3; i++) {
		bool here = false;

		if (i > 0 && (s == end || *s != '.'))
			break;
		if ((s = part(s + (i > 0), end, &v->part[i], &here)) == NULL)
			return NULL;
		/* "1.x.3" is 1.x. */
		wild = wild || here;
		if (wild)
			v->part[i] = 0;
		else
			v->parts = i + 1;
	}
	return suffixes(s, end, v);
}

int
version_parse(const char *s, size_t n, struct version *v)
{
	const char *end = s + n, *p = s;

	if (n > VERSION_TEXT_MAX)
		return -1;
	/* No wildcard: "x" and "*" are no digits. */
	p += n > 0 && (*p == 'v' || *p == 'V');
	for (; p < end && *p != '-' && *p != '+'; p++)
		if (!is_digit(*p) && *p != '.')
			return -1;
	return version_parse_partial(s, end, v) == end ? 0 : -1;
}

/* By their numbers; these have no limit. */
static int
compare_digits(const char *a, size_t na, const char *b, size_t nb)
{
	for (; na > 1 && *a == '0'; na--)
		a++;
	for (; nb > 1 && *b == '0'; nb--)
		b++;
	return na != nb ? (na < nb ? -1 : 1) : memcmp(a, b, na);
}

static bool
all_digits(const char *s, size_t n)
{
	while (n > 0 && is_digit(*s)) {
		s++;
		n--;
	}
	return n == 0;
}

static int
compare_identifier(const char *a, size_t na, const char *b, size_t nb)
{
	bool da = all_digits(a, na), db = all_digits(b, nb);
	int rv;

	if (da && db)
		return compare_digits(a, na, b, nb);
	if (da != db)
		return da ? -1 : 1;
	rv = memcmp(a, b, na < nb ? na : nb);
	return rv != 0 ? rv : na < nb ? -1 : na > nb;
}

static size_t
identifier_length(const char *s, size_t n)
{
	const char *dot = memchr(s, '.', n);

	return dot != NULL ? (size_t)(dot - s) : n;
}

static int
compare_pre(const struct version *a, const struct version *b)
{
	const char *s = a->pre, *t = b->pre;
	size_t n = a->npre, m = b->npre;

	if (n == 0 || m == 0)
		return n == m ? 0 : n == 0 ? 1 : -1;
	for (;;) {
		size_t i = identifier_length(s, n);
		size_t k = identifier_length(t, m);
		int rv = compare_identifier(s, i, t, k);

		if (rv != 0)
			return rv;
		if (i == n || k == m)
			return i == n ? (k == m ? 0 : -1) : 1;
		s += i + 1;
		n -= i + 1;
		t += k + 1;
		m -= k + 1;
	}
}

int
version_compare(const struct version *a, const struct version *b)
{
	for (int i = 0; i < 3; i++)
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	return compare_pre(a, b);
}
