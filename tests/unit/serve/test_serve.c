/* SPDX-License-Identifier: Apache-2.0 */
/* A server over a backend without a network. It is linked without libcurl and
 * libbroker.a: whatever serve/ needed of them would be missing here. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/wire/channel.h"
#include "supervisor/serve/request.h"
#include "supervisor/serve/server.h"
#include "supervisor/serve/stream_end.h"

/* The digest of {}. */
#define SHA "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060" \
	"f61caaff8a"
#define OCI "application/vnd.oci.image.manifest.v1+json"

struct memory {			/* the store */
	char *manifest;		/* the last that was put, or NULL */
	unsigned works;		/* requests that hold something */
	size_t held;
};

struct work {
	bool runs;
};

static struct memory memory;
static struct loop *loop;
static struct server *server;
static struct message m;
static unsigned settled;
static uint64_t progress;
static struct request *committed;
static bool ends_at_once = true;

static void
manifest_put(struct request *r)
{
	free(memory.manifest);
	memory.manifest = mem_strndup(r->body.data, r->body.len);
	request_done(r);
}

static void
manifest_get(struct request *r)
{
	struct buffer body;

	if (memory.manifest == NULL) {
		request_fail(r, ERROR_NOT_FOUND, "not found");
		return;
	}
	buffer_init(&body, 0);
	buffer_puts(&body, memory.manifest);
	request_meta(r, OCI, SHA, (int64_t)body.len, "", NULL);
	request_send_body(r, &body);
}

/* Never answers. */
static void
blob_head(struct request *r)
{
	((struct work *)r->work)->runs = true;
	memory.works++;
}

static void
stop(struct request *r)
{
	memory.works -= ((struct work *)r->work)->runs;
}

static void
blob_write(struct request *r)
{
	r->state = REQUEST_OPEN;
	request_signal(r, MSG_UPLOAD);
}

static void
blob_write_go(struct stream_end *e)
{
	if (!ends_at_once)
		return;
	cr_assert_null(stream_end_slot(e));
	session_progress(e->r->session, 2);
	request_end(e->r, &(struct error){ .kind = ERROR_NONE }, 2);
}

/* It has begun to write: only its answer ends it. */
static void
tag_delete(struct request *r)
{
	r->state = REQUEST_COMMITTED;
	committed = r;
}

static void
hold(void *store, size_t n)
{
	((struct memory *)store)->held = n;
}

static const struct backend backend = {
	.ops = {
		[OP_MANIFEST_PUT] = { .run = manifest_put },
		[OP_MANIFEST_GET] = { .run = manifest_get },
		[OP_TAG_DELETE] = { .run = tag_delete },
		[OP_BLOB_HEAD] = { .run = blob_head, .stop = stop },
		[OP_BLOB_WRITE] = { .run = blob_write, .go = blob_write_go },
	},
	.work_size = sizeof(struct work),
	.hold = hold,
};

static void
on_log(void *arg, int level, uint64_t job, const char *message,
    const struct error *why)
{
	(void)arg;
	(void)level;
	(void)job;
	(void)message;
	(void)why;
}

static void
on_progress(void *arg, uint64_t job, uint64_t bytes)
{
	(void)arg;
	cr_assert_eq(job, 7);
	progress += bytes;
}

static void
on_settled(void *arg)
{
	(void)arg;
	settled++;
}

static const struct server_ops ops = { on_log, on_progress, on_settled };

static void
run(void)
{
	for (int i = 0; i < 32; i++)
		loop_step(loop, 0);
}

static int
channel_of(uint64_t job, bool dry_run)
{
	struct grants g = { .everything = true, .dry_run = dry_run };
	int fds[2];

	cr_assert_eq(channel_pair(fds, NULL), 0);
	server_channel(server, fds[1], job, &g);
	return fds[0];
}

/* The worker's end of a channel. */
static int
channel(bool dry_run)
{
	return channel_of(7, dry_run);
}

static void
send_out(int fd, struct message_out *o)
{
	cr_assert_eq(message_finish(o, NULL), 0);
	cr_assert_gt(send(fd, o->frame.data, o->frame.len, 0), 0);
	message_out_free(o);
	run();
}

static void
signal_id(int fd, enum message_type type, uint32_t id)
{
	struct message_out o;

	message_start(&o, type, id);
	send_out(fd, &o);
}

static void
ask(int fd, enum message_type type, uint32_t id, const char *name)
{
	struct message_out o;

	message_start(&o, type, id);
	message_put_str(&o, "a/b");
	message_put_str(&o, name);
	send_out(fd, &o);
}

/* The next message's type, or 0. */
static int
next(int fd)
{
	static char frame[MESSAGE_MAX];
	ssize_t n = recv(fd, frame, sizeof(frame), MSG_DONTWAIT);

	if (n <= 0)
		return 0;
	cr_assert_eq(message_decode(&m, frame, (size_t)n, B2W, NULL), 0);
	return (int)m.type;
}

static void
expect_end(int fd, enum error_kind kind)
{
	cr_assert_eq(next(fd), MSG_END);
	cr_assert_eq(message_u64(&m, 0), kind, "%s", message_str(&m, 3));
}

static void
setup(void)
{
	loop = loop_new();
	server = server_new(loop, &backend, &memory, "files", 2, &ops, NULL);
}

static void
teardown(void)
{
	server_free(server);
	loop_free(loop);
	free(memory.manifest);
	cr_assert_eq(memory.works, 0);
	cr_assert_eq(memory.held, 0);
}

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

Test(serve, bodies_of_a_channel_are_bounded)
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

Test(serve, what_has_begun_to_write_is_not_refused)
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

/* A stream has its number from its job. */
Test(serve, jobs_cannot_take_each_others_streams)
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

Test(serve, a_manifest_has_a_size)
{
	int fd = channel(false);

	want_put(fd, 1, 0);
	expect_end(fd, ERROR_LIMIT);
	want_put(fd, 2, MANIFEST_PUT_MAX + 1);
	expect_end(fd, ERROR_LIMIT);
	cr_expect_eq(memory.held, 0);
	close(fd);
}

Test(serve, a_stream_has_one_end_here)
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
