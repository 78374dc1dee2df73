#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "clock.h"
#include "loop.h"

/* What one end has seen. */
struct end {
	struct channel *c;
	int messages, descriptors, closed;
	uint64_t last;
	struct error why;
	bool free_in_message, free_in_closed, refuse;
};

static struct loop *loop;
static struct end a, b;
static int fds[2];

static int
on_message(void *arg, const struct message *m, int fd, struct error *err)
{
	struct end *e = arg;

	e->messages++;
	if (m->f[0].kind == FIELD_U64)
		e->last = message_u64(m, 0);
	if (fd != -1) {
		e->descriptors++;
		close(fd);
	}
	if (e->free_in_message) {
		channel_free(e->c);
		e->c = NULL;
	}
	return e->refuse ? error_set(err, ERROR_PROTOCOL, "not now") : 0;
}

static void
on_closed(void *arg, const struct error *why)
{
	struct end *e = arg;

	e->closed++;
	e->why = *why;
	if (e->free_in_closed) {
		channel_free(e->c);
		e->c = NULL;
	}
}

static const struct channel_ops ops = { on_message, on_closed };

static int
open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void
setup(void)
{
	loop = loop_new();
	cr_assert(channel_pair(fds, NULL) == 0);
}

static void
teardown(void)
{
	channel_free(a.c);
	channel_free(b.c);
	loop_free(loop);
}

/* a is the supervisor's end, b the worker's, which takes descriptors. */
static void
both(void)
{
	a.c = channel_new(loop, fds[0], W2S, false, &ops, &a);
	b.c = channel_new(loop, fds[1], S2W, true, &ops, &b);
}

static int
send_stop(struct channel *c, uint64_t n, int fd)
{
	struct message_out o;

	message_start(&o, MSG_STOP, 0);
	message_put_u64(&o, n);
	return channel_send(c, &o, fd, NULL);
}

static int
send_ready(struct channel *c)
{
	struct message_out o;

	message_start(&o, MSG_READY, 0);
	message_put_str(&o, "build");
	message_put_str(&o, "");
	return channel_send(c, &o, -1, NULL);
}

/* Runs the loop until nothing is left to do. */
static void
settle(void)
{
	for (int i = 0; i < 50; i++)
		loop_step(loop, 1);
}

/* A raw packet with n descriptors (all the same one). */
static void
raw_send(int fd, const void *p, size_t len, int n)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = { 0 };
	struct iovec iov = { (void *)p, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;
	int some = STDERR_FILENO;

	if (n != 0) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
		cm = CMSG_FIRSTHDR(&msg);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
		for (int i = 0; i < n; i++)
			memcpy(CMSG_DATA(cm) + (size_t)i * sizeof(int), &some,
			    sizeof(int));
	}
	cr_assert(sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)len);
}

/* A valid STOP frame. */
static size_t
stop_frame(char *out)
{
	struct message_out o;
	size_t n;

	message_start(&o, MSG_STOP, 0);
	message_put_u64(&o, 1);
	cr_assert(message_finish(&o, NULL) == 0);
	n = o.frame.len;
	memcpy(out, o.frame.data, n);
	message_out_free(&o);
	return n;
}

TestSuite(channel, .init = setup, .fini = teardown, .timeout = 60);

Test(channel, messages_arrive_in_order_both_ways)
{
	both();
	for (uint64_t i = 1; i <= 500; i++)
		send_stop(a.c, i, -1);
	send_ready(b.c);
	settle();
	cr_expect(b.messages == 500 && b.last == 500);
	cr_expect(a.messages == 1);
	cr_expect(a.closed == 0 && b.closed == 0);
	cr_expect(channel_is_open(a.c) && channel_queued(a.c) == 0);
}

Test(channel, large_messages_queue_and_flow)
{
	static char chunk[CHUNK_MAX];
	struct message_out o;

	both();
	for (int i = 0; i < 60; i++) {
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, chunk, sizeof(chunk));
		cr_assert(channel_send(a.c, &o, -1, NULL) == 0);
	}
	cr_expect(channel_queued(a.c) > 0);
	settle();
	cr_expect(b.messages == 60);
	cr_expect(channel_queued(a.c) == 0);
}

Test(channel, a_descriptor_is_passed_and_closed_here)
{
	int p[2], before;
	char c;

	both();
	cr_assert(pipe2(p, O_CLOEXEC) == 0);
	before = open_fds();
	send_stop(a.c, 1, p[1]);
	settle();
	cr_expect(b.descriptors == 1 && b.messages == 1);
	/* Both copies of the write end are gone. */
	cr_expect(read(p[0], &c, 1) == 0);
	cr_expect(open_fds() == before - 1);
}

Test(channel, a_descriptor_where_none_may_come_ends_it)
{
	char frame[64];
	size_t n = stop_frame(frame);
	int before;

	b.c = channel_new(loop, fds[1], S2W, false, &ops, &b);
	before = open_fds();
	raw_send(fds[0], frame, n, 1);
	settle();
	cr_expect(b.messages == 0 && b.closed == 1);
	cr_expect(b.why.kind == ERROR_PROTOCOL);
	cr_expect(open_fds() == before);
	close(fds[0]);
}

Test(channel, more_than_one_descriptor_ends_it)
{
	char frame[64];
	size_t n = stop_frame(frame);
	int before;

	b.c = channel_new(loop, fds[1], S2W, true, &ops, &b);
	before = open_fds();
	raw_send(fds[0], frame, n, 2);
	settle();
	cr_expect(b.messages == 0 && b.why.kind == ERROR_PROTOCOL);
	cr_expect(open_fds() == before);
	close(fds[0]);
}

Test(channel, more_descriptors_than_there_is_room_for_leak_nothing)
{
	char frame[64];
	size_t n = stop_frame(frame);
	int before;

	b.c = channel_new(loop, fds[1], S2W, true, &ops, &b);
	before = open_fds();
	raw_send(fds[0], frame, n, 8);
	settle();
	cr_expect(b.messages == 0 && b.why.kind == ERROR_PROTOCOL);
	cr_expect(open_fds() == before);
	close(fds[0]);
}

Test(channel, an_empty_packet_with_a_descriptor_leaks_nothing)
{
	int before;

	b.c = channel_new(loop, fds[1], S2W, true, &ops, &b);
	before = open_fds();
	raw_send(fds[0], "", 0, 1);
	settle();
	cr_expect(b.closed == 1 && b.messages == 0);
	cr_expect(b.why.kind == ERROR_PROTOCOL);
	cr_expect(open_fds() == before);
	close(fds[0]);
}

Test(channel, a_malformed_frame_closes_its_descriptor)
{
	int before;

	b.c = channel_new(loop, fds[1], S2W, true, &ops, &b);
	before = open_fds();
	raw_send(fds[0], "garbage", 7, 1);
	settle();
	cr_expect(b.closed == 1 && b.why.kind == ERROR_PROTOCOL);
	cr_expect(open_fds() == before);
	close(fds[0]);
}

Test(channel, a_message_of_the_wrong_path_ends_it)
{
	char frame[64];
	size_t n = stop_frame(frame);

	b.c = channel_new(loop, fds[1], W2S, false, &ops, &b);
	raw_send(fds[0], frame, n, 0);
	settle();
	cr_expect(b.closed == 1 && b.why.kind == ERROR_PROTOCOL);
	cr_expect(!channel_is_open(b.c));
	close(fds[0]);
}

Test(channel, an_oversized_frame_ends_it)
{
	static char big[MESSAGE_MAX + 1];

	b.c = channel_new(loop, fds[1], S2W, false, &ops, &b);
	raw_send(fds[0], big, sizeof(big), 0);
	settle();
	cr_expect(b.closed == 1 && b.why.kind == ERROR_PROTOCOL);
	close(fds[0]);
}

Test(channel, the_receiver_may_call_a_message_a_violation)
{
	both();
	b.refuse = true;
	send_stop(a.c, 1, -1);
	send_stop(a.c, 2, -1);
	settle();
	cr_expect(b.messages == 1 && b.closed == 1);
	cr_expect_str_eq(b.why.text, "not now");
}

Test(channel, closing_is_told_once_and_is_no_error)
{
	both();
	channel_free(a.c);
	a.c = NULL;
	settle();
	cr_expect(b.closed == 1 && b.why.kind == ERROR_NONE);
	cr_expect(a.closed == 0, "an end that is freed hears nothing");
	/* Messages to nobody are swallowed. */
	cr_expect(send_ready(b.c) == 0);
	settle();
	cr_expect(b.closed == 1);
}

Test(channel, what_was_sent_before_the_close_arrives)
{
	both();
	send_stop(a.c, 1, -1);
	send_stop(a.c, 2, -1);
	channel_free(a.c);
	a.c = NULL;
	settle();
	cr_expect(b.messages == 2 && b.closed == 1);
	cr_expect(b.why.kind == ERROR_NONE);
}

/* The kernel then reports a reset first, and the data after it. */
Test(channel, what_was_sent_arrives_though_the_sender_left_mail_unread)
{
	both();
	send_stop(a.c, 1, -1);		/* which b will never read */
	send_ready(b.c);
	channel_free(b.c);
	b.c = NULL;
	settle();
	cr_expect(a.messages == 1, "the last message of b is not lost");
	cr_expect(a.closed == 1 && a.why.kind == ERROR_NONE);
}

/* The same when our own sending is what finds out. */
Test(channel, sending_to_one_that_left_does_not_lose_its_last_words)
{
	both();
	send_ready(b.c);
	channel_free(b.c);
	b.c = NULL;
	for (uint64_t i = 0; i < 10; i++)
		cr_expect(send_stop(a.c, i, -1) == 0);
	settle();
	cr_expect(a.messages == 1 && a.closed == 1);
	cr_expect(a.why.kind == ERROR_NONE);
}

Test(channel, a_peer_that_stops_reading_is_given_up)
{
	static char chunk[CHUNK_MAX];
	struct message_out o;

	a.c = channel_new(loop, fds[0], W2S, false, &ops, &a);
	for (unsigned n = 0; n < 2 * CHANNEL_QUEUE; n += sizeof(chunk)) {
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, chunk, sizeof(chunk));
		cr_assert(channel_send(a.c, &o, -1, NULL) == 0);
		cr_assert(channel_queued(a.c) <= CHANNEL_QUEUE);
	}
	cr_expect(a.closed == 0, "no callback comes from within send");
	settle();
	cr_expect(a.closed == 1 && a.why.kind == ERROR_LIMIT);
	close(fds[1]);
}

/* A peer must not see a stream of messages with a hole in it. */
Test(channel, nothing_is_sent_after_a_queue_was_dropped)
{
	static char chunk[CHUNK_MAX], in[MESSAGE_MAX];
	struct message_out o;
	size_t before;
	ssize_t n;

	a.c = channel_new(loop, fds[0], W2S, false, &ops, &a);
	do {
		before = channel_queued(a.c);
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, chunk, sizeof(chunk));
		cr_assert(channel_send(a.c, &o, -1, NULL) == 0);
	} while (channel_queued(a.c) >= before);
	while (recv(fds[1], in, sizeof(in), MSG_DONTWAIT) > 0)
		;
	send_stop(a.c, 1, -1);
	n = recv(fds[1], in, sizeof(in), MSG_DONTWAIT);
	cr_expect(n == -1 && errno == EAGAIN);
	settle();
	cr_expect(a.closed == 1 && a.why.kind == ERROR_LIMIT);
	close(fds[1]);
}

Test(channel, freeing_with_a_full_queue_closes_its_descriptors)
{
	static char chunk[CHUNK_MAX];
	struct message_out o;
	int p[2];
	char c;

	cr_assert(pipe2(p, O_CLOEXEC) == 0);
	a.c = channel_new(loop, fds[0], W2S, false, &ops, &a);
	for (int i = 0; i < 40; i++) {
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, chunk, sizeof(chunk));
		channel_send(a.c, &o, -1, NULL);
	}
	cr_assert(channel_queued(a.c) > 0);
	send_stop(a.c, 1, p[1]);
	channel_free(a.c);
	a.c = NULL;
	close(fds[1]);
	cr_expect(read(p[0], &c, 1) == 0);
}

Test(channel, it_may_be_freed_in_its_callbacks)
{
	both();
	b.free_in_message = true;
	a.free_in_closed = true;
	send_stop(a.c, 1, -1);
	send_stop(a.c, 2, -1);
	settle();
	cr_expect(b.messages == 1 && b.c == NULL);
	cr_expect(a.closed == 1 && a.c == NULL);
}

/* A callback that runs the loop itself, and frees the channel after that. */
static int
nested_message(void *arg, const struct message *m, int fd, struct error *err)
{
	struct end *e = arg;
	int depth = e->messages++;

	(void)m;
	(void)fd;
	(void)err;
	if (depth != 0)
		return 0;
	for (int i = 0; i < 5; i++)
		loop_step(loop, 1);
	channel_free(e->c);
	e->c = NULL;
	return 0;
}

Test(channel, a_callback_may_run_the_loop)
{
	static const struct channel_ops nested = { nested_message, on_closed };

	a.c = channel_new(loop, fds[0], W2S, false, &ops, &a);
	b.c = channel_new(loop, fds[1], S2W, true, &nested, &b);
	send_stop(a.c, 1, -1);
	send_stop(a.c, 2, -1);
	send_stop(a.c, 3, -1);
	settle();
	cr_expect(b.messages == 3 && b.c == NULL);
	cr_expect(a.closed == 1);
}

Test(channel, a_message_that_cannot_be_encoded_is_an_error)
{
	struct message_out o;
	struct error err = { 0 };
	int p[2];
	char c;

	both();
	cr_assert(pipe2(p, O_CLOEXEC) == 0);
	message_start(&o, MSG_STOP, 0);	/* its field is missing */
	cr_expect(channel_send(a.c, &o, p[1], &err) == -1);
	cr_expect(err.kind == ERROR_LIMIT);
	cr_expect(read(p[0], &c, 1) == 0, "the descriptor is closed all the "
	    "same");
	settle();
	cr_expect(b.messages == 0 && a.closed == 0);
}

Test(channel, drain_waits_for_the_peer)
{
	static char chunk[CHUNK_MAX];
	struct message_out o;
	pid_t pid;

	a.c = channel_new(loop, fds[0], W2S, false, &ops, &a);
	for (int i = 0; i < 40; i++) {
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, chunk, sizeof(chunk));
		channel_send(a.c, &o, -1, NULL);
	}
	cr_assert(channel_queued(a.c) > 0);
	if ((pid = fork()) == 0) {
		close(fds[0]);
		while (recv(fds[1], chunk, sizeof(chunk), 0) > 0)
			;
		_exit(0);
	}
	close(fds[1]);
	channel_drain(a.c, 0);
	cr_expect(channel_queued(a.c) == 0);
}
