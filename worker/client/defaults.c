/* SPDX-License-Identifier: Apache-2.0 */
/* defaults.c - options that the configuration sets for a script's copies. */
#include <stdlib.h>

#include "common/mem.h"
#include "worker/client/client_private.h"

int
client_take_copy(struct client *c, const struct message *m,
    struct error *err)
{
	struct client_copy *d = &c->copy;
	uint64_t flags;

	if (c->job_state == JOB_WANTED || d->nplatforms == CONFIG_LIST_MAX ||
	    (c->job_state != JOB_LOADING && c->job.script_len != 0))
		return error_set(err, ERROR_PROTOCOL,
		    "%s came too often or at a wrong time",
		    message_name(m->type));
	if (m->type == MSG_COPY_PLATFORM) {
		d->platforms = mem_resize(d->platforms, d->nplatforms + 1,
		    sizeof(char *));
		d->platforms[d->nplatforms++] = mem_strdup(message_str(m, 0));
		return 0;
	}
	flags = message_u64(m, 0);
	d->referrers = (flags & COPY_REFERRERS) != 0;
	d->digest_tags = (flags & COPY_DIGEST_TAGS) != 0;
	d->include_external = (flags & COPY_EXTERNAL) != 0;
	d->force_recursive = (flags & COPY_FORCE) != 0;
	return 0;
}

const struct client_copy *
client_copy_defaults(const struct client *c)
{
	return &c->copy;
}
