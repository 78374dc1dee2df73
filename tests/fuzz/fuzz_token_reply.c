/* SPDX-License-Identifier: Apache-2.0 */
/* A token that is taken can stand in a header and ends some day. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/broker/auth/token_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"{\"token\":\"abc\",\"expires_in\":300,\"issued_at\":"
	"\"2026-09-21T16:11:40.5+02:00\"}",
	"{\"access_token\":\"a.b.c\",\"refresh_token\":\"r\",\"x\":[[1e9]]}\n",
	"{\"token\":\"\\u0041\\u0000\"}", "[{}]", NULL
};

static void
check(const char *s)
{
	if (*s == '\0')
		abort();
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct token_reply r;
	struct error err;

	error_clear(&err);
	if (token_reply_parse(&r, (const char *)data, size, 1790000000,
	    &err) == -1) {
		if (err.kind == ERROR_NONE || r.token != NULL)
			abort();
		return 0;
	}
	check(r.token);
	if (r.refresh != NULL)
		check(r.refresh);
	if (r.life_s < 1)
		abort();
	token_reply_free(&r);
	return 0;
}
