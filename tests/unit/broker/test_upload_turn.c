/* SPDX-License-Identifier: Apache-2.0 */
/* Two jobs that upload the same blob to the same repository. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "supervisor/broker/registry/registry.h"
#include "supervisor/broker/registry/upload_turn.h"
#include "supervisor/serve/server.h"
#include "tests/unit/broker/brokerfixture.h"

static int other;		/* the second job's channel */

static void
setup(void)
{
	fixture_setup();
	other = rig_channel(&rig, 8, RIG_EVERYTHING);
}

TestSuite(turn, .init = setup, .fini = fixture_teardown);

static void
ask_other(enum message_type type, uint32_t id)
{
	if (type == MSG_BLOB_WRITE)
		rig_send(&rig, other, -1, type, id, "ssuus", "a", SHA,
		    (uint64_t)2, (uint64_t)id, "");
	else
		rig_send(&rig, other, -1, type, id, "");
	rig_run(&rig);
}

static unsigned
posts(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < fake_count(); i++)
		n += fake_at(i)->spec.method == HTTP_POST;
	return n;
}

/* Job 7 has an open upload, job 8 wants the same. */
static int
both(void)
{
	int fd;

	fixture_open_upload(1, 2, 5, SHA);
	ask_other(MSG_BLOB_WRITE, 1);
	cr_assert_eq(posts(), 0, "the second does not wait");
	fd = rig_stream(&rig, 7, 5, 1);
	fixture_reserve(1);
	rig_ask(&rig, MSG_GO, 1, "");
	return fd;
}

/* The first one's bytes reach the registry. */
static struct http_request *
fill(int fd)
{
	struct http_request *q = fake_find(HTTP_PUT, "");
	char buf[4];

	cr_assert_eq(write(fd, "{}", 2), 2);
	rig_run(&rig);
	cr_assert_eq(fake_pull(q, buf, sizeof(buf)), 2);
	return q;
}

static struct upload_turn *
turn_of(enum upload_turn_state state)
{
	struct registry *reg = broker_server(rig.broker)->store;
	struct upload_turn *t;

	TAILQ_FOREACH(t, &reg->turns, entry)
		if (t->state == state)
			return t;
	cr_assert_fail("no turn is in state %d", (int)state);
	return NULL;
}

static void
expect_second_uploads(void)
{
	rig_run(&rig);
	cr_assert_eq(posts(), 1, "the second upload was not opened");
}

Test(turn, one_upload_is_enough_for_both)
{
	int fd = both();

	fake_status(fill(fd), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	rig_run(&rig);
	cr_assert_eq(rig_end(&rig, other, 1), ERROR_NONE);
	cr_assert_eq(message_u64(&rig.m, 2), 0, "bytes were uploaded twice");
	cr_assert_eq(fake_count(), 0);
	close(fd);
}

Test(turn, only_the_registry_says_that_it_is_there)
{
	int fd = both();

	/* A 201 without having taken the bytes. */
	fake_status(fake_find(HTTP_PUT, ""), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	expect_second_uploads();
	close(fd);
}

Test(turn, the_second_tries_when_the_first_fails)
{
	int fd = both();

	fake_status(fill(fd), 403);
	cr_assert_neq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	expect_second_uploads();
	close(fd);
}

Test(turn, the_second_tries_when_the_first_is_cancelled)
{
	int fd = both();

	rig_ask(&rig, MSG_CANCEL, 1, "");
	expect_second_uploads();
	close(fd);
}

Test(turn, the_second_tries_when_the_first_worker_is_gone)
{
	int fd = both();

	shutdown(rig.worker, SHUT_RDWR);
	expect_second_uploads();
	close(fd);
}

Test(turn, who_waits_can_be_cancelled)
{
	int fd = both();

	ask_other(MSG_CANCEL, 1);
	cr_assert_eq(rig_end(&rig, other, 1), ERROR_CANCELED);
	fake_status(fill(fd), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	close(fd);
}

Test(turn, an_upload_that_stands_still_keeps_nobody_waiting)
{
	int fd = both();
	struct upload_turn *first = turn_of(TURN_OURS);

	cr_assert(timer_armed(first->timer));
	timer_arm(first->timer, 0);
	rig_run(&rig);
	cr_assert_eq(posts(), 0, "it has only just begun");
	first->progress -= (int64_t)UPLOAD_STALL_MS * NS_PER_MS;
	timer_arm(first->timer, 0);
	expect_second_uploads();
	cr_assert_eq(first->state, TURN_BESIDE);
	close(fd);
}

/* Large layers before it may take that long. */
Test(turn, who_waits_for_a_slot_is_not_standing_still)
{
	struct upload_turn *first;

	fixture_open_upload(1, 2, 5, SHA);
	ask_other(MSG_BLOB_WRITE, 1);
	first = turn_of(TURN_OURS);
	fake_hold = true;
	rig_ask(&rig, MSG_RESERVE, 1, "");
	first->progress -= (int64_t)UPLOAD_STALL_MS * NS_PER_MS;
	timer_arm(first->timer, 0);
	rig_run(&rig);
	cr_assert_eq(posts(), 0, "the second did not wait");
	cr_assert(timer_armed(first->timer));
	fake_hold = false;
	first->progress -= (int64_t)UPLOAD_STALL_MS * NS_PER_MS / 2;
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	expect_second_uploads();
}

Test(turn, a_registry_that_thinks_about_it_is_not_standing_still)
{
	int fd = both();
	struct upload_turn *first = turn_of(TURN_OURS);

	(void)fill(fd);
	first->progress -= (int64_t)UPLOAD_STALL_MS * NS_PER_MS;
	timer_arm(first->timer, 0);
	rig_run(&rig);
	cr_assert_eq(posts(), 0);
	close(fd);
}

Test(turn, nobody_waits_for_ever)
{
	int fd = both();
	struct upload_turn *second = turn_of(TURN_WAITS);

	cr_assert(timer_armed(second->timer));
	timer_arm(second->timer, 0);
	expect_second_uploads();
	cr_assert_eq(second->state, TURN_BESIDE);
	close(fd);
}

Test(turn, other_blobs_and_repositories_do_not_wait)
{
	int fd = both();

	rig_send(&rig, other, -1, MSG_BLOB_WRITE, 2, "ssuus", "b", SHA,
	    (uint64_t)2, (uint64_t)2, "");
	rig_run(&rig);
	cr_assert_eq(posts(), 1);
	close(fd);
}

/* The worker looked before the first upload ended, and asks after it. */
Test(turn, what_was_uploaded_lately_is_looked_for_first)
{
	struct http_reply found = { .status = 200, .length = 2 };
	int fd = both();

	fake_status(fill(fd), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	ask_other(MSG_BLOB_WRITE, 2);
	cr_assert_eq(posts(), 0);
	fake_answer(fake_find(HTTP_HEAD, "blobs/sha256:"), &found, "", 0);
	cr_assert_eq(rig_end(&rig, other, 2), ERROR_NONE);
	ask_other(MSG_BLOB_WRITE, 3);
	fake_status(fake_find(HTTP_HEAD, "blobs/sha256:"), 404);
	expect_second_uploads();
	close(fd);
}
