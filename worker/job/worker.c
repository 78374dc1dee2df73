/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c - what a job may still do, and what it logs; see worker.h. */
#include "worker/job/worker.h"

#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "worker/client/client.h"

int
worker_check(const struct worker *w, struct error *err)
{
	if (w->deadline != 0 && clock_now() >= w->deadline)
		return error_set(err, ERROR_DEADLINE,
		    "context deadline exceeded");
	if (w->stopped)
		return error_set(err, ERROR_CANCELED, "context canceled");
	return 0;
}

static void
wake(void *arg)
{
	(void)arg;	/* that the loop turned is enough */
}

int
worker_wait(struct worker *w, const bool *done, struct error *err)
{
	struct timer *t = NULL;
	int r = 0;

	if (w->deadline != 0) {
		t = loop_timer(w->loop, wake, NULL);
		timer_arm(t, w->deadline - clock_now());
	}
	/* What is done by the deadline is done, also when both are seen in
	 * one turn. */
	while (!*done && (r = worker_check(w, err)) == 0)
		loop_step(w->loop, -1);
	timer_free(t);
	return r;
}

void
worker_log_bare(struct worker *w, struct log_record *r)
{
	if (w->client != NULL && r->level >= w->log_level)
		client_log(w->client, r);
	log_record_free(r);
}

void
worker_log(struct worker *w, struct log_record *r)
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
	worker_log_bare(w, r);
}
