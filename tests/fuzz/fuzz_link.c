/* SPDX-License-Identifier: Apache-2.0 */
/* A "next" query is printable and short, whatever the header says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/mem.h"
#include "supervisor/broker/transfer/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"</v2/_catalog?last=b&n=2>; rel=\"next\"",
	"<a?1>; rel=prev, <b?2>; title=\"a, \\\"b\"; rel=\"last next\"",
	"<a?1>;rel=next;x, <", NULL
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *value = mem_strndup((const char *)data, size);
	char *query = link_next(value);

	if (query != NULL) {
		if (strlen(query) > QUERY_MAX)
			abort();
		for (char *p = query; *p != '\0'; p++)
			if (*p <= ' ' || *p >= 0x7f || *p == '>')
				abort();
	}
	free(query);
	free(value);
	return 0;
}
