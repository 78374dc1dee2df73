/* SPDX-License-Identifier: Apache-2.0 */
/* worker_deadline.c - whether a job may go on, and waiting until it may not. */
#include "common/clock.h"
#include "worker/job/worker.h"

int
worker_check(const struct worker *w, struct error *err)
{
	enum stop_reason why = w->stopped;

	if (w->deadline != 0 && clock_now() >= w->deadline)
		why = STOP_DEADLINE;
	return stop_error(why, w->timeout_ns, err);
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
