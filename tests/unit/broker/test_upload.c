/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs from a stream pair into a registry. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/mem.h"
#include "tests/unit/broker/brokerfixture.h"

#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495" \
	"991b7852b855"

TestSuite(upload, .init = fixture_setup, .fini = fixture_teardown);

/* Up to the PUT, with our end of the stream. */
static int
begin_write(uint64_t size, const char *digest)
{
	int fd;

	fixture_open_upload(1, size, 5, digest);
	fd = rig_stream(&rig, 7, 5, 1);
	fixture_reserve(1);
	rig_ask(&rig, MSG_GO, 1, "");
	cr_assert_not_null(fake_find(HTTP_PUT, "http://u/1?session=x&digest="
	    "sha256%3A"));
	return fd;
}

static void
expect_upload_deleted(void)
{
	cr_assert_null(fake_find(HTTP_PUT, ""));
	cr_assert_not_null(fake_find(HTTP_DELETE, "http://u/1?session=x"));
	fake_status(fake_find(HTTP_DELETE, ""), 204);
	cr_assert_eq(fake_count(), 0);
}

Test(upload, a_blob_is_written)
{
	struct http_request *q;
	char buf[16];
	int fd = begin_write(2, SHA);

	q = fake_find(HTTP_PUT, "");
	cr_assert_eq(q->source.size, 2);
	cr_assert_not_null(q->spec.slot);
	cr_assert_str_eq(q->spec.media_type, "application/octet-stream");
	cr_assert_eq(fake_pull(q, buf, sizeof(buf)), HTTP_AGAIN);
	cr_assert_eq(write(fd, "{", 1), 1);
	rig_run(&rig);
	cr_assert_eq(q->resumed, 1);
	cr_assert_eq(fake_pull(q, buf, sizeof(buf)), 1);
	cr_assert_eq(fake_pull(q, buf, sizeof(buf)), HTTP_AGAIN);
	cr_assert_eq(write(fd, "}", 1), 1);
	rig_run(&rig);
	cr_assert_eq(fake_pull(q, buf, sizeof(buf)), 1);
	cr_assert_eq(fake_pull(q, buf, sizeof(buf)), 0);
	fake_status(q, 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(message_u64(&rig.m, 2), 2);
	cr_assert_eq(fake_count(), 0);
	cr_assert_eq(rig_get(&rig, rig.control), MSG_PROGRESS);
	cr_assert_eq(message_u64(&rig.m, 0), 7);
	cr_assert_eq(message_u64(&rig.m, 1), 1);
	/* The rest waits for a second to pass, or for the worker's end. */
	shutdown(rig.worker, SHUT_RDWR);
	rig_run(&rig);
	cr_assert_eq(rig_get(&rig, rig.control), MSG_PROGRESS);
	cr_assert_eq(message_u64(&rig.m, 1), 1);
	close(fd);
}

Test(upload, the_last_part_of_a_wrong_blob_is_kept_back)
{
	struct http_request *q;
	char buf[16];
	int fd = begin_write(2, SHA);

	q = fake_find(HTTP_PUT, "");
	cr_assert_eq(write(fd, "[]", 2), 2);
	cr_assert_eq(fake_pull(q, buf, 1), 1);
	cr_assert_eq(fake_pull(q, buf, 1), HTTP_ABORT);
	fake_fail(q, ERROR_NETWORK, 0, "aborted");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	cr_assert_not_null(strstr(message_str(&rig.m, 3), SHA));
	cr_assert_not_null(strstr(message_str(&rig.m, 3), "received sha256:"));
	expect_upload_deleted();
	close(fd);
}

Test(upload, more_than_the_size_is_not_read)
{
	struct http_request *q;
	char buf[16];
	int fd = begin_write(2, SHA);

	q = fake_find(HTTP_PUT, "");
	cr_assert_eq(write(fd, "{}more", 6), 6);
	cr_assert_eq(fake_pull(q, buf, sizeof(buf)), 2);
	cr_assert_eq(fake_pull(q, buf, sizeof(buf)), 0);
	fake_status(q, 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	close(fd);
}

Test(upload, an_early_close_aborts)
{
	struct http_request *q;
	char buf[16];
	int fd = begin_write(2, SHA);

	q = fake_find(HTTP_PUT, "");
	cr_assert_eq(write(fd, "{", 1), 1);
	close(fd);
	cr_assert_eq(fake_pull(q, buf, 1), 1);
	cr_assert_eq(fake_pull(q, buf, 1), HTTP_ABORT);
	fake_fail(q, ERROR_NETWORK, 0, "aborted");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_ABORTED);
	expect_upload_deleted();
}

Test(upload, an_upload_that_fails_in_the_middle_may_restart)
{
	static const int statuses[] = { 401, 404, 307, 500, 503 };
	struct http_request *q;
	char buf[16];
	int fd;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(int); i++) {
		fd = begin_write(2, SHA);
		q = fake_find(HTTP_PUT, "");
		cr_assert_eq(write(fd, "{", 1), 1);
		cr_assert_eq(fake_pull(q, buf, 1), 1);
		fake_status(q, statuses[i]);
		cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_RESTART,
		    "%d", statuses[i]);
		cr_assert_eq(message_u64(&rig.m, 2), 0);
		expect_upload_deleted();
		close(fd);
	}
}

Test(upload, an_upload_that_is_refused_does_not_restart)
{
	static const int statuses[] = { 400, 403, 413 };
	struct http_request *q;
	char buf[16];
	int fd;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(int); i++) {
		fd = begin_write(2, SHA);
		q = fake_find(HTTP_PUT, "");
		cr_assert_eq(write(fd, "{", 1), 1);
		cr_assert_eq(fake_pull(q, buf, 1), 1);
		fake_status(q, statuses[i]);
		cr_assert_neq(rig_end(&rig, rig.worker, 1), ERROR_RESTART);
		expect_upload_deleted();
		close(fd);
	}
}

Test(upload, a_registry_that_does_not_wait_for_the_blob_is_not_believed)
{
	int fd = begin_write(2, SHA);

	fake_status(fake_find(HTTP_PUT, ""), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	close(fd);
}

Test(upload, an_empty_blob_is_written)
{
	struct http_request *q;
	char buf[4];
	int fd = begin_write(0, EMPTY);

	q = fake_find(HTTP_PUT, "");
	cr_assert_eq(fake_pull(q, buf, sizeof(buf)), 0);
	fake_status(q, 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	close(fd);
}

Test(upload, an_empty_blob_with_another_digest_fails)
{
	int fd;

	fixture_open_upload(1, 0, 5, SHA);
	fd = rig_stream(&rig, 7, 5, 1);
	fixture_reserve(1);
	rig_ask(&rig, MSG_GO, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	expect_upload_deleted();
	close(fd);
}

Test(upload, a_mounted_blob_does_not_flow)
{
	rig_ask(&rig, MSG_BLOB_WRITE, 1, "ssuus", "a", SHA, (uint64_t)2,
	    (uint64_t)5, "b");
	fake_status(fake_find(HTTP_POST, "from=b"), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(message_u64(&rig.m, 2), 0);
	cr_assert_eq(fake_count(), 0);
}

Test(upload, a_refused_mount_is_tried_without)
{
	struct http_reply reply = { .status = 202, .location = "http://u/2" };
	struct http_request *q;

	rig_ask(&rig, MSG_BLOB_WRITE, 1, "ssuus", "a", SHA, (uint64_t)2,
	    (uint64_t)5, "b");
	fake_status(fake_find(HTTP_POST, "mount="), 403);
	q = fake_find(HTTP_POST, "blobs/uploads/");
	cr_assert_not_null(q);
	cr_assert_null(q->spec.query);
	fake_answer(q, &reply, "", 0);
	cr_assert_eq(rig_next(&rig), MSG_UPLOAD);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	cr_assert_not_null(fake_find(HTTP_DELETE, "http://u/2"));
	/* A second refusal is final. */
	rig_ask(&rig, MSG_BLOB_WRITE, 2, "ssuus", "a", SHA, (uint64_t)2,
	    (uint64_t)5, "b");
	fake_status(fake_find(HTTP_POST, "mount="), 403);
	fake_status(fake_find(HTTP_POST, "blobs/uploads/"), 403);
	cr_assert_eq(rig_end(&rig, rig.worker, 2), ERROR_UNAUTHORIZED);
}

Test(upload, an_upload_without_a_place_fails)
{
	rig_ask(&rig, MSG_BLOB_WRITE, 1, "ssuus", "a", SHA, (uint64_t)2,
	    (uint64_t)5, "");
	fake_status(fake_find(HTTP_POST, ""), 202);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	cr_assert_eq(fake_count(), 0);
}

Test(upload, cancel_in_each_step_deletes_the_upload)
{
	int fd;

	fixture_open_upload(1, 2, 5, SHA);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	expect_upload_deleted();

	fixture_open_upload(1, 2, 5, SHA);
	fake_hold = true;
	rig_ask(&rig, MSG_RESERVE, 1, "");
	cr_assert_eq(rig_next(&rig), 0);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	expect_upload_deleted();
	cr_assert_eq(fake_slots, 0);
	fake_hold = false;

	fixture_open_upload(1, 2, 5, SHA);
	fixture_reserve(1);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	expect_upload_deleted();

	fixture_open_upload(1, 2, 5, SHA);
	fixture_reserve(1);
	rig_ask(&rig, MSG_GO, 1, "");	/* waits for its end */
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	expect_upload_deleted();

	fd = begin_write(2, SHA);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	expect_upload_deleted();
	cr_assert_eq(read(fd, (char[1]){ 0 }, 1), 0, "our end stays open");
	close(fd);
}

Test(upload, a_worker_that_is_gone_leaves_no_upload)
{
	int fd = begin_write(2, SHA);

	shutdown(rig.worker, SHUT_RDWR);
	rig_run(&rig);
	expect_upload_deleted();
	close(fd);
}

/* A registry that counts an upload's bytes in its Location. */
static int
begin_stateful(uint64_t size, const char *digest)
{
	struct http_reply reply = { .status = 202,
	    .location = "http://u/1?_state=0" };
	int fd;

	rig_ask(&rig, MSG_BLOB_WRITE, 1, "ssuus", "a", digest, size,
	    (uint64_t)5, "");
	fake_answer(fake_find(HTTP_POST, "blobs/uploads/"), &reply, "", 0);
	cr_assert_eq(rig_next(&rig), MSG_UPLOAD);
	fd = rig_stream(&rig, 7, 5, 1);
	fixture_reserve(1);
	rig_ask(&rig, MSG_GO, 1, "");
	return fd;
}

static void
answer_patch(struct http_request *q, const char *location)
{
	struct http_reply reply = { .status = 202,
	    .location = (char *)(uintptr_t)location };

	fake_answer(q, &reply, "", 0);
}

#define BIG ((uint64_t)UPLOAD_PIECE + 5)

Test(upload, a_small_blob_is_collected_and_sent_whole)
{
	struct http_request *q;
	int fd = begin_stateful(2, SHA);

	cr_assert_eq(write(fd, "{", 1), 1);
	rig_run(&rig);
	cr_assert_eq(fake_count(), 0);
	cr_assert_eq(write(fd, "}", 1), 1);
	rig_run(&rig);
	q = fake_find(HTTP_PUT, "http://u/1?_state=0&digest=");
	cr_assert_not_null(q);
	cr_assert_eq(q->spec.body_len, 2);
	/* Cancelled now, it is left to complete: nothing stays open. */
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	cr_assert_eq(fake_count(), 1);
	fake_status(q, 201);
	cr_assert_eq(fake_count(), 0);
	close(fd);
}

Test(upload, a_small_blob_with_another_digest_is_not_sent)
{
	int fd = begin_stateful(2, SHA);

	cr_assert_eq(write(fd, "[]", 2), 2);
	rig_run(&rig);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	cr_assert_not_null(fake_find(HTTP_DELETE, "http://u/1?_state=0"));
	fake_status(fake_find(HTTP_DELETE, ""), 204);
	cr_assert_eq(fake_count(), 0);
	close(fd);
}

Test(upload, a_large_blob_goes_in_pieces)
{
	struct http_request *q;
	int fd = begin_stateful(BIG, SHA);

	q = fake_find(HTTP_PATCH, "http://u/1?_state=0");
	cr_assert_not_null(q);
	cr_assert_eq(q->source.size, UPLOAD_PIECE);
	answer_patch(q, "http://u/1?_state=1");
	q = fake_find(HTTP_PATCH, "http://u/1?_state=1");
	cr_assert_not_null(q);
	cr_assert_eq(q->source.size, 5);
	answer_patch(q, "http://u/1?_state=2");
	q = fake_find(HTTP_PUT, "http://u/1?_state=2&digest=");
	cr_assert_not_null(q);
	cr_assert_eq(q->spec.body_len, 0);
	fake_status(q, 201);
	/* Nobody has seen its bytes, so it is not believed. */
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	cr_assert_eq(fake_count(), 0);
	close(fd);
}

Test(upload, a_cancelled_piece_is_filled_up_and_deleted)
{
	struct http_request *q;
	char buf[4] = "xxxx";
	int fd = begin_stateful(BIG, SHA);

	q = fake_find(HTTP_PATCH, "http://u/1?_state=0");
	cr_assert_eq(write(fd, "ab", 2), 2);
	cr_assert_eq(fake_pull(q, buf, 2), 2);
	cr_assert_eq(fake_pull(q, buf, 2), HTTP_AGAIN);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	cr_assert_eq(q->resumed, 1);
	cr_assert_eq(fake_pull(q, buf, 4), 4);
	cr_assert_eq(memcmp(buf, "\0\0\0\0", 4), 0);
	answer_patch(q, "http://u/1?_state=9");
	cr_assert_not_null(fake_find(HTTP_DELETE, "http://u/1?_state=9"));
	fake_status(fake_find(HTTP_DELETE, ""), 204);
	cr_assert_eq(fake_count(), 0);
	close(fd);
}

Test(upload, a_piece_whose_stream_ends_early_is_filled_up)
{
	struct http_request *q;
	char buf[4];
	int fd = begin_stateful(BIG, SHA);

	q = fake_find(HTTP_PATCH, "");
	close(fd);
	cr_assert_eq(fake_pull(q, buf, 4), 4);
	answer_patch(q, "http://u/1?_state=9");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_ABORTED);
	cr_assert_not_null(fake_find(HTTP_DELETE, "http://u/1?_state=9"));
	fake_status(fake_find(HTTP_DELETE, ""), 204);
	cr_assert_eq(fake_count(), 0);
}
