/* SPDX-License-Identifier: Apache-2.0 */
/* A reference that parses must render to text that parses to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"
#include "common/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"alpine", "foo/bar:1.2", "Foo/bar", "localhost:5000/a/b__c-d:latest",
	"docker.io/library/debian@sha256:e3b0c44298fc1c149afbf4c8996fb924"
	"27ae41e4649b934ca495991b7852b855",
	"[2001:db8::1]:443/x:tag", "ocidir://a/b c~d:tag", "registry:5000/x.y",
	"http://example.com./v2/", NULL
};

static void
check_parsed(const struct reference *r)
{
	struct reference again;
	char *text = reference_string(r), *second;

	if (reference_parse(text, &again, NULL) == -1)
		abort();
	second = reference_string(&again);
	if (strcmp(text, second) != 0 ||
	    !reference_same_repository(r, &again))
		abort();
	if (!r->ocidir && !reference_valid_repository(r->repository))
		abort();
	if (r->tag[0] != '\0' && !reference_valid_tag(r->tag))
		abort();
	free(second);
	free(text);
	reference_free(&again);
}

/* A key is a fixed point. */
static void
check_key(const char *s)
{
	char *key = reference_registry_key(s), *again;

	if (key == NULL)
		return;
	again = reference_registry_key(key);
	if (again == NULL || strcmp(again, key) != 0)
		abort();
	free(again);
	free(key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reference r;
	struct error err = { 0 };
	char *s = mem_strndup((const char *)data, size);

	if (reference_parse(s, &r, &err) == 0) {
		check_parsed(&r);
		reference_free(&r);
	} else if (err.kind != ERROR_INPUT || err.text[0] == '\0')
		abort();
	check_key(s);
	digest_valid(s);
	free(s);
	return 0;
}
