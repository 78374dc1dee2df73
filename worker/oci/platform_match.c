/* SPDX-License-Identifier: Apache-2.0 */
/* platform_match.c - which image fits which host; see manifest.h. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "worker/oci/manifest.h"
#include "worker/oci/platform_private.h"

static bool
same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* A decimal number and nothing else, as Go's Atoi. */
static bool
number(const char *s, size_t n, long *out)
{
	char buf[24], *end;

	if (n == 0 || n >= sizeof(buf) || strchr(" \t\n\v\f\r", s[0]) != NULL)
		return false;
	memcpy(buf, s, n);
	buf[n] = '\0';
	errno = 0;
	*out = strtol(buf, &end, 10);
	return errno == 0 && end != buf && *end == '\0';
}

static long
variant_number(const char *v)
{
	long n;

	if (*v == 'v')
		v++;
	return number(v, strlen(v), &n) ? n : 0;
}

bool
platform_variant_compatible(const char *host, const char *target)
{
	long h = variant_number(host), t = variant_number(target);

	return h >= t || (h == 1 && *target == '\0') ||
	    (*host == '\0' && t == 1);
}

/* The length of the first three parts of a version that has four or more. */
static size_t
version_prefix(const char *s)
{
	size_t i, third = 0;
	int dots = 0;

	for (i = 0; s[i] != '\0'; i++)
		if (s[i] == '.' && ++dots == 3)
			third = i;
	return dots >= 3 ? third : strlen(s);
}

static bool
version_equal(const char *a, const char *b)
{
	size_t n = version_prefix(a);

	return n == version_prefix(b) && strncmp(a, b, n) == 0;
}

/* Number by number; -1, 0, 1. */
static int
version_compare(const char *a, const char *b)
{
	for (;;) {
		size_t an = strcspn(a, "."), bn = strcspn(b, ".");
		long x, y;
		bool is_x = number(a, an, &x), is_y = number(b, bn, &y);

		if (!is_x)
			return is_y ? -1 : 0;
		if (!is_y)
			return 1;
		if (x != y)
			return x < y ? -1 : 1;
		if (a[an] == '\0')
			return 0;
		if (b[bn] == '\0')
			return 1;
		a += an + 1;
		b += bn + 1;
	}
}

static bool
compatible(const struct platform *h, const struct platform *t)
{
	bool cpu = same(h->arch, t->arch) &&
	    platform_variant_compatible(h->variant, t->variant);

	if (same(h->os, "linux") || same(h->os, "freebsd"))
		return cpu && same(h->os, t->os);
	if (same(h->os, "windows"))
		return cpu && (same(t->os, "linux") ||
		    (same(t->os, "windows") && (*h->os_version == '\0' ||
		    version_equal(h->os_version, t->os_version))));
	if (same(h->os, "darwin"))
		return cpu && (same(t->os, "darwin") || same(t->os, "linux"));
	return cpu && same(h->os, t->os) &&
	    same(h->os_version, t->os_version);
}

bool
platform_compatible(const struct platform *host, const struct platform *target)
{
	struct platform h, t;
	bool rv;

	platform_copy(&h, host);
	platform_copy(&t, target);
	rv = compatible(&h, &t);
	platform_free(&h);
	platform_free(&t);
	return rv;
}

bool
platform_equal(const struct platform *a, const struct platform *b)
{
	struct platform x, y;
	bool rv;

	platform_copy(&x, a);
	platform_copy(&y, b);
	rv = same(x.os, y.os) && same(x.arch, y.arch) &&
	    same(x.variant, y.variant);
	if (rv && same(x.os, "windows"))
		rv = version_equal(x.os_version, y.os_version);
	else if (rv && !same(x.os, "linux") && !same(x.os, "freebsd"))
		rv = same(x.os_version, y.os_version);
	platform_free(&x);
	platform_free(&y);
	return rv;
}

/* 1 when a is the host's own, -1 when b is, 0 when that does not decide. */
static int
prefer(const char *a, const char *b, const char *host)
{
	if (same(a, b))
		return 0;
	return same(a, host) ? 1 : same(b, host) ? -1 : 0;
}

/* Whether t is a better match than prev; both are compatible. */
static bool
better(const struct platform *h, const struct platform *t,
    const struct platform *prev)
{
	int c;

	if ((c = prefer(t->os, prev->os, h->os)) != 0 ||
	    (c = prefer(t->arch, prev->arch, h->arch)) != 0 ||
	    (c = prefer(t->variant, prev->variant, h->variant)) != 0)
		return c > 0;
	if (variant_number(t->variant) != variant_number(prev->variant))
		return variant_number(t->variant) >
		    variant_number(prev->variant);
	if ((c = prefer(t->os_version, prev->os_version,
	    h->os_version)) != 0)
		return c > 0;
	return !same(t->os_version, prev->os_version) &&
	    version_compare(prev->os_version, t->os_version) < 0;
}

const struct descriptor *
platform_select(const struct manifest *index, const struct platform *p,
    struct error *err)
{
	const struct descriptor *best = NULL;
	struct platform host, have = { 0 }, t;
	char *name;
	size_t i;

	platform_copy(&host, p);
	for (i = 0; i < index->nchildren; i++) {
		const struct descriptor *d = &index->children[i];

		if (!d->has_platform)
			continue;
		platform_copy(&t, &d->platform);
		if (compatible(&host, &t) &&
		    (best == NULL || better(&host, &t, &have))) {
			platform_free(&have);
			have = t;
			best = d;
		} else
			platform_free(&t);
	}
	if (best == NULL) {
		name = platform_string(p);
		error_set(err, ERROR_NOT_FOUND, "platform not found: %s",
		    name);
		free(name);
	}
	platform_free(&have);
	platform_free(&host);
	return best;
}
