/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of referrers, and manifests that take another's place. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/digest.h"
#include "tests/unit/broker/brokerfixture.h"

#define INDEX "application/vnd.oci.image.index.v1+json"
#define TAG "sha256-1"

TestSuite(referrers_ops, .init = fixture_setup, .fini = fixture_teardown);

static void
list(uint32_t id, const char *type, const char *query)
{
	rig_ask(&rig, MSG_REFERRERS, id, "ssss", "a", SHA, type, query);
}

Test(referrers_ops, a_page_with_its_type_and_next)
{
	struct http_reply reply = { .status = 200, .media_type = INDEX,
	    .next = "at=1", .filtered = true };
	struct http_request *q;

	list(1, "a/b+c", "");
	q = fake_find(HTTP_GET, "referrers/" SHA "?artifactType=a%2Fb%2Bc");
	cr_assert_not_null(q);
	cr_assert_str_eq(q->spec.actions, "pull");
	fake_answer(q, &reply, "{}", 2);
	cr_assert_eq(rig_next(&rig), MSG_META);
	cr_expect_eq(message_u64(&rig.m, 3), 3u);
	cr_expect_str_eq(message_str(&rig.m, 4), "at=1");
	list(2, "a/b", "at=1");
	cr_assert_not_null(fake_find(HTTP_GET, "referrers/" SHA "?at=1"));
}

Test(referrers_ops, what_is_no_index_is_no_list)
{
	struct http_reply reply = { .status = 200,
	    .media_type = "text/html" };

	list(1, "", "");
	fake_answer(fake_at(0), &reply, "<html>", 6);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NOT_FOUND);
	cr_assert_not_null(strstr(message_str(&rig.m, 3), "text/html"));
	list(2, "", "");
	fake_status(fake_at(0), 404);
	cr_assert_eq(rig_end(&rig, rig.worker, 2), ERROR_NOT_FOUND);
}

Test(referrers_ops, a_put_tells_the_subject)
{
	struct http_reply reply = { .status = 201, .digest = SHA,
	    .subject = SHA };

	rig_ask(&rig, MSG_MANIFEST_PUT, 1, "ssssu", "a", "latest", INDEX, SHA,
	    (uint64_t)2);
	rig_ask(&rig, MSG_DATA, 1, "b", "{}", (size_t)2);
	fake_answer(fake_at(0), &reply, "", 0);
	cr_assert_eq(rig_next(&rig), MSG_CREDIT);
	cr_assert_eq(rig_next(&rig), MSG_SUBJECT);
	cr_assert_str_eq(message_str(&rig.m, 0), SHA);
	cr_assert_eq(rig_next(&rig), MSG_META);
}

static void
swap(uint32_t id, const char *tag, const char *expected)
{
	rig_ask(&rig, MSG_MANIFEST_SWAP, id, "sssssu", "a", tag, INDEX, SHA,
	    expected, (uint64_t)2);
	rig_ask(&rig, MSG_DATA, id, "b", "{}", (size_t)2);
}

static struct http_request *
get(void)
{
	return fake_find(HTTP_GET, "manifests/" TAG);
}

Test(referrers_ops, a_swap_reads_and_writes)
{
	struct http_reply reply = { .status = 200, .media_type = INDEX },
	    put = { .status = 201 };
	char digest[DIGEST_MAX + 1];
	struct http_request *q;

	digest_of("old", 3, digest);
	swap(1, TAG, digest);
	q = get();
	cr_assert_not_null(q);
	cr_expect_str_eq(q->spec.actions, "pull,push");
	cr_expect_eq(fake_slots, 1u);
	fake_answer(q, &reply, "old", 3);
	q = fake_find(HTTP_PUT, "manifests/" TAG);
	cr_assert_not_null(q, "nothing was written");
	cr_expect(q->spec.no_retry);
	cr_expect_str_eq(q->body, "{}");
	fake_answer(q, &put, "", 0);
	cr_assert_eq(rig_next(&rig), MSG_CREDIT);
	cr_assert_eq(rig_next(&rig), MSG_META);
	cr_expect_str_eq(message_str(&rig.m, 1), SHA);
	cr_expect_eq(message_u64(&rig.m, 3), 0u);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_expect_eq(fake_slots, 0u);
}

Test(referrers_ops, a_swap_of_a_new_tag)
{
	struct http_reply put = { .status = 201 };

	swap(1, TAG, "");
	fake_status(get(), 404);
	fake_answer(fake_find(HTTP_PUT, TAG), &put, "", 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
}

Test(referrers_ops, a_changed_tag_is_the_answer)
{
	struct http_reply reply = { .status = 200, .media_type = INDEX };
	char digest[DIGEST_MAX + 1];

	digest_of("other", 5, digest);
	swap(1, TAG, SHA);
	fake_answer(get(), &reply, "other", 5);
	cr_assert_eq(fake_count(), 0, "it was overwritten");
	cr_assert_eq(rig_next(&rig), MSG_CREDIT);
	cr_assert_eq(rig_next(&rig), MSG_META);
	cr_expect_str_eq(message_str(&rig.m, 1), digest);
	cr_expect_eq(message_u64(&rig.m, 3), 5u);
	rig_ask(&rig, MSG_CREDIT, 1, "u", (uint64_t)100);
	cr_assert_eq(rig_next(&rig), MSG_DATA);
	cr_assert_eq(rig.m.f[0].len, 5);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	/* The same for one that has gone, and one that has come. */
	swap(2, TAG, SHA);
	fake_status(get(), 404);
	cr_assert_eq(fake_count(), 0, "it was made");
	swap(3, TAG, "");
	fake_answer(get(), &reply, "other", 5);
	cr_assert_eq(fake_count(), 0, "it was overwritten");
}

Test(referrers_ops, swaps_of_a_tag_take_turns)
{
	struct http_reply put = { .status = 201 };

	swap(1, TAG, "");
	swap(2, TAG, "");
	swap(3, "other", "");
	cr_assert_eq(fake_count(), 2, "%u", fake_count());
	fake_status(get(), 404);
	cr_assert_null(get());
	fake_answer(fake_find(HTTP_PUT, TAG), &put, "", 0);
	rig_run(&rig);
	cr_assert_not_null(get());
	/* Who leaves does not keep the others. */
	swap(4, TAG, "");
	rig_ask(&rig, MSG_CANCEL, 2, "");
	cr_assert_eq(fake_canceled, 1u);
	cr_assert_not_null(get());
}

Test(referrers_ops, an_expected_digest_is_one)
{
	rig_ask(&rig, MSG_MANIFEST_SWAP, 1, "sssssu", "a", TAG, INDEX, SHA,
	    "md5:1", (uint64_t)2);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_INPUT);
	rig_ask(&rig, MSG_MANIFEST_SWAP, 2, "sssssu", "a", SHA, INDEX, SHA,
	    "", (uint64_t)2);
	cr_assert_eq(rig_end(&rig, rig.worker, 2), ERROR_INPUT);
	rig_ask(&rig, MSG_MANIFEST_SWAP, 3, "sssssu", "a", TAG, INDEX, SHA,
	    "", (uint64_t)MANIFEST_PUT_MAX + 1);
	cr_assert_eq(rig_end(&rig, rig.worker, 3), ERROR_LIMIT);
}
