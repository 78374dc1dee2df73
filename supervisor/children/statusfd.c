/* SPDX-License-Identifier: Apache-2.0 */
/* statusfd.c - one descriptor, as the first message on a channel. */
#include "supervisor/children/statusfd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union room {			/* for one descriptor, aligned */
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* Says the error number, 0 with the descriptor. */
int
statusfd_send(int end)
{
	union room room = { .bytes = { 0 } };
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	int e = fd == -1 ? errno : 0;
	struct iovec iov = { &e, sizeof(e) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *head;

	if (fd != -1) {
		msg.msg_control = &room;
		msg.msg_controllen = sizeof(room);
		head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	}
	if (sendmsg(end, &msg, MSG_NOSIGNAL) == -1 || fd == -1)
		return -1;
	return 0;
}

int
statusfd_receive(int end, struct error *err)
{
	union room room = { .bytes = { 0 } };
	int fd = -1, e = EPIPE;		/* the child ended before */
	struct iovec iov = { &e, sizeof(e) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = &room, .msg_controllen = sizeof(room) };
	struct cmsghdr *head;
	ssize_t n;

	n = recvmsg(end, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n == -1 && errno != EAGAIN)
		e = errno;
	head = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (head != NULL && head->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	if (fd == -1)
		error_sys(err, e != 0 ? e : EMFILE, "cannot open "
		    "/proc/self/status, which is needed to check the "
		    "confinement");
	return fd;
}
