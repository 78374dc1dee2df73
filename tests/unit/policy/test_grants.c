/* SPDX-License-Identifier: Apache-2.0 */
/* test_grants.c - what a job may ask for. */
#include <criterion/criterion.h>
#include <string.h>

#include "policy/grants.h"

static int
check(bool everything, bool dry_run, enum grant_verb verb, bool writes,
    struct error *err)
{
	struct grants g = { .everything = everything, .dry_run = dry_run };
	struct grant_need need = { verb, writes, "h", "a/b", "latest" };

	error_clear(err);
	return grants_check(&g, &need, err);
}

Test(grants, everything)
{
	struct error err;

	for (int verb = GRANT_PULL; verb <= GRANT_LIST; verb++)
		for (int writes = 0; writes < 2; writes++)
			cr_expect_eq(check(true, false,
			    (enum grant_verb)verb, writes, &err), 0);
}

Test(grants, nothing)
{
	struct error err;

	for (int verb = GRANT_PULL; verb <= GRANT_LIST; verb++)
		for (int how = 0; how < 4; how++) {
			cr_expect_eq(check(false, how & 1,
			    (enum grant_verb)verb, how & 2, &err), -1);
			cr_expect_eq(err.kind, ERROR_DENIED);
		}
	cr_expect_eq(check(false, false, GRANT_DELETE, true, &err), -1);
	cr_expect_str_eq(err.text, "the script may not delete from h/a/b "
	    "(latest)");
}

Test(grants, a_dry_run_reads)
{
	struct error err;

	for (int verb = GRANT_PULL; verb <= GRANT_LIST; verb++) {
		cr_expect_eq(check(true, true, (enum grant_verb)verb, false,
		    &err), 0);
		cr_expect_eq(check(true, true, (enum grant_verb)verb, true,
		    &err), -1);
		cr_expect_eq(err.kind, ERROR_DENIED);
		cr_expect_not_null(strstr(err.text, "dry run"));
	}
}
