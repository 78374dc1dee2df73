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
	"a {{- /* c */ -}} b{{if 0}}{{env `A`}}{{else}}{{.}}{{end}}{{`{{`}}",
	"{{join (split \"a,b\" \",\") \"-\"}}{{index (split \"a\" \",\") 0}}"
	    "{{len \"a\"}}{{trimSpace \" \\xc2\\xa0\\n\"}}",
	"{{printf \"%d|%s|%v|%t%%\" 1 \"a\" \"\xc3\xa9\" true}}",
	"{{print 1 2 `r`}}{{println .}}{{json .}}{{jsonPretty (split \"a\" "
	    "\",\")}}{{printPretty .}}{{lower \"A\" | upper}}",
	"{{and 1 0}}{{or 0 \"y\"}}{{ne 1 2}}{{not (eq \"a\" .)}}"
	    "{{default 1 0}}{{\"\" | default \"x\"}}",
	"{{.VCSTag | upper}}{{time.Now.UTC.Format \"2006-01-02\"}}"
	    "{{time.Now.Unix}}",
	"{{range .}}{{$x := 'a'}}{{with 1.5}}{{end}}",
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
		{ "VCSTag", "vcsTag", "v1" },
	};
	static const struct template_data info = { "version.Info", fields, 1 };
	char *text = mem_strndup((const char *)data, size);

	try(text, NULL);
	try(text, &info);
	mem_wipe(text);
	return 0;
}
