/* SPDX-License-Identifier: Apache-2.0 */
/* test_serve.c - a server over a backend without a network. */
#include "tests/unit/serve/serverig.h"

TestSuite(serve, .init = setup, .fini = teardown);

Test(serve, a_manifest_goes_in_and_out)
{
	struct message_out o;
	int fd = channel(false);

	ask(fd, MSG_MANIFEST_GET, 1, "latest");
	expect_end(fd, ERROR_NOT_FOUND);
	message_start(&o, MSG_MANIFEST_PUT, 2);
	message_put_str(&o, "a/b");
	message_put_str(&o, "latest");
	message_put_str(&o, OCI);
	message_put_str(&o, SHA);
	message_put_u64(&o, 2);
	send_out(fd, &o);
	cr_assert_eq(next(fd), MSG_CREDIT);
	cr_assert_eq(memory.held, 2);
	message_start(&o, MSG_DATA, 2);
	message_put_bytes(&o, "{}", 2);
	send_out(fd, &o);
	expect_end(fd, ERROR_NONE);
	cr_assert_str_eq(memory.manifest, "{}");
	ask(fd, MSG_MANIFEST_GET, 3, "latest");
	cr_assert_eq(next(fd), MSG_META);
	message_start(&o, MSG_CREDIT, 3);
	message_put_u64(&o, 100);
	send_out(fd, &o);
	cr_assert_eq(next(fd), MSG_DATA);
	expect_end(fd, ERROR_NONE);
	cr_assert_geq(settled, 3);
	close(fd);
}

Test(serve, what_a_backend_lacks_ends_its_request_only)
{
	int fd = channel(false);

	ask(fd, MSG_MANIFEST_HEAD, 1, "latest");
	expect_end(fd, ERROR_INPUT);
	ask(fd, MSG_MANIFEST_GET, 1, "latest");
	expect_end(fd, ERROR_NOT_FOUND);
	close(fd);
}

Test(serve, a_dry_run_never_gets_to_the_backend)
{
	int fd = channel(true);

	ask(fd, MSG_TAG_DELETE, 1, "latest");
	expect_end(fd, ERROR_DENIED);
	close(fd);
}

Test(serve, stop_is_called_once_whatever_ends_a_request)
{
	struct error why;
	int fd = channel(false), other = channel(false);

	ask(fd, MSG_BLOB_HEAD, 1, SHA);
	ask(fd, MSG_BLOB_HEAD, 2, SHA);
	ask(other, MSG_BLOB_HEAD, 1, SHA);
	cr_assert_eq(memory.works, 3);
	signal_id(fd, MSG_CANCEL, 1);
	expect_end(fd, ERROR_CANCELED);
	cr_assert_eq(memory.works, 2);
	close(other);
	run();
	cr_assert_eq(memory.works, 1);
	error_set(&why, ERROR_CANCELED, "request failed: closing");
	server_refuse(server, &why);
	expect_end(fd, ERROR_CANCELED);
	ask(fd, MSG_BLOB_HEAD, 3, SHA);
	expect_end(fd, ERROR_CANCELED);
	close(fd);
}

/* Where there is no limit a stream is HELD at once. */
Test(serve, a_stream_without_slots)
{
	struct message_out o;
	int fd = channel(false), fds[2];

	message_start(&o, MSG_BLOB_WRITE, 1);
	message_put_str(&o, "a/b");
	message_put_str(&o, SHA);
	message_put_u64(&o, 2);
	message_put_u64(&o, 5);
	message_put_str(&o, "");
	send_out(fd, &o);
	cr_assert_eq(next(fd), MSG_UPLOAD);
	signal_id(fd, MSG_RESERVE, 1);
	cr_assert_eq(next(fd), MSG_HELD);
	signal_id(fd, MSG_GO, 1);
	cr_assert_eq(next(fd), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	server_stream_end(server, fds[1], 7, 5, ROLE_WRITE);
	run();
	expect_end(fd, ERROR_NONE);
	cr_assert_eq(message_u64(&m, 2), 2);
	cr_assert_eq(progress, 2);
	close(fds[0]);
	close(fd);
}
