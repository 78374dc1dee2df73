/* Blobs between a registry and a stream pair. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/stream.h"
#include "brokerrig.h"
#include "digest.h"
#include "fakehttp.h"
#include "mem.h"

#define SHA "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060" \
	"f61caaff8a"		/* of {} */
#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495" \
	"991b7852b855"

static struct rig rig;

static void
setup(void)
{
	rig_new(&rig, RIG_EVERYTHING, 16, NULL);
}

static void
teardown(void)
{
	rig_free(&rig);
	cr_expect_eq(fake_slots, 0, "a slot is left");
}

TestSuite(stream, .init = setup, .fini = teardown);

static void
open_upload(uint32_t id, uint64_t size, uint64_t stream, const char *digest)
{
	struct http_reply reply = { .status = 202,
	    .location = "http://u/1?session=x" };

	rig_ask(&rig, MSG_BLOB_WRITE, id, "ssuus", "a", digest, size, stream,
	    "");
	fake_answer(fake_find(HTTP_POST, "blobs/uploads/"), &reply, "", 0);
	cr_assert_eq(rig_next(&rig), MSG_UPLOAD);
	cr_assert_eq(rig.m.id, id);
}

static void
reserve(uint32_t id)
{
	rig_ask(&rig, MSG_RESERVE, id, "");
	cr_assert_eq(rig_next(&rig), MSG_HELD);
	cr_assert_eq(rig.m.id, id);
}

/* Up to the PUT, with our end of the stream. */
static int
begin_write(uint64_t size, const char *digest)
{
	int fd;

	open_upload(1, size, 5, digest);
	fd = rig_stream(&rig, 7, 5, 1);
	reserve(1);
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

Test(stream, a_blob_is_written)
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

Test(stream, the_last_part_of_a_wrong_blob_is_kept_back)
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

Test(stream, more_than_the_size_is_not_read)
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

Test(stream, an_early_close_aborts)
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

Test(stream, an_upload_that_fails_in_the_middle_may_restart)
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

Test(stream, an_upload_that_is_refused_does_not_restart)
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

Test(stream, a_registry_that_does_not_wait_for_the_blob_is_not_believed)
{
	int fd = begin_write(2, SHA);

	fake_status(fake_find(HTTP_PUT, ""), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	close(fd);
}

Test(stream, an_empty_blob_is_written)
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

Test(stream, an_empty_blob_with_another_digest_fails)
{
	int fd;

	open_upload(1, 0, 5, SHA);
	fd = rig_stream(&rig, 7, 5, 1);
	reserve(1);
	rig_ask(&rig, MSG_GO, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	expect_upload_deleted();
	close(fd);
}

Test(stream, a_mounted_blob_does_not_flow)
{
	rig_ask(&rig, MSG_BLOB_WRITE, 1, "ssuus", "a", SHA, (uint64_t)2,
	    (uint64_t)5, "b");
	fake_status(fake_find(HTTP_POST, "from=b"), 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(message_u64(&rig.m, 2), 0);
	cr_assert_eq(fake_count(), 0);
}

Test(stream, a_refused_mount_is_tried_without)
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

Test(stream, an_upload_without_a_place_fails)
{
	rig_ask(&rig, MSG_BLOB_WRITE, 1, "ssuus", "a", SHA, (uint64_t)2,
	    (uint64_t)5, "");
	fake_status(fake_find(HTTP_POST, ""), 202);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	cr_assert_eq(fake_count(), 0);
}

Test(stream, cancel_in_each_step_deletes_the_upload)
{
	int fd;

	open_upload(1, 2, 5, SHA);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	expect_upload_deleted();

	open_upload(1, 2, 5, SHA);
	fake_hold = true;
	rig_ask(&rig, MSG_RESERVE, 1, "");
	cr_assert_eq(rig_next(&rig), 0);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	expect_upload_deleted();
	cr_assert_eq(fake_slots, 0);
	fake_hold = false;

	open_upload(1, 2, 5, SHA);
	reserve(1);
	rig_ask(&rig, MSG_CANCEL, 1, "");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_CANCELED);
	expect_upload_deleted();

	open_upload(1, 2, 5, SHA);
	reserve(1);
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

Test(stream, a_worker_that_is_gone_leaves_no_upload)
{
	int fd = begin_write(2, SHA);

	shutdown(rig.worker, SHUT_RDWR);
	rig_run(&rig);
	expect_upload_deleted();
	close(fd);
}

/* Up to the GET. */
static int
begin_read(uint64_t size, uint64_t offset)
{
	int fd;

	fd = rig_stream(&rig, 7, 5, 0);
	rig_ask(&rig, MSG_BLOB_READ, 1, "ssuuu", "a", SHA, size, offset,
	    (uint64_t)5);
	reserve(1);
	rig_ask(&rig, MSG_GO, 1, "");
	return fd;
}

Test(stream, a_blob_is_read)
{
	struct http_request *q;
	char buf[16];
	int fd = begin_read(2, 0);

	q = fake_find(HTTP_GET, "blobs/" SHA);
	cr_assert_not_null(q);
	cr_assert_not_null(q->spec.slot);
	cr_assert_eq(q->spec.range_from, 0);
	cr_assert_eq(fake_push(q, "{}", 2), 2);
	fake_status(q, 200);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(read(fd, buf, sizeof(buf)), 2);
	cr_assert_eq(read(fd, buf, sizeof(buf)), 0);
	close(fd);
}

Test(stream, a_blob_is_read_from_an_offset)
{
	struct http_request *q;
	int fd = begin_read(2, 1);

	q = fake_find(HTTP_GET, "blobs/");
	cr_assert_eq(q->spec.range_from, 1);
	cr_assert_eq(q->spec.statuses[0], 206);
	cr_assert_eq(fake_push(q, "}", 1), 1);
	fake_status(q, 206);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	close(fd);
}

/* What a full pair does not take is kept, the next part refused. */
Test(stream, a_full_pair_pushes_back)
{
	size_t size = 4 * MIB, sent = 0, got = 0;
	char *blob = mem_alloc(size), *back = mem_alloc(size);
	struct http_request *q;
	ssize_t n;
	int fd;

	for (size_t i = 0; i < size; i++)
		blob[i] = (char)(i * 31 + i / 4096);
	fd = begin_read(size, 0);
	q = fake_find(HTTP_GET, "blobs/");
	while (got < size) {
		while (sent < size) {
			size_t part = size - sent < 100000 ? size - sent :
			    100000;
			int64_t took = fake_push(q, blob + sent, part);

			if (took == HTTP_AGAIN)
				break;
			cr_assert_eq(took, (int64_t)part);
			sent += part;
		}
		if (sent == size && q != NULL) {
			fake_status(q, 200);
			q = NULL;
		}
		n = recv(fd, back + got, size - got, MSG_DONTWAIT);
		cr_assert_gt(n, 0);
		got += (size_t)n;
		rig_run(&rig);
	}
	cr_assert_eq(memcmp(blob, back, size), 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	close(fd);
	free(blob);
	free(back);
}

Test(stream, too_many_bytes_abort)
{
	struct http_request *q;
	int fd = begin_read(2, 0);

	q = fake_find(HTTP_GET, "blobs/");
	cr_assert_eq(fake_push(q, "{} ", 3), HTTP_ABORT);
	fake_fail(q, ERROR_NETWORK, 0, "aborted");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	close(fd);
}

Test(stream, a_cut_that_stays_one_fails)
{
	struct http_request *q;
	char buf[4];
	int fd = begin_read(2, 0);

	q = fake_find(HTTP_GET, "blobs/");
	cr_assert_eq(fake_push(q, "{", 1), 1);
	fake_fail(q, ERROR_NETWORK, 0, "cut");
	cr_assert_eq(fake_count(), 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NETWORK);
	cr_assert_eq(read(fd, buf, sizeof(buf)), 1);
	cr_assert_eq(read(fd, buf, sizeof(buf)), 0);
	close(fd);
}

Test(stream, too_few_bytes_fail)
{
	struct http_request *q;
	int fd = begin_read(2, 0);

	q = fake_find(HTTP_GET, "blobs/");
	cr_assert_eq(fake_push(q, "{", 1), 1);
	fake_status(q, 200);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	close(fd);
}

Test(stream, the_other_end_is_gone)
{
	int fd = begin_read(2, 0);

	close(fd);
	rig_run(&rig);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_ABORTED);
	cr_assert_eq(fake_count(), 0);
}

Test(stream, the_other_end_is_gone_while_writing)
{
	struct http_request *q;
	int fd = begin_read(2, 0);

	q = fake_find(HTTP_GET, "blobs/");
	close(fd);
	cr_assert_eq(fake_push(q, "{}", 2), HTTP_ABORT);
	fake_fail(q, ERROR_NETWORK, 0, "aborted");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_ABORTED);
}

Test(stream, an_end_may_come_after_go)
{
	int fd;

	rig_ask(&rig, MSG_BLOB_READ, 1, "ssuuu", "a", SHA, (uint64_t)2,
	    (uint64_t)0, (uint64_t)5);
	reserve(1);
	rig_ask(&rig, MSG_GO, 1, "");
	cr_assert_eq(fake_count(), 0);
	fd = rig_stream(&rig, 7, 5, 0);
	cr_assert_eq(fake_count(), 1);
	close(fd);
}

Test(stream, ends_of_other_jobs_and_roles_do_not_match)
{
	int fds[3];

	fds[0] = rig_stream(&rig, 8, 5, 0);
	fds[1] = rig_stream(&rig, 7, 5, 1);
	fds[2] = rig_stream(&rig, 7, 6, 0);
	rig_ask(&rig, MSG_BLOB_READ, 1, "ssuuu", "a", SHA, (uint64_t)2,
	    (uint64_t)0, (uint64_t)5);
	reserve(1);
	rig_ask(&rig, MSG_GO, 1, "");
	cr_assert_eq(fake_count(), 0);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

/* Takes as long as the wait is. */
Test(stream, neither_waits_for_ever)
{
	char c;
	int fd;

	fd = rig_stream(&rig, 8, 5, 0);
	rig_ask(&rig, MSG_BLOB_READ, 1, "ssuuu", "a", SHA, (uint64_t)2,
	    (uint64_t)0, (uint64_t)5);
	reserve(1);
	rig_ask(&rig, MSG_GO, 1, "");
	while (rig_get(&rig, rig.worker) == 0)
		loop_step(rig.loop, 1000);
	cr_assert_eq(rig.m.type, MSG_END);
	cr_assert_eq(message_u64(&rig.m, 0), ERROR_ABORTED);
	rig_run(&rig);
	cr_assert_eq(recv(fd, &c, 1, MSG_DONTWAIT), 0, "kept for ever");
	close(fd);
}

/* Its place goes to the one that waits; the clock is not waited for. */
Test(stream, a_place_without_go_is_not_kept_for_ever)
{
	struct stream *st;

	rig_ask(&rig, MSG_BLOB_READ, 1, "ssuuu", "a", SHA, (uint64_t)2,
	    (uint64_t)0, (uint64_t)5);
	reserve(1);
	cr_assert_eq(fake_slots, 1);
	st = rig.broker->sessions->requests->work;
	cr_assert(timer_armed(st->late), "there is no bound");
	timer_arm(st->late, 0);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_RESTART);
	cr_assert_eq(fake_slots, 0);
}

Test(stream, a_job_has_so_many_ends_waiting)
{
	int fds[STREAMS_PER_JOB + 1];
	char c;

	for (unsigned i = 0; i <= STREAMS_PER_JOB; i++)
		fds[i] = rig_stream(&rig, 7, i + 1, 0);
	cr_assert_eq(recv(fds[0], &c, 1, MSG_DONTWAIT), -1);
	cr_assert_eq(recv(fds[STREAMS_PER_JOB], &c, 1, MSG_DONTWAIT), 0);
	for (unsigned i = 0; i <= STREAMS_PER_JOB; i++)
		close(fds[i]);
}

Test(stream, a_number_in_use_fails)
{
	for (uint32_t id = 1; id <= 2; id++)
		rig_ask(&rig, MSG_BLOB_READ, id, "ssuuu", "a", SHA,
		    (uint64_t)2, (uint64_t)0, (uint64_t)5);
	cr_assert_eq(rig_end(&rig, rig.worker, 2), ERROR_INPUT);
}

Test(stream, two_ends_here_count_once)
{
	struct http_request *get, *put;
	int fds[2];
	char buf[4];

	open_upload(1, 2, 5, SHA);
	rig_ask(&rig, MSG_BLOB_READ, 2, "ssuuu", "b", SHA, (uint64_t)2,
	    (uint64_t)0, (uint64_t)5);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	rig_send(&rig, rig.control, fds[0], MSG_STREAM_END, 0, "uuu",
	    (uint64_t)7, (uint64_t)5, (uint64_t)0);
	rig_send(&rig, rig.control, fds[1], MSG_STREAM_END, 0, "uuu",
	    (uint64_t)7, (uint64_t)5, (uint64_t)1);
	reserve(1);
	fake_hold = true;
	reserve(2);
	cr_assert_eq(fake_slots, 1);
	rig_ask(&rig, MSG_GO, 2, "");
	rig_ask(&rig, MSG_GO, 1, "");
	get = fake_find(HTTP_GET, "blobs/");
	put = fake_find(HTTP_PUT, "");
	cr_assert_eq(get->spec.slot, put->spec.slot);
	cr_assert_eq(fake_push(get, "{}", 2), 2);
	fake_status(get, 200);
	cr_assert_eq(rig_end(&rig, rig.worker, 2), ERROR_NONE);
	cr_assert_eq(fake_slots, 1, "the upload lost its slot");
	cr_assert_eq(fake_pull(put, buf, sizeof(buf)), 2);
	fake_status(put, 201);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(fake_slots, 0);
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
	reserve(1);
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

Test(stream, a_small_blob_is_collected_and_sent_whole)
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

Test(stream, a_small_blob_with_another_digest_is_not_sent)
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

Test(stream, a_large_blob_goes_in_pieces)
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

Test(stream, a_cancelled_piece_is_filled_up_and_deleted)
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

Test(stream, a_piece_whose_stream_ends_early_is_filled_up)
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
