/* SPDX-License-Identifier: Apache-2.0 */
/* upload_turn.c - one upload of a blob at a time; see upload_turn.h. */
#include "supervisor/broker/registry/upload_turn.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"

static void
arm(struct upload_turn *t, int64_t ms)
{
	timer_arm(t->timer, ms * NS_PER_MS);
}

static bool
same(const struct upload_turn *a, const struct upload_turn *b)
{
	return strcmp(a->blob, b->blob) == 0;
}

static void
grant(struct upload_turn *t)
{
	t->state = TURN_OURS;
	arm(t, 0);	/* its owner hears of it from the loop */
}

/* t does not keep the others back any more. */
static void
pass_on(struct upload_turn *t)
{
	struct upload_turn *next;

	TAILQ_FOREACH(next, &t->registry->turns, entry)
		if (next->state == TURN_WAITS && !next->there &&
		    same(next, t)) {
			grant(next);
			return;
		}
}

static void
begin(struct upload_turn *t)
{
	t->told = true;
	t->progress = clock_now();
	if (t->state == TURN_OURS)
		arm(t, UPLOAD_STALL_MS);
}

static void
check_progress(struct upload_turn *t)
{
	int64_t still;

	if (t->sent)
		return;
	if (t->queued(t->arg))
		t->progress = clock_now();
	still = (clock_now() - t->progress) / NS_PER_MS;
	if (still < UPLOAD_STALL_MS) {
		arm(t, UPLOAD_STALL_MS - still);
		return;
	}
	t->state = TURN_BESIDE;
	pass_on(t);
}

static void
on_timer(void *arg)
{
	struct upload_turn *t = arg;

	if (t->told) {
		check_progress(t);
		return;
	}
	if (t->state == TURN_WAITS && !t->there)
		t->state = TURN_BESIDE;
	begin(t);
	t->ready(t->arg, t->there);
}

struct upload_turn *
upload_turn_new(struct registry *reg, const char *repository,
    const char *digest, bool *now, void (*ready)(void *arg, bool there),
    bool (*queued)(void *arg), void *arg)
{
	struct upload_turn *t = mem_alloc(sizeof(*t)), *other;

	t->registry = reg;
	t->blob = mem_printf("%s@%s", repository, digest);
	t->state = TURN_OURS;
	t->ready = ready;
	t->queued = queued;
	t->arg = arg;
	t->timer = loop_timer(reg->loop, on_timer, t);
	TAILQ_FOREACH(other, &reg->turns, entry)
		if (other->state == TURN_OURS && same(other, t))
			t->state = TURN_WAITS;
	TAILQ_INSERT_TAIL(&reg->turns, t, entry);
	*now = t->state == TURN_OURS;
	if (*now)
		begin(t);
	else
		arm(t, UPLOAD_WAIT_MS);
	return t;
}

void
upload_turn_progress(struct upload_turn *t)
{
	t->progress = clock_now();
}

void
upload_turn_sent(struct upload_turn *t)
{
	t->sent = true;
}

static void
remember(struct registry *reg, const char *blob)
{
	char **place = &reg->uploaded[reg->nuploaded++ % UPLOADED_MAX];

	free(*place);
	*place = mem_strdup(blob);
}

/* Whoever waits for that blob has nothing left to do. */
static void
is_there(struct upload_turn *t)
{
	struct upload_turn *other;

	TAILQ_FOREACH(other, &t->registry->turns, entry)
		if (other->state == TURN_WAITS && same(other, t)) {
			other->there = true;
			arm(other, 0);
		}
}

void
upload_turn_end(struct upload_turn *t, bool there)
{
	if (t == NULL)
		return;
	TAILQ_REMOVE(&t->registry->turns, t, entry);
	if (there && !t->there) {
		remember(t->registry, t->blob);
		is_there(t);
	} else if (t->state == TURN_OURS)
		pass_on(t);
	timer_free(t->timer);
	free(t->blob);
	free(t);
}

bool
upload_turn_lately(const struct registry *reg, const char *repository,
    const char *digest)
{
	char *blob = mem_printf("%s@%s", repository, digest);
	bool found = false;

	for (size_t i = 0; i < UPLOADED_MAX && !found; i++)
		found = reg->uploaded[i] != NULL &&
		    strcmp(reg->uploaded[i], blob) == 0;
	free(blob);
	return found;
}

void
upload_turn_free_all(struct registry *reg)
{
	for (size_t i = 0; i < UPLOADED_MAX; i++)
		free(reg->uploaded[i]);
}
