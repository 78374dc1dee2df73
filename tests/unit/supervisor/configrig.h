/* SPDX-License-Identifier: Apache-2.0 */
/* configrig.h - for tests of configurations: warnings as one text. */
#ifndef CONFIGRIG_H
#define CONFIGRIG_H

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/wire/log_record.h"
#include "supervisor/config/config.h"

/* Each warning is a line "message key=value key=value". */
static inline void
rig_warn(void *arg, const struct log_record *r)
{
	struct buffer *b = arg;

	buffer_puts(b, r->message);
	for (int i = 0; i < r->nattrs; i++)
		buffer_printf(b, " %s=%s", r->attrs[i].key, r->attrs[i].text);
	buffer_putc(b, '\n');
}

/* The logins of whoever runs the tests stay out of them. */
static inline void
rig_no_docker(void)
{
	setenv("DOCKER_CONFIG", "/nonexistent", 1);
	unsetenv("DOCKER_AUTH_CONFIG");
}

static inline struct config *
rig_parse(const char *text, struct buffer *warnings, struct error *err)
{
	buffer_init(warnings, 0);
	buffer_puts(warnings, "");
	error_clear(err);
	return config_parse(text, strlen(text), "f.yml", "/conf", rig_warn,
	    warnings, err);
}

#endif
