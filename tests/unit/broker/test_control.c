/* SPDX-License-Identifier: Apache-2.0 */
/* The control channel of a broker: its order, QUIT, a setup that fails. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire/channel.h"
#include "supervisor/broker/broker.h"
#include "tests/unit/broker/brokerfixture.h"

#define OCI "application/vnd.oci.image.manifest.v1+json"

TestSuite(control, .init = fixture_setup, .fini = fixture_teardown);

Test(control, quit_waits_for_the_uploads)
{
	struct http_reply reply = { .status = 202, .location = "http://u/1" };

	rig_ask(&rig, MSG_BLOB_MOUNT, 1, "sss", "a", SHA, "b/c");
	rig_ask(&rig, MSG_BLOB_HEAD, 2, "ss", "a", SHA);
	rig_send(&rig, rig.control, -1, MSG_QUIT, 0, "");
	rig_run(&rig);
	cr_assert_eq(rig.status, -1);
	fake_answer(fake_at(0), &reply, "", 0);
	cr_assert_eq(rig.status, -1);
	rig_ask(&rig, MSG_BLOB_HEAD, 3, "ss", "a", SHA);
	cr_assert_eq(rig_end(&rig, rig.worker, 3), ERROR_CANCELED);
	fake_status(fake_find(HTTP_DELETE, "http://u/1"), 204);
	cr_assert_eq(rig.status, 0);
}

Test(control, quit_with_nothing_to_do_ends_at_once)
{
	rig_send(&rig, rig.control, -1, MSG_QUIT, 0, "");
	rig_run(&rig);
	cr_assert_eq(rig.status, 0);
}

Test(control, the_supervisor_is_gone)
{
	shutdown(rig.control, SHUT_RDWR);
	rig_run(&rig);
	cr_assert_eq(rig.status, 0);
}

Test(control, the_supervisor_breaks_the_protocol)
{
	rig_send(&rig, rig.control, -1, MSG_START, 0, "");
	rig_run(&rig);
	cr_assert_eq(rig.status, 1);
}

Test(control, a_channel_without_its_descriptor)
{
	rig_send(&rig, rig.control, -1, MSG_CHANNEL, 1, "uusb", (uint64_t)1,
	    (uint64_t)2, "x", "", (size_t)0);
	rig_run(&rig);
	cr_assert_eq(rig.status, 1);
}

Test(control_setup, a_bad_regcert_is_what_every_request_says)
{
	rig_new(&rig, RIG_EVERYTHING, 16, "bad");
	for (uint32_t id = 1; id < 4; id++) {
		rig_ask(&rig, MSG_MANIFEST_GET, id, "ss", "a", "latest");
		cr_assert_eq(rig_end(&rig, rig.worker, id), ERROR_INPUT);
		cr_assert_not_null(strstr(message_str(&rig.m, 3), "regcert"));
	}
	rig_free(&rig);
}

Test(control_setup, head_that_is_switched_off_is_a_get)
{
	struct http_reply reply = { .status = 200, .media_type = OCI };

	rig_new(&rig, RIG_EVERYTHING, 16 | 8, NULL);
	rig_ask(&rig, MSG_MANIFEST_HEAD, 1, "ss", "a", "latest");
	fake_answer(fake_find(HTTP_GET, "manifests/latest"), &reply, "{}", 2);
	cr_assert_eq(rig_next(&rig), MSG_META);
	cr_assert_str_eq(message_str(&rig.m, 1), SHA);
	cr_assert_eq(message_u64(&rig.m, 2), 2);
	cr_assert_eq(rig_next(&rig), MSG_END);
	rig_free(&rig);
}

Test(control, ping_is_answered)
{
	rig_send(&rig, rig.control, -1, MSG_PING, 0, "");
	rig_run(&rig);
	cr_assert_eq(rig_get(&rig, rig.control), MSG_PONG);
	cr_assert_eq(rig.status, -1);
}

Test(control_setup, nothing_can_be_finished_with_a_bad_regcert)
{
	rig_new(&rig, RIG_EVERYTHING, 16, "bad");
	rig_send(&rig, rig.control, -1, MSG_FINISH, 3, "ssss", "a", "old", SHA,
	    SHA);
	rig_run(&rig);
	cr_assert_eq(rig_get(&rig, rig.control), MSG_DELETED);
	cr_assert_eq(rig.m.id, 3);
	cr_assert_eq(message_u64(&rig.m, 0), DELETION_LEFT);
	cr_assert_not_null(strstr(message_str(&rig.m, 2), "regcert"));
	rig_free(&rig);
}

static void
on_over(void *arg, int status)
{
	*(int *)arg = status;
}

/* The status of a broker that got such a REGISTRY, or -1: it goes on. */
static int
after_registry(const char *name, const char *hostname, uint64_t flags,
    uint64_t concurrent)
{
	struct rig g = { .loop = loop_new() };
	struct broker *b;
	int fds[2], status = -1;

	cr_assert_eq(channel_pair(fds, NULL), 0);
	b = broker_new(g.loop, fds[1], "1.0", on_over, &status);
	rig_send(&g, fds[0], -1, MSG_REGISTRY, 0, "ssssuuuu", name, hostname,
	    "", "test", flags, concurrent, (uint64_t)0, (uint64_t)64);
	rig_run(&g);
	broker_free(b);
	close(fds[0]);
	loop_free(g.loop);
	return status;
}

Test(control_setup, a_registry_within_bounds)
{
	cr_expect_eq(after_registry("r", "r:1", 0, 3), -1);
	cr_expect_eq(after_registry("r", "r:1", 2, 3), -1);
	cr_expect_eq(after_registry("r", "r:1", 3, 3), 1);
	cr_expect_eq(after_registry("r", "r:1", 1u << 20, 3), 1);
	cr_expect_eq(after_registry("r", "r:1", 0, 0), 1);
	cr_expect_eq(after_registry("", "r:1", 0, 3), 1);
	cr_expect_eq(after_registry("r", "", 0, 3), 1);
}

Test(control_setup, realms_are_limited)
{
	struct rig g = { .loop = loop_new() };
	struct broker *b;
	int fds[2], status = -1;

	cr_assert_eq(channel_pair(fds, NULL), 0);
	b = broker_new(g.loop, fds[1], "1.0", on_over, &status);
	rig_send(&g, fds[0], -1, MSG_REGISTRY, 0, "ssssuuuu", "r", "r:1",
	    "", "test", (uint64_t)0, (uint64_t)3, (uint64_t)0, (uint64_t)64);
	for (int i = 0; i <= REALMS_MAX; i++) {
		cr_expect_eq(status, -1);
		rig_send(&g, fds[0], -1, MSG_SECRET, 0, "ub", (uint64_t)7,
		    "realm", (size_t)5);
		rig_run(&g);
	}
	cr_expect_eq(status, 1);
	broker_free(b);
	close(fds[0]);
	loop_free(g.loop);
}
