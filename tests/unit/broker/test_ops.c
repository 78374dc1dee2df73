/* SPDX-License-Identifier: Apache-2.0 */
/* What a broker asks its registry for: manifests, lists, blobs, mounts. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/mem.h"
#include "common/image/signed.h"
#include "tests/unit/broker/brokerfixture.h"

#define OCI "application/vnd.oci.image.manifest.v1+json"

TestSuite(ops, .init = fixture_setup, .fini = fixture_teardown);

Test(ops, put_collects_checks_and_sends)
{
	struct http_reply reply = { .status = 201, .digest = SHA };
	struct http_request *q;

	rig_ask(&rig, MSG_MANIFEST_PUT, 1, "ssssu", "a", "latest", OCI, SHA,
	    (uint64_t)2);
	cr_assert_eq(rig_next(&rig), MSG_CREDIT);
	cr_assert_eq(message_u64(&rig.m, 0), 2);
	rig_ask(&rig, MSG_DATA, 1, "b", "{", (size_t)1);
	cr_assert_eq(fake_count(), 0);
	rig_ask(&rig, MSG_DATA, 1, "b", "}", (size_t)1);
	q = fake_find(HTTP_PUT, "manifests/latest");
	cr_assert_not_null(q);
	cr_assert_str_eq(q->body, "{}");
	cr_assert_str_eq(q->spec.media_type, OCI);
	cr_assert_str_eq(q->spec.actions, "pull,push");
	fake_answer(q, &reply, "", 0);
	cr_assert_eq(rig_next(&rig), MSG_META);
	cr_assert_str_eq(message_str(&rig.m, 1), SHA);
	cr_assert_eq(rig_next(&rig), MSG_END);
}

Test(ops, a_head_that_finds_nothing_says_what)
{
	rig_ask(&rig, MSG_MANIFEST_HEAD, 1, "ss", "a", "v1");
	fake_status(fake_at(0), 404);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NOT_FOUND);
	cr_assert_eq(message_u64(&rig.m, 1), 404);
	cr_assert_str_eq(message_str(&rig.m, 3), "request failed: not found "
	    "[http 404]: no such tag: r.test/a:v1");
	rig_ask(&rig, MSG_MANIFEST_HEAD, 2, "ss", "a", SHA);
	fake_status(fake_at(0), 404);
	cr_assert_eq(rig_end(&rig, rig.worker, 2), ERROR_NOT_FOUND);
	cr_assert_not_null(strstr(message_str(&rig.m, 3), ": no such manifest: "
	    "r.test/a@sha256:"), "%s", message_str(&rig.m, 3));
}

Test(ops, put_of_other_bytes_fails_before_the_registry)
{
	rig_ask(&rig, MSG_MANIFEST_PUT, 1, "ssssu", "a", "latest", OCI, SHA,
	    (uint64_t)2);
	rig_ask(&rig, MSG_DATA, 1, "b", "[]", (size_t)2);
	cr_assert_eq(fake_count(), 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
}

/* Of a signed manifest the digest is that of what was signed. */
static void
put_signed(uint32_t id, const char *digest)
{
	/* The tail is "\n}". */
	static const char body[] = "{\"fsLayers\":[],\"signatures\":[{"
	    "\"protected\":\"eyJmb3JtYXRMZW5ndGgiOjE0LCJmb3JtYXRUYWlsIjoi"
	    "Q24wIn0\"}]}";

	rig_ask(&rig, MSG_MANIFEST_PUT, id, "ssssu", "a", "latest",
	    MEDIA_DOCKER_V1_SIGNED, digest, (uint64_t)strlen(body));
	rig_ask(&rig, MSG_DATA, id, "b", body, strlen(body));
}

Test(ops, put_of_a_signed_manifest)
{
	struct http_reply reply = { .status = 201 };
	char digest[DIGEST_MAX + 1];

	digest_of("{\"fsLayers\":[]\n}", 16, digest);
	put_signed(1, digest);
	cr_assert_not_null(fake_find(HTTP_PUT, "manifests/latest"));
	reply.digest = digest;
	fake_answer(fake_at(0), &reply, "", 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	put_signed(2, SHA);
	cr_assert_eq(fake_count(), 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 2), ERROR_DIGEST);
}

Test(ops, put_under_another_digest_fails)
{
	rig_ask(&rig, MSG_MANIFEST_PUT, 1, "ssssu", "a", "sha256:0000000000"
	    "000000000000000000000000000000000000000000000000000000", OCI,
	    SHA, (uint64_t)2);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_INPUT);
}

Test(ops, put_that_the_registry_stored_otherwise_fails)
{
	struct http_reply reply = { .status = 201, .digest = "sha256:0000000000"
	    "000000000000000000000000000000000000000000000000000000" };

	rig_ask(&rig, MSG_MANIFEST_PUT, 1, "ssssu", "a", "latest", OCI, SHA,
	    (uint64_t)2);
	rig_ask(&rig, MSG_DATA, 1, "b", "{}", (size_t)2);
	fake_answer(fake_at(0), &reply, "", 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
}

Test(ops, put_wants_201)
{
	rig_ask(&rig, MSG_MANIFEST_PUT, 1, "ssssu", "a", "latest", OCI, SHA,
	    (uint64_t)2);
	rig_ask(&rig, MSG_DATA, 1, "b", "{}", (size_t)2);
	fake_status(fake_at(0), 200);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
}

Test(ops, put_beyond_the_limit_fails)
{
	rig_ask(&rig, MSG_MANIFEST_PUT, 1, "ssssu", "a", "latest", OCI, SHA,
	    (uint64_t)MANIFEST_PUT_MAX + 1);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_LIMIT);
}

Test(ops, a_list_is_one_page_with_its_next)
{
	struct http_reply reply = { .status = 200,
	    .media_type = "application/json", .next = "n=2&last=b" };
	struct http_request *q;

	rig_ask(&rig, MSG_TAG_LIST, 1, "suss", "a", (uint64_t)2, "x&y=1", "");
	q = fake_find(HTTP_GET, "tags/list?n=2&last=x%26y%3D1");
	cr_assert_not_null(q);
	fake_answer(q, &reply, "{}", 2);
	cr_assert_eq(rig_next(&rig), MSG_META);
	cr_assert_str_eq(message_str(&rig.m, 4), "n=2&last=b");
	rig_ask(&rig, MSG_TAG_LIST, 2, "suss", "a", (uint64_t)2, "x",
	    "n=2&last=b");
	cr_assert_not_null(fake_find(HTTP_GET, "tags/list?n=2&last=b"));
	rig_ask(&rig, MSG_CATALOG, 3, "uss", (uint64_t)0, "", "");
	q = fake_find(HTTP_GET, "_catalog?");
	cr_assert_not_null(q);
	cr_assert_str_eq(q->spec.repository, "");
	cr_assert_str_eq(q->spec.actions, "*");
}

Test(ops, a_list_in_html_fails_with_its_type)
{
	struct http_reply reply = { .status = 200,
	    .media_type = "text/html" };

	rig_ask(&rig, MSG_TAG_LIST, 1, "suss", "a", (uint64_t)0, "", "");
	fake_answer(fake_at(0), &reply, "<html>", 6);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	cr_assert_not_null(strstr(message_str(&rig.m, 3), "text/html"));
	cr_assert_not_null(strstr(message_str(&rig.m, 3), "r.test"));
}

Test(ops, a_next_that_does_not_fit_fails)
{
	char *next = mem_alloc(QUERY_MAX + 2);
	struct http_reply reply = { .status = 200, .next = next,
	    .media_type = "application/json" };

	memset(next, 'x', QUERY_MAX + 1);
	rig_ask(&rig, MSG_TAG_LIST, 1, "suss", "a", (uint64_t)0, "", "");
	fake_answer(fake_at(0), &reply, "{}", 2);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_LIMIT);
	free(next);
}

Test(ops, a_blob_with_a_wrong_digest_fails)
{
	rig_ask(&rig, MSG_BLOB_GET, 1, "ssu", "a", SHA, (uint64_t)100);
	cr_assert_eq(fake_at(0)->spec.max_body, 100);
	/* Once more, on a new connection. */
	cr_assert_not(fake_at(0)->spec.fresh);
	fake_answer(fake_at(0), &(struct http_reply){ .status = 200 }, "[]",
	    2);
	cr_assert_eq(fake_count(), 1);
	cr_assert(fake_at(0)->spec.fresh);
	fake_answer(fake_at(0), &(struct http_reply){ .status = 200 }, "[]",
	    2);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	rig_ask(&rig, MSG_BLOB_GET, 1, "ssu", "a", SHA, UINT64_MAX);
	cr_assert_eq(fake_at(0)->spec.max_body, BLOB_GET_MAX);
	fake_answer(fake_at(0), &(struct http_reply){ .status = 200 }, "{}",
	    2);
	rig_ask(&rig, MSG_CREDIT, 1, "u", (uint64_t)2);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
}

Test(ops, a_manifest_with_wrong_bytes_is_asked_for_again)
{
	struct http_reply reply = { .status = 200, .digest = SHA };
	static const char *const names[] = { "v1", SHA };

	for (int i = 0; i < 2; i++) {
		rig_ask(&rig, MSG_MANIFEST_GET, 1, "ss", "a", names[i]);
		fake_answer(fake_at(0), &reply, "[]", 2);
		cr_assert_eq(fake_count(), 1);
		cr_assert(fake_at(0)->spec.fresh);
		fake_answer(fake_at(0), &reply, "{}", 2);
		rig_ask(&rig, MSG_CREDIT, 1, "u", (uint64_t)2);
		cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	}
	/* The worker judges the second answer. */
	rig_ask(&rig, MSG_MANIFEST_GET, 1, "ss", "a", SHA);
	fake_answer(fake_at(0), &reply, "[]", 2);
	fake_answer(fake_at(0), &reply, "[]", 2);
	rig_ask(&rig, MSG_CREDIT, 1, "u", (uint64_t)2);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	reply.media_type =
	    "application/vnd.docker.distribution.manifest.v1+prettyjws";
	rig_ask(&rig, MSG_MANIFEST_GET, 1, "ss", "a", SHA);
	fake_answer(fake_at(0), &reply, "[]", 2);
	cr_assert_eq(fake_count(), 1, "a signed one, too");
	fake_answer(fake_at(0), &reply, "[]", 2);
	cr_assert_eq(fake_count(), 0);
}

Test(ops, a_mount_that_became_an_upload_is_deleted)
{
	struct http_reply reply = { .status = 202, .location = "http://u/1" };
	struct http_request *q;

	rig_ask(&rig, MSG_BLOB_MOUNT, 1, "sss", "a", SHA, "b/c");
	q = fake_find(HTTP_POST, "blobs/uploads/?mount=sha256%3A4413");
	cr_assert_not_null(q);
	cr_assert_not_null(strstr(q->spec.query, "from=b%2Fc"));
	cr_assert_str_eq(q->spec.mount_from, "b/c");
	fake_answer(q, &reply, "", 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NOT_FOUND);
	cr_assert_not_null(fake_find(HTTP_DELETE, "http://u/1"));
	fake_status(fake_at(0), 204);
	rig_ask(&rig, MSG_BLOB_MOUNT, 1, "sss", "a", SHA, "b/c");
	fake_status(fake_at(0), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(fake_count(), 0);
}

Test(ops, a_post_that_was_cancelled_is_cleaned_up)
{
	struct http_reply reply = { .status = 202, .location = "http://u/1" };

	rig_ask(&rig, MSG_BLOB_MOUNT, 1, "sss", "a", SHA, "b/c");
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	cr_assert_eq(fake_count(), 1, "the POST must be waited for");
	fake_answer(fake_at(0), &reply, "", 0);
	cr_assert_not_null(fake_find(HTTP_DELETE, "http://u/1"));
}

Test(ops, windows_of_several_puts_share_the_channel)
{
	uint64_t sum = 0;
	int type;
	static char part[CHUNK_MAX];

	for (uint32_t id = 1; id <= 3; id++)
		rig_ask(&rig, MSG_MANIFEST_PUT, id, "ssssu", "a", "latest",
		    OCI, SHA, (uint64_t)200000);
	rig_run(&rig);
	while ((type = rig_get(&rig, rig.worker)) == MSG_CREDIT)
		sum += message_u64(&rig.m, 0);
	cr_assert_eq(type, 0);
	cr_assert_eq(sum, CHANNEL_WINDOW);
	rig_ask(&rig, MSG_DATA, 1, "b", part, sizeof(part));
	cr_assert_eq(rig_next(&rig), MSG_CREDIT);
	cr_assert_eq(message_u64(&rig.m, 0), sizeof(part));
	cr_assert_neq(rig.m.id, 1);
	/* What the cancelled one held goes to the others. */
	rig_ask(&rig, MSG_CANCEL, 1, "");
	sum = 0;
	rig_run(&rig);
	while ((type = rig_get(&rig, rig.worker)) > 0)
		if (type == MSG_CREDIT)
			sum += message_u64(&rig.m, 0);
	cr_assert_gt(sum, 0);
}

Test(ops, bodies_wait_for_the_memory_of_the_channel)
{
	struct http_reply reply = { .status = 200, .media_type = OCI };
	char *big = mem_alloc(MANIFEST_GET_MAX);
	unsigned answered = 0;
	int ends = 0, type;

	for (uint32_t id = 1; id <= 20; id++)
		rig_ask(&rig, MSG_MANIFEST_GET, id, "ss", "a", "latest");
	cr_assert_eq(fake_count(), 3, "more than reqConcurrent are asked");
	while (fake_count() > 0) {
		struct http_reply r = reply;

		fake_answer(fake_at(0), &r, big, MANIFEST_GET_MAX);
		answered++;
		rig_run(&rig);
	}
	cr_assert_leq(answered, 4);
	/* One that is not wanted makes room. */
	rig_ask(&rig, MSG_CANCEL, 1, "");
	rig_ask(&rig, MSG_CANCEL, 2, "");
	rig_ask(&rig, MSG_CANCEL, 3, "");
	cr_assert_gt(fake_count(), 0);
	while ((type = rig_get(&rig, rig.worker)) > 0)
		ends += type == MSG_END;
	cr_assert_eq(ends, 3);
	free(big);
}
