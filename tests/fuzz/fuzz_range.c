/* SPDX-License-Identifier: Apache-2.0 */
/* Versions and ranges, a line each: the order is an order, and what a range
 * has without pre-releases it has with them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/library/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	">=1.2 <2\n1.2.3\n2.0.0-rc.1", "^0.2.3 || ~1.2 || 3.x\nv0.2.4\n3",
	"1.2 - 1.4, !=1.3.0\n1.3.0-alpha.1+b\n1.3.0-alpha.beta",
	"*\n1.0.0-1.2.x-y\n999999999999999.0.0", "<=1.2||>2.1.x\n1\n2024.01.05",
	NULL
};

static int
sign(int n)
{
	return n < 0 ? -1 : n > 0;
}

static void
check_in(const char *s, size_t n, const struct version *v)
{
	struct error err = { .kind = ERROR_NONE };
	struct range r;

	if (range_parse(s, n, &r, &err) == -1) {
		if (err.kind != ERROR_INPUT && err.kind != ERROR_LIMIT)
			abort();
		return;
	}
	if (r.n > VERSION_BOUNDS_MAX ||
	    (range_has(&r, v, false) && !range_has(&r, v, true)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data, *p, *q;
	struct version a, b;
	bool is_a, is_b;

	if (size == 0 || (p = memchr(s, '\n', size)) == NULL)
		return 0;
	if ((q = memchr(p + 1, '\n', (size_t)(s + size - p - 1))) == NULL)
		q = s + size - 1;
	is_a = version_parse(p + 1, q > p ? (size_t)(q - p - 1) : 0, &a) == 0;
	is_b = version_parse(q + 1, (size_t)(s + size - q - 1), &b) == 0;
	if (is_a) {
		check_in(s, (size_t)(p - s), &a);
		if (version_compare(&a, &a) != 0)
			abort();
	}
	if (is_a && is_b && sign(version_compare(&a, &b)) !=
	    -sign(version_compare(&b, &a)))
		abort();
	return 0;
}
