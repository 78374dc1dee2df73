/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - the debug lines at startup. */
#include "supervisor/describe.h"

#include "supervisor/cli/version.h"

static void
describe_registry(struct log *log, const struct config_registry *c)
{
	struct log_record r;

	log_record_init(&r, LOG_DEBUG, "Loading config");
	config_registry_describe(c, &r);
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
