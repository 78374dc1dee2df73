/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration is read whole or refused with a place and a sentence. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"version: 1\ncreds:\n  - registry: registry:5000\n    tls: disabled\n"
	    "    scheme: http\n  - registry: docker.io\n"
	    "    user: \"{{env \\\"HUB_USER\\\"}}\"\n    pass: s3cret\n"
	    "defaults:\n  parallel: 2\n  interval: 60m\n  timeout: 600s\n"
	    "scripts:\n  - name: a\n    timeout: 59m\n    script: |\n"
	    "      x = {\"a\"}\n      print(x)\n",
	"x-a: &a {name: x, timeout: 1m}\nx-b: &b {script: print(1)}\n"
	    "scripts:\n- <<: [*a, *b]\n  name: y\n- *a\n- {<<: *b, name: z}\n",
	"{\"version\": 1.0, \"creds\": [{\"registry\": \"http://h:5000/\", "
	    "\"apiOpts\": {\"disableHead\": \"t\"}, \"mirrors\": [\"m\"], "
	    "\"reqPerSec\": 1.5, \"realms\": [\"r.io\"], \"blobMax\": -1}], "
	    "\"scripts\": [{\"name\": \"a\", \"script\": \"x\"}]}",
	"defaults: {allow: [\"pull,push h/**\"], protect: [a], limits: {d: 1},"
	    " files: [/srv], sandbox: auto, env: [A], modules: [m]}\n"
	    "scripts:\n- {name: a, allow: [], schedule: '@every 5m', script: x}\n",
	"scripts:\n- {name: a, scrip: x, timeout: -1s}\n- {env: [-, -]}\n"
	    "creds: [{registry: a b, tls: x}]\nversion: 2\n",
	"...\nscripts: [{script: x}]\n...\n---\n---\nb: 'x\n",
	"creds:\n- registry: \"a\n  user: \"{{env 'X'}}\"\n- {{env}}\n",
	"a: &a [x, x]\nb: &b [*a, *a]\nc: !!str ~\n? d\n: !t 0x10\nscripts: [{script: x}]\n",
	NULL
};

static void
check(const struct config *c)
{
	for (size_t i = 0; i < c->nregistries; i++) {
		const struct config_registry *r = &c->registries[i];

		if (config_registry(c, r->key) != r || *r->hostname == '\0' ||
		    r->req_concurrent < 1 || strlen(r->pass) > SECRET_MAX)
			abort();
	}
	for (size_t i = 0; i < c->nscripts; i++) {
		const struct config_script *s = &c->scripts[i];

		if (strlen(s->text) != s->text_len || s->timeout < 0 ||
		    s->line < 1)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct config *c;

	/* Only the text decides: no login of whoever runs this. */
	setenv("DOCKER_CONFIG", "/nonexistent", 1);
	unsetenv("DOCKER_AUTH_CONFIG");
	c = config_parse((const char *)data, size, "f.yml", ".", NULL,
	    &err);
	if (c != NULL)
		check(c);
	else if (err.kind == ERROR_NONE || strncmp(err.text, "f.yml:", 6) != 0)
		abort();
	config_unref(c);
	return 0;
}
