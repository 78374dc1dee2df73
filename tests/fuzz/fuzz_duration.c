/* SPDX-License-Identifier: Apache-2.0 */
/* What parses must be written and read back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/duration.h"
#include "common/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"0", "1h2m3.5s", "-100ms", "1us", "5\xc2\xb5s", "7\xce\xbcs", "90s",
	"9223372036854775807ns", "-9223372036854775808ns", "2562047h", ".5s",
	NULL
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[DURATION_TEXT], *s = mem_strndup((const char *)data, size);
	struct error err = { 0 };
	int64_t ns, again;

	if (duration_parse(s, &ns, &err) == 0) {
		duration_format(ns, text);
		if (strlen(text) >= DURATION_TEXT ||
		    duration_parse(text, &again, NULL) == -1 || again != ns)
			abort();
	} else if (err.kind != ERROR_INPUT)
		abort();
	free(s);
	return 0;
}
