/* SPDX-License-Identifier: Apache-2.0 */
/* docker's JSON is read or refused; it starts no program unless asked to. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/config/config_private.h"
#include "supervisor/credentials/dockerconfig.h"
#include "common/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *const fuzz_seeds[] = {
	"{\"auths\":{\"h:5000\":{\"auth\":\"dTpw\"},\"https://index.docker.io"
	    "/v1/\":{\"username\":\"a\",\"password\":\"b\"},\"http://i.io/\":"
	    "{\"identitytoken\":\"t\"}}}",
	"{\"credHelpers\":{\"h.io\":\"x\"},\"auths\":{\"h.io\":{\"auth\":"
	    "\"dTpwcA==\"}}}",
	"{\"auths\":{\"h\":{\"auth\":\"dTpwAAA=\"}},\"x\":[1,2.5e3,null,true]}",
	NULL
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_reader r = { .name = "f.yml" };
	struct config_hosts hosts = { 0 };
	struct error err = { 0 };
	char *text = mem_strndup((const char *)data, size);

	/* A credentials store is a program that would be run. */
	if (strstr(text, "credsStore") == NULL && strchr(text, '\\') == NULL) {
		if (dockerconfig_parse(&r, text, size, "f.json", &hosts,
		    &err) == -1 && strncmp(err.text, "f.json", 6) != 0)
			abort();
		for (size_t i = 0; i < hosts.n; i++)
			if (hosts.list[i].r.key == NULL)
				abort();
	}
	config_hosts_free(&hosts);
	mem_wipe(text);
	return 0;
}
