/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and descriptors between two ends of a channel. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/common/channelrig.h"

static int
send_ready(struct channel *c)
{
	struct message_out o;

	message_start(&o, MSG_READY, 0);
	message_put_str(&o, "build");
	message_put_str(&o, "");
	message_put_str(&o, "");
	return channel_send(c, &o, -1, NULL);
}

TestSuite(channel, .init = channelrig_setup, .fini = channelrig_teardown,
    .timeout = 60);

Test(channel, messages_arrive_in_order_both_ways)
{
	channelrig_both();
	for (uint64_t i = 1; i <= 500; i++)
		channelrig_send_stop(rig.a.c, i, -1);
	send_ready(rig.b.c);
	channelrig_settle();
	cr_expect(rig.b.messages == 500 && rig.b.last == 500);
	cr_expect(rig.a.messages == 1);
	cr_expect(rig.a.closed == 0 && rig.b.closed == 0);
	cr_expect(channel_is_open(rig.a.c) && channel_queued(rig.a.c) == 0);
}

Test(channel, large_messages_queue_and_flow)
{
	static char chunk[CHUNK_MAX];
	struct message_out o;

	channelrig_both();
	for (int i = 0; i < 60; i++) {
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, chunk, sizeof(chunk));
		cr_assert(channel_send(rig.a.c, &o, -1, NULL) == 0);
	}
	cr_expect(channel_queued(rig.a.c) > 0);
	channelrig_settle();
	cr_expect(rig.b.messages == 60);
	cr_expect(channel_queued(rig.a.c) == 0);
}

Test(channel, a_descriptor_is_passed_and_closed_here)
{
	int p[2], before;
	char c;

	channelrig_both();
	cr_assert(pipe2(p, O_CLOEXEC) == 0);
	before = channelrig_descriptors();
	channelrig_send_stop(rig.a.c, 1, p[1]);
	channelrig_settle();
	cr_expect(rig.b.descriptors == 1 && rig.b.messages == 1);
	/* Both copies of the write end are gone. */
	cr_expect(read(p[0], &c, 1) == 0);
	cr_expect(channelrig_descriptors() == before - 1);
}

Test(channel, closing_is_told_once_and_is_no_error)
{
	channelrig_both();
	channel_free(rig.a.c);
	rig.a.c = NULL;
	channelrig_settle();
	cr_expect(rig.b.closed == 1 && rig.b.why.kind == ERROR_NONE);
	cr_expect(rig.a.closed == 0, "an end that is freed hears nothing");
	/* Messages to nobody are swallowed. */
	cr_expect(send_ready(rig.b.c) == 0);
	channelrig_settle();
	cr_expect(rig.b.closed == 1);
}

Test(channel, what_was_sent_before_the_close_arrives)
{
	channelrig_both();
	channelrig_send_stop(rig.a.c, 1, -1);
	channelrig_send_stop(rig.a.c, 2, -1);
	channel_free(rig.a.c);
	rig.a.c = NULL;
	channelrig_settle();
	cr_expect(rig.b.messages == 2 && rig.b.closed == 1);
	cr_expect(rig.b.why.kind == ERROR_NONE);
}

/* The kernel then reports a reset first, and the data after it. */
Test(channel, what_was_sent_arrives_though_the_sender_left_mail_unread)
{
	channelrig_both();
	channelrig_send_stop(rig.a.c, 1, -1);		/* which b will never read */
	send_ready(rig.b.c);
	channel_free(rig.b.c);
	rig.b.c = NULL;
	channelrig_settle();
	cr_expect(rig.a.messages == 1, "the last message of b is not lost");
	cr_expect(rig.a.closed == 1 && rig.a.why.kind == ERROR_NONE);
}

/* The same when our own sending is what finds out. */
Test(channel, sending_to_one_that_left_does_not_lose_its_last_words)
{
	channelrig_both();
	send_ready(rig.b.c);
	channel_free(rig.b.c);
	rig.b.c = NULL;
	for (uint64_t i = 0; i < 10; i++)
		cr_expect(channelrig_send_stop(rig.a.c, i, -1) == 0);
	channelrig_settle();
	cr_expect(rig.a.messages == 1 && rig.a.closed == 1);
	cr_expect(rig.a.why.kind == ERROR_NONE);
}

Test(channel, a_peer_that_stops_reading_is_given_up)
{
	static char chunk[CHUNK_MAX];
	struct message_out o;

	channelrig_a();
	for (unsigned n = 0; n < 2 * CHANNEL_QUEUE; n += sizeof(chunk)) {
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, chunk, sizeof(chunk));
		cr_assert(channel_send(rig.a.c, &o, -1, NULL) == 0);
		cr_assert(channel_queued(rig.a.c) <= CHANNEL_QUEUE);
	}
	cr_expect(rig.a.closed == 0, "no callback comes from within send");
	channelrig_settle();
	cr_expect(rig.a.closed == 1 && rig.a.why.kind == ERROR_LIMIT);
	close(rig.fds[1]);
}

/* A peer must not see a stream of messages with a hole in it. */
Test(channel, nothing_is_sent_after_a_queue_was_dropped)
{
	static char chunk[CHUNK_MAX], in[MESSAGE_MAX];
	struct message_out o;
	size_t before;
	ssize_t n;

	channelrig_a();
	do {
		before = channel_queued(rig.a.c);
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, chunk, sizeof(chunk));
		cr_assert(channel_send(rig.a.c, &o, -1, NULL) == 0);
	} while (channel_queued(rig.a.c) >= before);
	while (recv(rig.fds[1], in, sizeof(in), MSG_DONTWAIT) > 0)
		;
	channelrig_send_stop(rig.a.c, 1, -1);
	n = recv(rig.fds[1], in, sizeof(in), MSG_DONTWAIT);
	cr_expect(n == -1 && errno == EAGAIN);
	channelrig_settle();
	cr_expect(rig.a.closed == 1 && rig.a.why.kind == ERROR_LIMIT);
	close(rig.fds[1]);
}

Test(channel, freeing_with_a_full_queue_closes_its_descriptors)
{
	static char chunk[CHUNK_MAX];
	struct message_out o;
	int p[2];
	char c;

	cr_assert(pipe2(p, O_CLOEXEC) == 0);
	channelrig_a();
	for (int i = 0; i < 40; i++) {
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, chunk, sizeof(chunk));
		channel_send(rig.a.c, &o, -1, NULL);
	}
	cr_assert(channel_queued(rig.a.c) > 0);
	channelrig_send_stop(rig.a.c, 1, p[1]);
	channel_free(rig.a.c);
	rig.a.c = NULL;
	close(rig.fds[1]);
	cr_expect(read(p[0], &c, 1) == 0);
}

Test(channel, it_may_be_freed_in_its_callbacks)
{
	channelrig_both();
	rig.b.free_in_message = true;
	rig.a.free_in_closed = true;
	channelrig_send_stop(rig.a.c, 1, -1);
	channelrig_send_stop(rig.a.c, 2, -1);
	channelrig_settle();
	cr_expect(rig.b.messages == 1 && rig.b.c == NULL);
	cr_expect(rig.a.closed == 1 && rig.a.c == NULL);
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
		loop_step(rig.loop, 1);
	channel_free(e->c);
	e->c = NULL;
	return 0;
}

Test(channel, a_callback_may_run_the_loop)
{
	static const struct channel_ops nested = { nested_message,
	    channelrig_closed };

	channelrig_a();
	rig.b.c = channel_new(rig.loop, rig.fds[1], S2W, true, &nested, &rig.b);
	channelrig_send_stop(rig.a.c, 1, -1);
	channelrig_send_stop(rig.a.c, 2, -1);
	channelrig_send_stop(rig.a.c, 3, -1);
	channelrig_settle();
	cr_expect(rig.b.messages == 3 && rig.b.c == NULL);
	cr_expect(rig.a.closed == 1);
}

Test(channel, a_message_that_cannot_be_encoded_is_an_error)
{
	struct message_out o;
	struct error err = { 0 };
	int p[2];
	char c;

	channelrig_both();
	cr_assert(pipe2(p, O_CLOEXEC) == 0);
	message_start(&o, MSG_STOP, 0);	/* its field is missing */
	cr_expect(channel_send(rig.a.c, &o, p[1], &err) == -1);
	cr_expect(err.kind == ERROR_LIMIT);
	cr_expect(read(p[0], &c, 1) == 0, "the descriptor is closed all the "
	    "same");
	channelrig_settle();
	cr_expect(rig.b.messages == 0 && rig.a.closed == 0);
}

Test(channel, drain_waits_for_the_peer)
{
	static char chunk[CHUNK_MAX];
	struct message_out o;
	pid_t pid;

	channelrig_a();
	for (int i = 0; i < 40; i++) {
		message_start(&o, MSG_SCRIPT, 0);
		message_put_bytes(&o, chunk, sizeof(chunk));
		channel_send(rig.a.c, &o, -1, NULL);
	}
	cr_assert(channel_queued(rig.a.c) > 0);
	if ((pid = fork()) == 0) {
		close(rig.fds[0]);
		while (recv(rig.fds[1], chunk, sizeof(chunk), 0) > 0)
			;
		_exit(0);
	}
	close(rig.fds[1]);
	channel_drain(rig.a.c, 0);
	cr_expect(channel_queued(rig.a.c) == 0);
}

/* Whoever does not read must not make us hold descriptors without end. */
Test(channel, unsent_descriptors_are_bounded)
{
	int before;

	channelrig_a();
	before = channelrig_descriptors();
	for (int i = 0; i < 1000; i++)
		channelrig_send_stop(rig.a.c, 1, dup(STDERR_FILENO));
	cr_expect_leq(channelrig_descriptors(), before + CHANNEL_FDS);
	channelrig_settle();
	cr_expect_not(channel_is_open(rig.a.c));
	cr_expect_eq(rig.a.closed, 1);
	cr_expect_eq(rig.a.why.kind, ERROR_LIMIT);
}
