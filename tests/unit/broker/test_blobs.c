/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of blobs, and small blobs that a script made. */
#include <criterion/criterion.h>
#include <string.h>

#include "common/bounds.h"
#include "tests/unit/broker/brokerfixture.h"

#define OTHER "sha256:00000000000000000000000000000000000000000000000000000000" \
	"00000000"

TestSuite(blobs, .init = fixture_setup, .fini = fixture_teardown);

static void
part(uint64_t offset, uint64_t n)
{
	rig_ask(&rig, MSG_BLOB_PART, 1, "ssuu", "a", SHA, offset, n);
}

/* What comes of the request, up to its END. */
static void
expect_body(const char *want)
{
	cr_assert_eq(rig_next(&rig), MSG_META);
	rig_ask(&rig, MSG_CREDIT, 1, "u", (uint64_t)strlen(want));
	cr_assert_eq(rig_next(&rig), MSG_DATA);
	cr_assert_eq(rig.m.f[0].len, strlen(want));
	cr_assert_eq(memcmp(rig.m.f[0].p, want, strlen(want)), 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
}

Test(blobs, a_part_is_asked_for_by_range)
{
	struct http_request *q;

	part(10, 4);
	q = fake_find(HTTP_GET, "blobs/" SHA);
	cr_assert_eq(q->spec.range_from, 10);
	cr_assert_eq(q->spec.range_to, 13);
	cr_assert_str_eq(q->spec.actions, "pull");
	cr_assert_eq(fake_push(q, "ab", 2), 2);
	cr_assert_eq(fake_push(q, "cd", 2), 2);
	fake_answer(q, &(struct http_reply){ .status = 206 }, "", 0);
	expect_body("abcd");
}

Test(blobs, a_registry_that_sends_more_is_stopped)
{
	struct http_request *q;

	part(0, 4);
	q = fake_at(0);
	cr_assert_eq(q->spec.range_from, 0);
	cr_assert_eq(q->spec.range_to, 3);
	cr_assert_eq(fake_push(q, "abcdef", 6), 6);
	cr_assert_eq(fake_push(q, "g", 1), HTTP_ABORT);
	fake_fail(q, ERROR_ABORTED, 0, "the other end gave up");
	expect_body("abcd");
}

Test(blobs, a_part_that_fails)
{
	part(0, 4);
	cr_assert_eq(fake_push(fake_at(0), "abc", 3), 3);
	fake_fail(fake_at(0), ERROR_NETWORK, 0, "cut");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NETWORK);
	part(0, 4);
	fake_status(fake_at(0), 404);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NOT_FOUND);
	part(UINT64_MAX, 4);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_INPUT);
	part(0, UINT64_MAX);
	cr_assert_eq(fake_at(0)->spec.range_to, BLOB_GET_MAX - 1);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	cr_assert_eq(fake_count(), 0);
}

static void
put(const char *digest, const char *bytes)
{
	rig_ask(&rig, MSG_BLOB_PUT, 1, "ssu", "a", digest,
	    (uint64_t)strlen(bytes));
	if (*bytes == '\0')
		return;
	cr_assert_eq(rig_next(&rig), MSG_CREDIT);
	rig_ask(&rig, MSG_DATA, 1, "b", bytes, strlen(bytes));
}

static void
open_upload(void)
{
	fake_answer(fake_find(HTTP_POST, "blobs/uploads/"),
	    &(struct http_reply){ .status = 202,
	    .location = "http://u/1?session=x" }, "", 0);
}

Test(blobs, a_text_is_uploaded)
{
	put(SHA, "{}");
	open_upload();
	cr_assert_str_eq(fake_find(HTTP_PUT, "http://u/1?session=x&digest="
	    "sha256%3A")->body, "{}");
	fake_status(fake_at(0), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(message_u64(&rig.m, 2), 2);
	cr_assert_eq(fake_count(), 0);
}

Test(blobs, an_empty_text_is_uploaded)
{
	put("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b785"
	    "2b855", "");
	open_upload();
	cr_assert_not_null(fake_find(HTTP_PUT, "digest="));
	fake_status(fake_at(0), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	put(OTHER, "");
	cr_assert_eq(fake_count(), 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
}

Test(blobs, one_with_another_digest_is_not_uploaded)
{
	put(OTHER, "{}");
	cr_assert_eq(fake_count(), 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	cr_assert_not_null(strstr(message_str(&rig.m, 3),
	    "request failed: blob"));
	rig_ask(&rig, MSG_BLOB_PUT, 1, "ssu", "a", SHA,
	    (uint64_t)BLOB_PUT_MAX + 1);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_LIMIT);
	cr_assert_eq(fake_count(), 0);
}

Test(blobs, an_upload_that_fails_is_deleted)
{
	put(SHA, "{}");
	open_upload();
	fake_status(fake_find(HTTP_PUT, "u/1"), 403);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_UNAUTHORIZED);
	cr_assert_not_null(fake_find(HTTP_DELETE, "http://u/1?session=x"));
	fake_status(fake_at(0), 204);
	/* One that was lost is begun once more. */
	put(SHA, "{}");
	open_upload();
	fake_status(fake_find(HTTP_PUT, "u/1"), 404);
	fake_status(fake_find(HTTP_DELETE, "u/1"), 404);
	open_upload();
	fake_status(fake_find(HTTP_PUT, "u/1"), 404);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NOT_FOUND);
	fake_status(fake_find(HTTP_DELETE, "u/1"), 404);
	cr_assert_eq(fake_count(), 0);
	/* And the one of a worker that does not wait. */
	put(SHA, "{}");
	open_upload();
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	cr_assert_not_null(fake_find(HTTP_DELETE, "u/1"));
}

Test(blobs, one_that_is_there_is_not_sent)
{
	put(SHA, "{}");
	cr_assert_not_null(fake_find(HTTP_POST, "mount=sha256%3A"));
	fake_answer(fake_at(0), &(struct http_reply){ .status = 201 }, "", 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(fake_count(), 0);
}
