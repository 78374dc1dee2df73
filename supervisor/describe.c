/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - the debug lines of a start. */
#include "supervisor/describe.h"

#include <string.h>

#include "supervisor/version.h"

static void
describe_mirrors(struct log_record *r, char **mirrors)
{
	struct buffer b;

	buffer_init(&b, LOG_TEXT_MAX);
	buffer_putc(&b, '[');
	for (char **m = mirrors; m != NULL && *m != NULL; m++)
		buffer_printf(&b, "%s%s", m == mirrors ? "" : " ", *m);
	buffer_putc(&b, ']');
	log_record_string(r, "mirrors", b.data);
	buffer_free(&b);
}

static void
describe_registry(struct log *log, const struct config_registry *c)
{
	static const char *const tls[] = { [TLS_ENABLED] = "enabled",
	    [TLS_INSECURE] = "insecure", [TLS_DISABLED] = "disabled" };
	struct log_record r;

	log_record_init(&r, LOG_DEBUG, "Loading config");
	log_record_int(&r, "blobChunk", c->blob_chunk);
	log_record_int(&r, "blobMax", c->blob_max);
	log_record_string(&r, "helper", c->cred_helper);
	log_record_string(&r, "hostname", strcmp(c->hostname, c->name) == 0 ?
	    "" : c->hostname);
	describe_mirrors(&r, c->mirrors);
	log_record_string(&r, "name", c->name);
	log_record_string(&r, "pathPrefix", c->path_prefix);
	log_record_bool(&r, "repoAuth", c->repo_auth);
	log_record_string(&r, "source", "host");
	log_record_string(&r, "tls", tls[c->tls]);
	log_record_string(&r, "user", c->user);
	log_write(log, &r);
}

void
describe_start(struct log *log, const struct config *c, unsigned slots)
{
	struct log_record r;

	log_record_init(&r, LOG_DEBUG, "Configuring parallel settings");
	log_record_int(&r, "concurrent", slots);
	log_write(log, &r);
	for (size_t i = 0; i < c->nregistries; i++)
		if (c->registries[i].named)
			describe_registry(log, &c->registries[i]);
	log_record_init(&r, LOG_DEBUG, "regclient initialized");
	log_record_string(&r, "VCSRef", version_ref());
	log_record_string(&r, "VCSTag", version_tag());
	log_write(log, &r);
}
