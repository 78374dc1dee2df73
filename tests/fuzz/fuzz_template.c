/* SPDX-License-Identifier: Apache-2.0 */
/* A template expands within its limit, or is refused with a sentence. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"{{env \"HOME\" | lower}}{{file \"/nonexistent\"}}",
	"{{if eq (env \"A\") \"b\"}}x{{else if not .}}y{{else}}z{{end}}",
	"a {{- /* c */ -}} b{{with $x := \"v\"}}{{.}}{{$x}}{{$}}{{end}}",
	"{{$x := split \"a,b\" \",\"}}{{join $x \"-\"}}{{index $x 1}}"
	    "{{len $x}}",
	"{{printf \"%5d|%-5s|%q|%x|%v\" 1 \"a\" \"\\u00e9\" 255 1.5}}",
	"{{print 1 2 `r`}}{{println nil}}{{json .}}{{jsonPretty (split \"a\" "
	    "\"\")}}{{printPretty .}}{{urlquery \"a b\"}}",
	"{{and 1 0}}{{or 0 \"y\"}}{{lt 1 2}}{{ge \"a\" \"b\"}}{{default 1 0}}",
	"{{.VCSTag | upper}}{{(time.Now.UTC).Format \"2006\"}}{{$.VCSTag}}",
	"{{$x := \"a\"}}{{$x = print $x $x}}{{$x = print $x $x}}{{'a'}}",
	NULL
};

static void
try(const char *text, const struct template_data *data)
{
	struct error err = { 0 };
	char *s = template_expand(text, data, NULL, NULL, &err);

	if (s != NULL && strlen(s) > SECRET_MAX)
		abort();
	if (s == NULL && strncmp(err.text, "template: out:", 14) != 0)
		abort();
	mem_wipe(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct template_field fields[] = {
		{ "VCSTag", "vcsTag", "v1", false },
	};
	static const struct template_data info = { "version.Info", fields, 1 };
	char *text = mem_strndup((const char *)data, size);

	try(text, NULL);
	try(text, &info);
	mem_wipe(text);
	return 0;
}
