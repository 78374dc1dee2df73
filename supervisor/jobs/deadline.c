/* SPDX-License-Identifier: Apache-2.0 */
/* deadline.c - the timers that end a job. */
#include "supervisor/jobs/deadline.h"

#include <stdlib.h>

#include "common/bounds.h"
#include "common/clock.h"
#include "common/mem.h"

struct deadline {
	int64_t timeout;
	struct timer *passed, *kill;
	enum stop_reason reason;
	const struct deadline_ops *ops;
	void *arg;
};

static void
stop(struct deadline *d, enum stop_reason why)
{
	if (d->reason != STOP_NONE)
		return;
	d->reason = why;
	timer_arm(d->kill, KILL_AFTER_MS * NS_PER_MS);
	d->ops->stop(d->arg, why);
}

static void
on_passed(void *arg)
{
	stop(arg, STOP_DEADLINE);
}

static void
on_kill(void *arg)
{
	struct deadline *d = arg;

	d->ops->kill(d->arg);
}

struct deadline *
deadline_new(struct loop *l, int64_t timeout, const struct deadline_ops *ops,
    void *arg)
{
	struct deadline *d = mem_alloc(sizeof(*d));

	d->timeout = timeout;
	d->ops = ops;
	d->arg = arg;
	d->passed = loop_timer(l, on_passed, d);
	d->kill = loop_timer(l, on_kill, d);
	if (timeout > 0)
		timer_arm(d->passed, timeout);
	return d;
}

void
deadline_free(struct deadline *d)
{
	if (d == NULL)
		return;
	timer_free(d->passed);
	timer_free(d->kill);
	free(d);
}

void
deadline_cancel(struct deadline *d, enum stop_reason why)
{
	if (d != NULL)
		stop(d, why);
}

void
deadline_done(struct deadline *d)
{
	timer_disarm(d->passed);
	timer_arm(d->kill, KILL_AFTER_MS * NS_PER_MS);
}

enum stop_reason
deadline_reason(const struct deadline *d)
{
	return d != NULL ? d->reason : STOP_NONE;
}

char *
deadline_text(const struct deadline *d, const char *at, bool begun)
{
	struct error err;

	if (stop_error(d->reason, d->timeout, &err) == 0)
		return NULL;
	return mem_printf("%s%s%s%s", at != NULL ? at : "",
	    at != NULL ? ": " : "", err.text, begun ?
	    ": the script did not end and was killed" :
	    " before the script started");
}
