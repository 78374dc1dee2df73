/* SPDX-License-Identifier: Apache-2.0 */
/* agendarig.c - clocks that a test moves; see agendarig.h. */
#include "tests/unit/schedule/agendarig.h"

#include <criterion/criterion.h>
#include <time.h>

#include "common/wire/loop_private.h"

struct agenda_rig rig;

int64_t
clock_now(void)
{
	return rig.now;
}

int64_t
clock_boot(void)
{
	return rig.now + rig.suspended;
}

int64_t
clock_wall(void)
{
	return rig.now + rig.ahead;
}

int
loop_poll(struct pollfd *polls, nfds_t n, int ms)
{
	(void)polls;
	(void)n;
	cr_assert_geq(ms, 0, "it would wait for ever");
	rig.now += ms * NS_PER_MS;
	return 0;
}

void
agenda_note(void *arg, int64_t due)
{
	struct agenda_log *log = arg;

	cr_assert_lt(log->n, sizeof(log->due) / sizeof(log->due[0]));
	log->wall[log->n] = clock_wall();
	log->boot[log->n] = clock_boot();
	log->due[log->n++] = due;
}

int64_t
rig_time(const char *utc)
{
	struct tm tm = { 0 };

	cr_assert_not_null(strptime(utc, "%Y-%m-%dT%H:%M:%S", &tm));
	return timegm(&tm) * NS_PER_S;
}

void
rig_begin(const char *utc)
{
	rig.ahead = rig_time(utc) - rig.now;
	rig.loop = loop_new();
	rig.agenda = agenda_new(rig.loop, 1);
}

struct schedule *
rig_add(const char *text, int64_t jitter, struct agenda_log *log)
{
	struct error err = { 0 };
	struct schedule *s = schedule_parse(text, &err);

	cr_assert_not_null(s, "%s", err.text);
	agenda_add(rig.agenda, s, jitter, agenda_note, log);
	return s;
}

static void
on_end(void *arg)
{
	(void)arg;
	loop_stop(rig.loop);
}

void
rig_pass(int64_t ns)
{
	struct timer *end = loop_timer(rig.loop, on_end, NULL);

	timer_arm(end, ns);
	loop_run(rig.loop);
	timer_free(end);
}

void
rig_suspend(int64_t ns)
{
	rig.suspended += ns;
	rig.ahead += ns;
}

void
rig_end(void)
{
	agenda_free(rig.agenda);
	loop_free(rig.loop);
}
