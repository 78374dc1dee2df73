/* SPDX-License-Identifier: Apache-2.0 */
/* configrig.h - for tests of configurations: warnings as one text. */
#ifndef CONFIGRIG_H
#define CONFIGRIG_H

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/mem.h"
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

static inline void
rig_error(void *arg, const char *text)
{
	struct buffer *b = arg;

	buffer_printf(b, "%s\n", text);
}

/* Each warning and each error is a line in *said. */
static inline struct config *
rig_parse_whole(const char *text, struct buffer *said, struct error *err)
{
	struct config_sink sink = { rig_warn, rig_error, said };

	buffer_init(said, 0);
	buffer_puts(said, "");
	error_clear(err);
	return config_parse(text, strlen(text), "f.yml", "/conf", &sink, err);
}

/* The same, with a script where the text has none. */
static inline struct config *
rig_parse(const char *text, struct buffer *said, struct error *err)
{
	char *whole = mem_printf("%s%s", text, strstr(text, "scripts") != NULL ?
	    "" : "scripts: [{name: rig, script: x}]\n");
	struct config *c = rig_parse_whole(whole, said, err);

	free(whole);
	return c;
}

#endif
