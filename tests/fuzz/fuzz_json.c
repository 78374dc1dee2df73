/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_json.c - what was read can be written and read again. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/bounds.h"
#include "common/json.h"
#include "common/text.h"

extern const char *const fuzz_seeds[];
const char *const fuzz_seeds[] = {
	"{\"a\":[1,2.5e3,true,null,\"\\u00e9\\n<&>\"],\"b\":{}}",
	"[[[[1]]],\"\xf0\x9f\x98\x80\",-0]",
	"2026-11-24T03:07:49.128+01:00", "Zm9vYmE=", NULL
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads n bytes and writes what they are; false when they are not JSON. */
static bool
trip(struct buffer *out, const char *p, size_t n)
{
	json_object *o = json_parse(p, n, JSON_BYTES_MAX, "it", NULL);

	buffer_init(out, 0);
	if (o == NULL)
		return false;
	json_write(out, o);
	json_object_put(o);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct buffer b, twice, thrice;
	struct text_time t;

	json_secret_free(json_parse_secret(p, size, JSON_BYTES_MAX, "it",
	    NULL));
	if (text_cut(p, size, size / 2) > size / 2)
		abort();
	buffer_init(&b, 0);
	text_base64_decode(&b, p, size);
	buffer_clear(&b);
	buffer_put(&b, p, size);
	text_time_parse(buffer_str(&b), &t);
	buffer_free(&b);
	if (!trip(&b, p, size))
		return 0;
	/* The first trip makes valid UTF-8 of it, the others change nothing. */
	if (!trip(&twice, b.data, b.len) ||
	    !trip(&thrice, twice.data, twice.len) ||
	    strcmp(twice.data, thrice.data) != 0)
		abort();
	buffer_free(&b);
	buffer_free(&twice);
	buffer_free(&thrice);
	return 0;
}
