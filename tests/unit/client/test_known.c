/* SPDX-License-Identifier: Apache-2.0 */
/* test_known.c - what a job remembers of blobs, and how much. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "common/bounds.h"
#include "worker/copy/known.h"

static void
add(struct known *k, unsigned i)
{
	char digest[32];

	snprintf(digest, sizeof(digest), "sha256:%u", i);
	known_add(k, "r", digest, "a/b");
}

Test(known, the_latest_place_of_a_blob_of_a_registry)
{
	struct known *k = known_new();

	cr_expect_null(known_find(k, "r", "d"));
	known_add(k, "r", "d", "a");
	known_add(k, "s", "d", "b");
	cr_expect_str_eq(known_find(k, "r", "d"), "a");
	cr_expect_str_eq(known_find(k, "s", "d"), "b");
	cr_expect_null(known_find(k, "r", "e"));
	known_free(k);
	known_free(NULL);
}

Test(known, forgets_all_when_it_is_full)
{
	struct known *k = known_new();

	for (unsigned i = 0; i < KNOWN_MAX; i++)
		add(k, i);
	cr_expect_not_null(known_find(k, "r", "sha256:0"));
	add(k, KNOWN_MAX);
	cr_expect_null(known_find(k, "r", "sha256:0"));
	cr_expect_not_null(known_find(k, "r", "sha256:20000"));
	known_free(k);
}
