/* SPDX-License-Identifier: Apache-2.0 */
/* docker's JSON is read or refused; it starts no program unless asked to. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/config/config_private.h"
#include "supervisor/credentials/dockerconfig.h"

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

/* The texts are read to their ends, for the sanitizers. */
static void
on_login(void *arg, const char *key, const char *user, const char *pass,
    const char *token)
{
	*(size_t *)arg += strlen(key) + strlen(user) + strlen(pass) +
	    strlen(token);
	if (*token == '\0' && (*user == '\0' || *pass == '\0'))
		abort();
}

static void
on_helper(void *arg, const char *key, const char *program, bool store)
{
	*(size_t *)arg += strlen(key) + strlen(program);
	if (store)
		abort();
}

static void
on_warning(void *arg, const char *message, const char *error)
{
	(void)arg;
	(void)message;
	(void)error;
	abort();
}

/* The same text as registries. */
static void
check_logins(const char *text)
{
	struct config_reader r = { .name = "f.yml" };
	struct config_hosts hosts = { 0 };

	setenv("DOCKER_CONFIG", "/nonexistent", 1);
	setenv("DOCKER_AUTH_CONFIG", text, 1);
	config_read_logins(&r, &hosts);
	for (size_t i = 0; i < hosts.n; i++)
		if (hosts.list[i].r.key == NULL)
			abort();
	config_hosts_free(&hosts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dockerconfig_ops ops = {
		on_login, on_helper, on_warning
	};
	struct error err = { 0 };
	char *text = mem_strndup((const char *)data, size);
	size_t read = 0;

	/* A credentials store is a program that would be run. */
	if (strstr(text, "credsStore") == NULL &&
	    strchr(text, '\\') == NULL) {
		if (dockerconfig_parse(text, size, "f.json", &ops, &read,
		    &err) == -1 && strncmp(err.text, "f.json", 6) != 0)
			abort();
		check_logins(text);
	}
	mem_wipe(text);
	return 0;
}
