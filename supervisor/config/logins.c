/* SPDX-License-Identifier: Apache-2.0 */
/* logins.c - docker's logins and certificates, as registries of ours. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/reference.h"
#include "supervisor/config/config_private.h"
#include "supervisor/credentials/dockercerts.h"
#include "supervisor/credentials/dockerconfig.h"

#define HUB_URL "https://index.docker.io/v1/"

struct logins {
	struct config_reader *reader;
	struct config_hosts *hosts;
};

/* The registry that docker's key names, or NULL: http(s):// and a slash at the
 * end are fine; with any other path it is not a registry. */
static struct config_host *
host_of(struct config_hosts *hosts, const char *key)
{
	const char *host = strstr(key, "://"), *slash;
	struct config_host *h;
	char *id = reference_registry_key(key);

	if (id == NULL)
		return NULL;
	host = host != NULL ? host + 3 : key;
	slash = strchr(host, '/');
	if (slash != NULL && slash[1] != '\0' && strcmp(key, HUB_URL) != 0) {
		free(id);
		return NULL;
	}
	h = config_hosts_find(hosts, id);
	free(id);
	if (h != NULL)
		return h;
	h = config_hosts_add(hosts);
	config_host_name(h, key);
	if (strcmp(h->r.key, "docker.io") != 0 &&
	    strcmp(h->r.name, key) != 0)
		h->r.cred_host = mem_strdup(key);
	return h;
}

static void
set(char **where, const char *value)
{
	mem_wipe(*where);
	*where = mem_strdup(value);
}

static void
on_login(void *arg, const char *key, const char *user, const char *pass,
    const char *token)
{
	struct logins *l = arg;
	struct config_host *h = host_of(l->hosts, key);

	if (h == NULL)
		return;
	set(&h->r.user, user);
	set(&h->r.pass, pass);
	set(&h->r.token, token);
}

static void
on_helper(void *arg, const char *key, const char *program, bool store)
{
	struct logins *l = arg;
	char *id = reference_registry_key(key);
	struct config_host *h = id != NULL ?
	    config_hosts_find(l->hosts, id) : NULL;

	free(id);
	if (store && h != NULL && h->r.cred_helper != NULL)
		return;
	h = host_of(l->hosts, key);
	if (h != NULL)
		set(&h->r.cred_helper, program);
}

static void
on_warning(void *arg, const char *message, const char *error)
{
	struct logins *l = arg;

	config_warn(l->reader, NULL, message, "error", error);
}

void
config_read_logins(struct config_reader *r, struct config_hosts *out)
{
	static const struct dockerconfig_ops ops = {
		on_login, on_helper, on_warning
	};
	struct logins l = { r, out };
	struct error err;

	if (dockerconfig_load(&ops, &l, &err) == 0)
		return;
	config_hosts_free(out);
	config_warn(r, NULL, "Failed to load docker creds", "error",
	    err.text);
}

static void
on_certificate(void *arg, const char *message, const char *key,
    const char *value)
{
	config_warn(arg, NULL, message, key, value);
}

void
config_read_certificates(struct config_reader *r, const char *dir,
    struct config_registry *reg)
{
	char *pem = dockercerts_read(dir, reg->hostname, reg->regcert,
	    on_certificate, r);

	if (pem == NULL)
		return;
	mem_wipe(reg->regcert);
	reg->regcert = pem;
}
