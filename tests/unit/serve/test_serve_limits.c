/* SPDX-License-Identifier: Apache-2.0 */
/* test_serve_limits.c - what a channel may hold, and what is not taken away. */
#include "tests/unit/serve/serverig.h"

TestSuite(serve_limits, .init = setup, .fini = teardown);

static void
want_put(int fd, uint32_t id, uint64_t size)
{
	struct message_out o;

	message_start(&o, MSG_MANIFEST_PUT, id);
	message_put_str(&o, "a/b");
	message_put_str(&o, "latest");
	message_put_str(&o, OCI);
	message_put_str(&o, SHA);
	message_put_u64(&o, size);
	send_out(fd, &o);
}

static void
want_write(int fd, uint64_t stream)
{
	struct message_out o;

	message_start(&o, MSG_BLOB_WRITE, 1);
	message_put_str(&o, "a/b");
	message_put_str(&o, SHA);
	message_put_u64(&o, 2);
	message_put_u64(&o, stream);
	message_put_str(&o, "");
	send_out(fd, &o);
	cr_assert_eq(next(fd), MSG_UPLOAD);
	signal_id(fd, MSG_RESERVE, 1);
	cr_assert_eq(next(fd), MSG_HELD);
	signal_id(fd, MSG_GO, 1);
}

Test(serve_limits, bodies_of_a_channel_are_bounded)
{
	int fd = channel(false), other = channel(false);
	uint32_t n = BODIES_MAX / MANIFEST_PUT_MAX;

	for (uint32_t id = 1; id <= n + 1; id++)
		want_put(fd, id, MANIFEST_PUT_MAX);
	cr_expect_eq(memory.held, BODIES_MAX);
	/* That is its own affair. */
	want_put(other, 1, 2);
	cr_expect_eq(memory.held, BODIES_MAX + 2);
	signal_id(fd, MSG_CANCEL, 1);
	cr_expect_eq(memory.held, BODIES_MAX + 2);
	signal_id(fd, MSG_CANCEL, 2);
	cr_expect_eq(memory.held, BODIES_MAX + 2 - MANIFEST_PUT_MAX);
	close(fd);
	close(other);
	run();
}

Test(serve_limits, what_has_begun_to_write_is_not_refused)
{
	struct error why;
	int fd = channel(false);

	ask(fd, MSG_TAG_DELETE, 1, "latest");
	cr_expect(server_committed(server));
	signal_id(fd, MSG_CANCEL, 1);
	error_set(&why, ERROR_CANCELED, "request failed: closing");
	server_refuse(server, &why);
	run();
	cr_expect_eq(next(fd), 0);
	cr_expect(server_committed(server));
	close(fd);		/* nor does it end with its worker */
	run();
	cr_expect(server_committed(server));
	request_done(committed);
	run();
	cr_expect_not(server_committed(server));
}

/* A stream has its number from its job. */
Test(serve_limits, jobs_cannot_take_each_others_streams)
{
	int fd = channel(false), other = channel_of(8, false), fds[2];

	want_write(other, 5);
	want_write(fd, 5);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	server_stream_end(server, fds[1], 7, 5, ROLE_WRITE);
	run();
	cr_expect_eq(next(other), 0);
	expect_end(fd, ERROR_NONE);
	close(fds[0]);
	close(fd);
	close(other);
	run();
}

Test(serve_limits, a_manifest_has_a_size)
{
	int fd = channel(false);

	want_put(fd, 1, 0);
	expect_end(fd, ERROR_LIMIT);
	want_put(fd, 2, MANIFEST_PUT_MAX + 1);
	expect_end(fd, ERROR_LIMIT);
	cr_expect_eq(memory.held, 0);
	close(fd);
}

Test(serve_limits, a_stream_has_one_end_here)
{
	int fd = channel(false), a[2], b[2];
	char c;

	want_write(fd, 5);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	ends_at_once = false;
	server_stream_end(server, a[1], 7, 5, ROLE_WRITE);
	server_stream_end(server, b[1], 7, 5, ROLE_WRITE);
	run();
	cr_expect_eq(recv(b[0], &c, 1, MSG_DONTWAIT), 0, "it is closed");
	cr_expect_eq(recv(a[0], &c, 1, MSG_DONTWAIT), -1);
	close(a[0]);
	close(b[0]);
	close(fd);
	run();
}

static void
widen(int fd, uint32_t id, uint64_t n)
{
	struct message_out o;

	message_start(&o, MSG_WIDTH, id);
	message_put_u64(&o, n);
	send_out(fd, &o);
}

Test(serve_limits, the_widest_channel_counts)
{
	int fd = channel(false), other = channel_of(8, false);

	widen(fd, 0, 5);
	cr_expect_eq(memory.width, 5);
	widen(other, 0, UINT64_MAX);
	cr_expect_eq(memory.width, PLACES_MAX);
	widen(fd, 0, 7);
	cr_expect_eq(memory.width, PLACES_MAX);
	cr_expect_eq(server->concurrent, PLACES_MAX);
	close(other);
	run();
	cr_expect_eq(memory.width, 7);
	close(fd);
	run();
	cr_expect_eq(memory.width, 1);
}

Test(serve_limits, a_width_is_a_number_without_an_id)
{
	int fd = channel(false), other = channel_of(8, false);
	char c;

	widen(fd, 0, 0);
	cr_expect_eq(recv(fd, &c, 1, MSG_DONTWAIT), 0, "it is open");
	widen(other, 1, 5);
	cr_expect_eq(recv(other, &c, 1, MSG_DONTWAIT), 0, "it is open");
	cr_expect_eq(memory.width, 0);
	close(fd);
	close(other);
	run();
}
