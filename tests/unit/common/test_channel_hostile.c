/* SPDX-License-Identifier: Apache-2.0 */
/* What a peer may send that breaks the rules. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/common/channelrig.h"

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

TestSuite(channel_hostile, .init = channelrig_setup,
    .fini = channelrig_teardown, .timeout = 60);

/* One packet with so many descriptors: it is told to nobody, it ends the
 * channel, and no descriptor stays. */
static void
expect_refused(const void *p, size_t len, int descriptors, bool takes)
{
	int before;

	channelrig_b(S2W, takes);
	before = channelrig_descriptors();
	raw_send(rig.fds[0], p, len, descriptors);
	channelrig_settle();
	cr_expect(rig.b.messages == 0 && rig.b.closed == 1);
	cr_expect(rig.b.why.kind == ERROR_PROTOCOL);
	cr_expect(channelrig_descriptors() == before);
	close(rig.fds[0]);
}

Test(channel_hostile, a_descriptor_where_none_may_come_ends_it)
{
	char frame[64];

	expect_refused(frame, stop_frame(frame), 1, false);
}

Test(channel_hostile, more_than_one_descriptor_ends_it)
{
	char frame[64];

	expect_refused(frame, stop_frame(frame), 2, true);
}

Test(channel_hostile, more_descriptors_than_there_is_room_for_leak_nothing)
{
	char frame[64];

	expect_refused(frame, stop_frame(frame), 8, true);
}

Test(channel_hostile, an_empty_packet_with_a_descriptor_leaks_nothing)
{
	expect_refused("", 0, 1, true);
}

Test(channel_hostile, a_malformed_frame_closes_its_descriptor)
{
	int before;

	channelrig_b(S2W, true);
	before = channelrig_descriptors();
	raw_send(rig.fds[0], "garbage", 7, 1);
	channelrig_settle();
	cr_expect(rig.b.closed == 1 && rig.b.why.kind == ERROR_PROTOCOL);
	cr_expect(channelrig_descriptors() == before);
	close(rig.fds[0]);
}

Test(channel_hostile, a_message_of_the_wrong_path_ends_it)
{
	char frame[64];
	size_t n = stop_frame(frame);

	channelrig_b(W2S, false);
	raw_send(rig.fds[0], frame, n, 0);
	channelrig_settle();
	cr_expect(rig.b.closed == 1 && rig.b.why.kind == ERROR_PROTOCOL);
	cr_expect(!channel_is_open(rig.b.c));
	close(rig.fds[0]);
}

Test(channel_hostile, an_oversized_frame_ends_it)
{
	static char big[MESSAGE_MAX + 1];

	channelrig_b(S2W, false);
	raw_send(rig.fds[0], big, sizeof(big), 0);
	channelrig_settle();
	cr_expect(rig.b.closed == 1 && rig.b.why.kind == ERROR_PROTOCOL);
	close(rig.fds[0]);
}

Test(channel_hostile, the_receiver_may_call_a_message_a_violation)
{
	channelrig_both();
	rig.b.refuse = true;
	channelrig_send_stop(rig.a.c, 1, -1);
	channelrig_send_stop(rig.a.c, 2, -1);
	channelrig_settle();
	cr_expect(rig.b.messages == 1 && rig.b.closed == 1);
	cr_expect_str_eq(rig.b.why.text, "not now");
}
