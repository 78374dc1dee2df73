/* SPDX-License-Identifier: Apache-2.0 */
/* The channels of a broker: the table, credit, cancelling, grants, dry run. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/mem.h"
#include "supervisor/serve/dispatch.h"
#include "supervisor/serve/request.h"
#include "tests/unit/broker/brokerfixture.h"

#define OCI "application/vnd.oci.image.manifest.v1+json"

TestSuite(dispatch, .init = fixture_setup, .fini = fixture_teardown);

/* The channel is closed and another one is served. */
static void
violated(void)
{
	int other, type;

	rig_run(&rig);
	while ((type = rig_get(&rig, rig.worker)) > 0)
		;
	cr_assert_eq(type, -1, "the channel stays open");
	cr_assert_eq(rig_get(&rig, rig.control), MSG_LOG);
	cr_assert_eq(rig.status, -1);
	other = rig_channel(&rig, 8, RIG_EVERYTHING);
	rig_send(&rig, other, -1, MSG_BLOB_HEAD, 1, "ss", "a/b", SHA);
	rig_run(&rig);
	cr_assert_eq(fake_count(), 1);
	fake_status(fake_at(0), 200);
	cr_assert_eq(rig_end(&rig, other, 1), ERROR_NONE);
	close(other);
	rig_run(&rig);
	cr_assert_eq(fake_count(), 0);
}

/* The table has a row for each message that a worker may send, and no other;
 * a request's row needs the right that its name says. */
Test(dispatch, every_message_of_a_worker_has_a_row)
{
	static const struct {
		const char *name;
		enum message_type type;
		unsigned paths;
	} messages[] = {
#define MESSAGE(name, number, paths, fields) { #name, MSG_##name, paths },
#define REQUEST(name, number, verb, effect, fields) \
		{ #name, MSG_##name, W2B },
#include "common/wire/messages.def"
#undef MESSAGE
#undef REQUEST
	};
	const struct dispatch_row *row;

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		row = dispatch_row(messages[i].type);
		/* About the channel, not a request. */
		cr_expect_eq(row != NULL, (messages[i].paths & W2B) != 0 &&
		    messages[i].type != MSG_WIDTH, "%s", messages[i].name);
		if (row == NULL)
			continue;
		cr_expect_eq(row->writes, message_writes(row->type), "%s",
		    messages[i].name);
		cr_expect(!row->writes || row->verb == GRANT_PUSH ||
		    row->verb == GRANT_DELETE, "%s", messages[i].name);
		cr_expect_eq(row->run == NULL, row->more != NULL, "%s",
		    messages[i].name);
	}
}

Test(dispatch, head_answers_meta_rate_end)
{
	struct http_reply reply = { .status = 200, .media_type = OCI,
	    .digest = SHA, .length = 2, .has_rate = true, .rate_limit = 100,
	    .rate_remain = 99, .rate_reset = 5, .rate_policies = "100;w=60" };
	struct http_request *q;

	rig_ask(&rig, MSG_MANIFEST_HEAD, 9, "ss", "a/b", "latest");
	q = fake_find(HTTP_HEAD, "manifests/latest");
	cr_assert_not_null(q);
	cr_assert_str_eq(q->spec.repository, "a/b");
	cr_assert_str_eq(q->spec.actions, "pull");
	cr_assert(q->spec.accept_manifests);
	fake_answer(q, &reply, "", 0);
	cr_assert_eq(rig_next(&rig), MSG_RATE);
	cr_assert_eq(message_u64(&rig.m, 1), 99);
	cr_assert_str_eq(message_str(&rig.m, 3), "100;w=60");
	cr_assert_eq(rig_next(&rig), MSG_META);
	cr_assert_eq(rig.m.id, 9);
	cr_assert_str_eq(message_str(&rig.m, 0), OCI);
	cr_assert_str_eq(message_str(&rig.m, 1), SHA);
	cr_assert_eq(message_u64(&rig.m, 2), 2);
	cr_assert_eq(message_u64(&rig.m, 3), 1);
	cr_assert_eq(rig_next(&rig), MSG_END);
	cr_assert_eq(message_u64(&rig.m, 0), ERROR_NONE);
	cr_assert_eq(rig_next(&rig), 0);
}

Test(dispatch, what_no_message_can_hold_is_left_out)
{
	struct http_reply reply = { .status = 200, .media_type = "a b\n",
	    .digest = "sha256:short", .length = -1 };

	rig_ask(&rig, MSG_MANIFEST_HEAD, 1, "ss", "a", "latest");
	fake_answer(fake_at(0), &reply, "", 0);
	cr_assert_eq(rig_next(&rig), MSG_META);
	cr_assert_str_eq(message_str(&rig.m, 0), "");
	cr_assert_str_eq(message_str(&rig.m, 1), "");
	cr_assert_eq(message_u64(&rig.m, 3), 0);
	cr_assert_eq(rig_next(&rig), MSG_END);
}

Test(dispatch, a_body_flows_within_credit)
{
	struct http_reply reply = { .status = 200, .media_type = OCI };
	static char body[100000];
	size_t got = 0;

	memset(body, 'x', sizeof(body));
	rig_ask(&rig, MSG_MANIFEST_GET, 1, "ss", "a", "latest");
	fake_answer(fake_at(0), &reply, body, sizeof(body));
	cr_assert_eq(rig_next(&rig), MSG_META);
	cr_assert_eq(message_u64(&rig.m, 2), sizeof(body));
	cr_assert_eq(rig_next(&rig), 0, "sent without credit");
	rig_ask(&rig, MSG_CREDIT, 1, "u", (uint64_t)10);
	cr_assert_eq(rig_next(&rig), MSG_DATA);
	cr_assert_eq(rig.m.f[0].len, 10);
	cr_assert_eq(rig_next(&rig), 0);
	rig_ask(&rig, MSG_CREDIT, 1, "u", (uint64_t)sizeof(body));
	for (got = 10; got < sizeof(body); got += rig.m.f[0].len)
		cr_assert_eq(rig_next(&rig), MSG_DATA);
	cr_assert_eq(got, sizeof(body));
	cr_assert_eq(rig_next(&rig), MSG_END);
}

Test(dispatch, digest_of_a_body_is_told_when_the_registry_does_not)
{
	struct http_reply reply = { .status = 200, .media_type = OCI };

	rig_ask(&rig, MSG_MANIFEST_GET, 1, "ss", "a", "latest");
	fake_answer(fake_at(0), &reply, "{}", 2);
	cr_assert_eq(rig_next(&rig), MSG_META);
	cr_assert_str_eq(message_str(&rig.m, 1), SHA);
}

Test(dispatch, credit_beyond_the_window_is_a_violation)
{
	rig_ask(&rig, MSG_MANIFEST_GET, 1, "ss", "a", "latest");
	rig_ask(&rig, MSG_MANIFEST_GET, 2, "ss", "a", "latest");
	rig_ask(&rig, MSG_CREDIT, 1, "u", (uint64_t)CHANNEL_WINDOW);
	cr_assert_eq(rig_next(&rig), 0);
	rig_ask(&rig, MSG_CREDIT, 2, "u", (uint64_t)1);
	violated();
}

Test(dispatch, credit_of_an_ended_request_is_free_again)
{
	for (uint32_t id = 1; id < 20; id++) {
		rig_ask(&rig, MSG_MANIFEST_GET, id, "ss", "a", "latest");
		rig_ask(&rig, MSG_CREDIT, id, "u", (uint64_t)CHANNEL_WINDOW);
		fake_status(fake_at(0), 404);
		cr_assert_eq(rig_end(&rig, rig.worker, id), ERROR_NOT_FOUND);
	}
}

Test(dispatch, a_credit_that_would_overflow_is_a_violation)
{
	rig_ask(&rig, MSG_MANIFEST_GET, 1, "ss", "a", "latest");
	rig_ask(&rig, MSG_CREDIT, 1, "u", (uint64_t)1);
	rig_ask(&rig, MSG_CREDIT, 1, "u", UINT64_MAX);
	violated();
}

Test(dispatch, id_zero_is_a_violation)
{
	rig_ask(&rig, MSG_BLOB_HEAD, 0, "ss", "a", SHA);
	violated();
}

Test(dispatch, an_id_in_use_is_a_violation)
{
	rig_ask(&rig, MSG_BLOB_HEAD, 1, "ss", "a", SHA);
	rig_ask(&rig, MSG_BLOB_HEAD, 1, "ss", "a", SHA);
	violated();
}

Test(dispatch, one_request_too_many_is_a_violation)
{
	for (uint32_t id = 1; id <= CHANNEL_REQUESTS; id++)
		rig_ask(&rig, MSG_BLOB_HEAD, id, "ss", "a", SHA);
	cr_assert_eq(rig_next(&rig), 0);
	cr_assert_eq(fake_count(), CHANNEL_REQUESTS);
	rig_ask(&rig, MSG_BLOB_HEAD, 1000, "ss", "a", SHA);
	violated();
}

Test(dispatch, a_descriptor_from_a_worker_is_a_violation)
{
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	rig_send(&rig, rig.worker, fds[0], MSG_BLOB_HEAD, 1, "ss", "a", SHA);
	close(fds[1]);
	violated();
}

Test(dispatch, messages_of_others_are_violations)
{
	rig_ask(&rig, MSG_CHANNEL, 1, "uusb", (uint64_t)7, (uint64_t)2, "x",
	    "", (size_t)0);
	violated();
}

Test(dispatch, an_answer_is_a_violation)
{
	rig_ask(&rig, MSG_END, 1, "uuus", (uint64_t)0, (uint64_t)0,
	    (uint64_t)0, "");
	violated();
}

Test(dispatch, credit_for_nothing_is_a_violation)
{
	rig_ask(&rig, MSG_CREDIT, 5, "u", (uint64_t)1);
	violated();
}

Test(dispatch, data_that_nobody_asked_for_is_a_violation)
{
	rig_ask(&rig, MSG_BLOB_HEAD, 1, "ss", "a", SHA);
	rig_ask(&rig, MSG_DATA, 1, "b", "x", (size_t)1);
	violated();
}

Test(dispatch, go_without_a_slot_is_a_violation)
{
	rig_ask(&rig, MSG_BLOB_READ, 1, "ssuuu", "a", SHA, (uint64_t)2,
	    (uint64_t)0, (uint64_t)1);
	rig_ask(&rig, MSG_GO, 1, "");
	violated();
}

Test(dispatch, reserve_twice_is_a_violation)
{
	rig_ask(&rig, MSG_BLOB_READ, 1, "ssuuu", "a", SHA, (uint64_t)2,
	    (uint64_t)0, (uint64_t)1);
	rig_ask(&rig, MSG_RESERVE, 1, "");
	rig_ask(&rig, MSG_RESERVE, 1, "");
	violated();
	cr_assert_eq(fake_slots, 0);
}

Test(dispatch, reserve_of_another_kind_is_a_violation)
{
	rig_ask(&rig, MSG_BLOB_HEAD, 1, "ss", "a", SHA);
	rig_ask(&rig, MSG_RESERVE, 1, "");
	violated();
}

Test(dispatch, garbage_is_a_violation)
{
	cr_assert_eq(write(rig.worker, "garbage", 7), 7);
	violated();
}

Test(dispatch, what_crosses_an_end_is_ignored)
{
	rig_ask(&rig, MSG_MANIFEST_GET, 3, "ss", "a", "latest");
	fake_status(fake_at(0), 404);
	rig_ask(&rig, MSG_CREDIT, 3, "u", (uint64_t)10);
	rig_ask(&rig, MSG_CANCEL, 3, "");
	rig_ask(&rig, MSG_DATA, 3, "b", "x", (size_t)1);
	rig_ask(&rig, MSG_GO, 3, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 3), ERROR_NOT_FOUND);
	cr_assert_eq(rig_next(&rig), 0);
	rig_ask(&rig, MSG_MANIFEST_GET, 3, "ss", "a", "latest");
	cr_assert_eq(fake_count(), 1, "the id is not free again");
}

Test(dispatch, bad_fields_end_their_request_only)
{
	static const char *const repositories[] = { "", "UPPER", "a//b", "../a",
	    "a/../b", "a:b", "a@b", "a?b", "/a", "a/" };
	static const char *const names[] = { "", "-x", "a/b", "sha256:abc",
	    "md5:d41d8cd98f00b204e9800998ecf8427e", "a?b", ".." };
	uint32_t id = 1;

	for (size_t i = 0; i < sizeof(repositories) / sizeof(char *); i++) {
		rig_ask(&rig, MSG_TAG_LIST, id, "suss", repositories[i],
		    (uint64_t)0, "", "");
		cr_assert_eq(rig_end(&rig, rig.worker, id++), ERROR_INPUT,
		    "%s", repositories[i]);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(char *); i++) {
		rig_ask(&rig, MSG_MANIFEST_HEAD, id, "ss", "a", names[i]);
		cr_assert_eq(rig_end(&rig, rig.worker, id++), ERROR_INPUT,
		    "%s", names[i]);
	}
	rig_ask(&rig, MSG_MANIFEST_DELETE, id, "ss", "a", "latest");
	cr_assert_eq(rig_end(&rig, rig.worker, id++), ERROR_INPUT);
	rig_ask(&rig, MSG_TAG_DELETE, id, "ss", "a", "a:b");
	cr_assert_eq(rig_end(&rig, rig.worker, id++), ERROR_INPUT);
	rig_ask(&rig, MSG_BLOB_MOUNT, id, "sss", "a", SHA, "");
	cr_assert_eq(rig_end(&rig, rig.worker, id++), ERROR_INPUT);
	rig_ask(&rig, MSG_BLOB_READ, id, "ssuuu", "a", SHA, (uint64_t)2,
	    (uint64_t)3, (uint64_t)1);
	cr_assert_eq(rig_end(&rig, rig.worker, id++), ERROR_INPUT);
	rig_ask(&rig, MSG_BLOB_READ, id, "ssuuu", "a", SHA, (uint64_t)2,
	    (uint64_t)0, (uint64_t)0);
	cr_assert_eq(rig_end(&rig, rig.worker, id++), ERROR_INPUT);
	rig_ask(&rig, MSG_URL_READ, id, "ssuuu", "", SHA, (uint64_t)2,
	    (uint64_t)0, (uint64_t)1);
	cr_assert_eq(rig_end(&rig, rig.worker, id++), ERROR_INPUT);
	rig_ask(&rig, MSG_URL_READ, id, "ssuuu", "https://r.test/#x", SHA,
	    (uint64_t)2, (uint64_t)0, (uint64_t)1);
	cr_assert_eq(rig_end(&rig, rig.worker, id++), ERROR_INPUT);
	rig_ask(&rig, MSG_BLOB_WRITE, id, "ssuus", "a", SHA, UINT64_MAX,
	    (uint64_t)1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, id++), ERROR_INPUT);
	rig_ask(&rig, MSG_MANIFEST_PUT, id, "ssssu", "a", "latest", "type",
	    SHA, (uint64_t)2);
	cr_assert_eq(rig_end(&rig, rig.worker, id++), ERROR_INPUT);
	cr_assert_eq(fake_count(), 0, "the registry was asked");
}

Test(dispatch, more_data_than_credit_is_a_violation)
{
	rig_ask(&rig, MSG_MANIFEST_PUT, 1, "ssssu", "a", "latest", OCI, SHA,
	    (uint64_t)2);
	rig_ask(&rig, MSG_DATA, 1, "b", "{} ", (size_t)3);
	violated();
}

Test(dispatch, cancel_in_each_state)
{
	/* Waiting for the registry. */
	rig_ask(&rig, MSG_BLOB_HEAD, 1, "ss", "a", SHA);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	cr_assert_eq(fake_canceled, 1);
	/* Receiving. */
	rig_ask(&rig, MSG_MANIFEST_PUT, 1, "ssssu", "a", "latest", OCI, SHA,
	    (uint64_t)2);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	/* Waiting for memory. */
	for (uint32_t id = 1; id <= 5; id++)
		rig_ask(&rig, MSG_MANIFEST_GET, id, "ss", "a", "latest");
	rig_ask(&rig, MSG_CANCEL, 5, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 5), ERROR_CANCELED);
	/* Sending. */
	fake_answer(fake_at(0), &(struct http_reply){ .status = 200 }, "{}",
	    2);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	for (uint32_t id = 2; id <= 4; id++) {
		rig_ask(&rig, MSG_CANCEL, id, "");
		cr_assert_eq(rig_end(&rig, rig.worker, id), ERROR_CANCELED);
	}
	cr_assert_eq(fake_count(), 0);
}

Test(dispatch, a_worker_that_is_gone_cancels_everything)
{
	int other = rig_channel(&rig, 8, RIG_EVERYTHING);

	rig_send(&rig, other, -1, MSG_BLOB_HEAD, 1, "ss", "a", SHA);
	rig_send(&rig, other, -1, MSG_MANIFEST_GET, 2, "ss", "a", "latest");
	rig_run(&rig);
	cr_assert_eq(fake_count(), 2);
	close(other);
	rig_run(&rig);
	cr_assert_eq(fake_count(), 0);
	cr_assert_eq(fake_canceled, 2);
}

Test(dispatch, nothing_is_granted_without_the_flag)
{
	int fd = rig_channel(&rig, 9, 0);

	rig_send(&rig, fd, -1, MSG_BLOB_HEAD, 1, "ss", "a", SHA);
	cr_assert_eq(rig_end(&rig, fd, 1), ERROR_DENIED);
	rig_send(&rig, fd, -1, MSG_CATALOG, 1, "uss", (uint64_t)0, "", "");
	cr_assert_eq(rig_end(&rig, fd, 1), ERROR_DENIED);
	cr_assert_eq(fake_count(), 0);
	close(fd);
}

Test(dispatch, a_dry_run_reads_only)
{
	int fd = rig_channel(&rig, 9, RIG_EVERYTHING | RIG_DRY_RUN);

	rig_send(&rig, fd, -1, MSG_MANIFEST_PUT, 1, "ssssu", "a", "latest",
	    OCI, SHA, (uint64_t)2);
	cr_assert_eq(rig_end(&rig, fd, 1), ERROR_DENIED);
	rig_send(&rig, fd, -1, MSG_MANIFEST_DELETE, 1, "ss", "a", SHA);
	cr_assert_eq(rig_end(&rig, fd, 1), ERROR_DENIED);
	rig_send(&rig, fd, -1, MSG_TAG_DELETE, 1, "ss", "a", "latest");
	cr_assert_eq(rig_end(&rig, fd, 1), ERROR_DENIED);
	rig_send(&rig, fd, -1, MSG_BLOB_MOUNT, 1, "sss", "a", SHA, "b");
	cr_assert_eq(rig_end(&rig, fd, 1), ERROR_DENIED);
	rig_send(&rig, fd, -1, MSG_BLOB_WRITE, 1, "ssuus", "a", SHA,
	    (uint64_t)2, (uint64_t)1, "");
	cr_assert_eq(rig_end(&rig, fd, 1), ERROR_DENIED);
	cr_assert_eq(fake_count(), 0);
	rig_send(&rig, fd, -1, MSG_BLOB_HEAD, 1, "ss", "a", SHA);
	rig_run(&rig);
	cr_assert_eq(fake_count(), 1);
	close(fd);
}
