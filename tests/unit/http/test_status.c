/* SPDX-License-Identifier: Apache-2.0 */
/* test_status.c - what HTTP statuses mean to us. */
#include <criterion/criterion.h>

#include "common/bounds.h"
#include "supervisor/broker/transfer/status.h"

static bool
in(const int *list, int status)
{
	for (; *list != 0; list++)
		if (*list == status)
			return true;
	return false;
}

Test(status, redirects_and_retries)
{
	static const int redirects[] = { 301, 302, 303, 307, 308, 0 };
	static const int retries[] = { 408, 429, 500, 502, 503, 504, 0 };

	for (int status = 100; status < 600; status++) {
		cr_expect_eq(status_redirects(status), in(redirects, status),
		    "%d", status);
		cr_expect_eq(status_retryable(status), in(retries, status),
		    "%d", status);
	}
}

Test(status, waits_double_up_to_their_limit)
{
	int64_t want = BACKOFF_FIRST_MS;

	for (unsigned failures = 0; failures < 100; failures++) {
		cr_expect_eq(status_backoff_ms(failures), want, "%u",
		    failures);
		want = want * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : want * 2;
	}
}
