/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c - what a job logs; see worker.h. */
#include "worker/job/worker.h"

#include <string.h>

#include "common/mem.h"
#include "worker/client/client.h"

void
worker_log_bare(struct worker *w, struct log_record *r)
{
	if (w->client != NULL && r->level >= w->log_level)
		client_log(w->client, r);
	log_record_free(r);
}

static void
add_name(const struct worker *w, struct log_record *r)
{
	struct attr first;
	bool named = false;

	for (int i = 0; i < r->nattrs; i++)
		named = named || strcmp(r->attrs[i].key, "script") == 0;
	if (!named && w->name != NULL && r->nattrs < LOG_ATTRS_MAX) {
		log_record_string(r, "script", w->name);
		first = r->attrs[r->nattrs - 1];
		memmove(&r->attrs[1], &r->attrs[0],
		    (size_t)(r->nattrs - 1) * sizeof(first));
		r->attrs[0] = first;
	}
}

void
worker_log(struct worker *w, struct log_record *r)
{
	add_name(w, r);
	worker_log_bare(w, r);
}

void
worker_tell(struct worker *w, struct log_record *r)
{
	add_name(w, r);
	if (w->client != NULL)
		client_log(w->client, r);
	log_record_free(r);
}
