/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs from a registry into a stream pair, and the pairs themselves. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/mem.h"
#include "supervisor/serve/stream_end.h"
#include "tests/unit/broker/brokerfixture.h"

TestSuite(stream, .init = fixture_setup, .fini = fixture_teardown);

/* Up to the GET. */
static int
begin_read(uint64_t size, uint64_t offset)
{
	int fd;

	fd = rig_stream(&rig, 7, 5, 0);
	rig_ask(&rig, MSG_BLOB_READ, 1, "ssuuu", "a", SHA, size, offset,
	    (uint64_t)5);
	fixture_reserve(1);
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

Test(stream, a_url_is_read)
{
	struct http_request *q;
	char buf[16];
	int fd = rig_stream(&rig, 7, 5, 0);

	rig_ask(&rig, MSG_URL_READ, 1, "ssuuu", "https://r.test/x?y", SHA,
	    (uint64_t)2, (uint64_t)1, (uint64_t)5);
	fixture_reserve(1);
	rig_ask(&rig, MSG_GO, 1, "");
	q = fake_find(HTTP_GET, "https://r.test/x?y");
	cr_assert_not_null(q);
	cr_assert(q->spec.foreign, "it would get credentials");
	cr_assert_not_null(q->spec.slot);
	cr_assert_eq(q->spec.range_from, 1);
	cr_assert_eq(fake_push(q, "} ", 2), HTTP_ABORT);
	cr_assert_eq(fake_push(q, "}", 1), HTTP_ABORT, "after a fault");
	fake_fail(q, ERROR_NETWORK, 0, "aborted");
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_DIGEST);
	cr_assert_eq(read(fd, buf, sizeof(buf)), 0);
	close(fd);
}

Test(stream, a_url_and_a_blob_may_not_have_one_number)
{
	rig_ask(&rig, MSG_BLOB_READ, 1, "ssuuu", "a", SHA, (uint64_t)2,
	    (uint64_t)0, (uint64_t)5);
	rig_ask(&rig, MSG_URL_READ, 2, "ssuuu", "https://r.test/", SHA,
	    (uint64_t)2, (uint64_t)0, (uint64_t)5);
	cr_assert_eq(rig_end(&rig, rig.worker, 2), ERROR_INPUT);
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
	/* Once more, for the rest, on a new connection. */
	q = fake_find(HTTP_GET, "blobs/");
	cr_assert_not_null(q);
	cr_assert(q->spec.fresh);
	cr_assert_eq(q->spec.range_from, 1);
	cr_assert_eq(q->spec.statuses[0], 206);
	fake_status(q, 206);
	/* Of ERROR_DIGEST the worker would try again. */
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_HTTP);
	close(fd);
}

Test(stream, too_few_bytes_and_then_the_rest)
{
	int fd = begin_read(2, 0);
	char buf[4];

	cr_assert_eq(fake_push(fake_at(0), "{", 1), 1);
	fake_status(fake_at(0), 200);
	cr_assert_eq(fake_push(fake_at(0), "}", 1), 1);
	fake_status(fake_at(0), 206);
	cr_assert_eq(rig_end(&rig, rig.worker, 1), ERROR_NONE);
	cr_assert_eq(read(fd, buf, sizeof(buf)), 2);
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
	fixture_reserve(1);
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
	fixture_reserve(1);
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
	fixture_reserve(1);
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
	struct session *s;
	struct stream_end *e;

	rig_ask(&rig, MSG_BLOB_READ, 1, "ssuuu", "a", SHA, (uint64_t)2,
	    (uint64_t)0, (uint64_t)5);
	fixture_reserve(1);
	cr_assert_eq(fake_slots, 1);
	s = TAILQ_FIRST(&broker_server(rig.broker)->sessions);
	e = TAILQ_FIRST(&s->requests)->end;
	cr_assert(timer_armed(e->late), "there is no bound");
	timer_arm(e->late, 0);
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

	fixture_open_upload(1, 2, 5, SHA);
	rig_ask(&rig, MSG_BLOB_READ, 2, "ssuuu", "b", SHA, (uint64_t)2,
	    (uint64_t)0, (uint64_t)5);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	rig_send(&rig, rig.control, fds[0], MSG_STREAM_END, 0, "uuu",
	    (uint64_t)7, (uint64_t)5, (uint64_t)0);
	rig_send(&rig, rig.control, fds[1], MSG_STREAM_END, 0, "uuu",
	    (uint64_t)7, (uint64_t)5, (uint64_t)1);
	fixture_reserve(1);
	fake_hold = true;
	fixture_reserve(2);
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
