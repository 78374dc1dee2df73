/* SPDX-License-Identifier: Apache-2.0 */
/* Any WWW-Authenticate gives challenges or an error, within the limits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/broker/auth/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"Basic realm=\"Registry Realm\"",
	"Bearer realm=\"https://auth.docker.io/token\",service=\"a\",scope="
	"\"repository:x:pull\",error=\"invalid_token\"",
	"Negotiate YII=, NTLM, Basic realm=\"a\\\"b\\\\\" , charset=UTF-8",
	", ,x y=z,,Q", NULL
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct challenges c = { .n = 0 };
	struct error err;
	char *value = mem_strndup((const char *)data, size);
	int ret;

	error_clear(&err);
	ret = challenge_parse(&c, value, &err);
	if ((ret == 0) != (err.kind == ERROR_NONE) || c.n > CHALLENGES_MAX)
		abort();
	for (int i = 0; i < c.n; i++)
		if (c.list[i].scheme == NULL || c.list[i].scheme[0] == '\0' ||
		    challenge_find(&c, c.list[i].scheme) == NULL)
			abort();
	challenge_free(&c);
	free(value);
	return 0;
}
