/* SPDX-License-Identifier: Apache-2.0 */
/* channel.c - messages over a seqpacket socketpair; see channel.h. */
#include "common/wire/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mem.h"

struct frame {
	STAILQ_ENTRY(frame) next;
	struct message_out out;
	int fd;
};

struct channel {
	struct loop *loop;
	struct watch *watch;
	struct timer *failed;	/* reports a failed send from the loop */
	int fd;
	unsigned paths;
	bool may_pass;
	bool open;
	int busy;		/* callbacks under way: free after them */
	bool dead;
	const struct channel_ops *ops;
	void *arg;
	STAILQ_HEAD(, frame) queue;
	size_t queued;		/* bytes in it */
	unsigned queued_fds;
	struct error why;
	struct message in;	/* last: it is large */
};

int
channel_pair(int fds[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		return error_sys(err, errno, "cannot create a socket pair");
	return 0;
}

static void
frame_free(struct frame *f)
{
	if (f->fd != -1)
		close(f->fd);
	message_out_free(&f->out);
	free(f);
}

static void
drop_queue(struct channel *c)
{
	struct frame *f;

	while ((f = STAILQ_FIRST(&c->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&c->queue, next);
		frame_free(f);
	}
	c->queued = 0;
	c->queued_fds = 0;
}

static void
destroy(struct channel *c)
{
	drop_queue(c);
	watch_free(c->watch);
	timer_free(c->failed);
	close(c->fd);
	message_wipe(&c->in);
	free(c);
}

/* Ends the channel and tells its owner. */
static void
over(struct channel *c)
{
	if (!c->open)
		return;
	c->open = false;
	drop_queue(c);
	watch_set(c->watch, 0);
	c->busy++;
	if (!c->dead)
		c->ops->closed(c->arg, &c->why);
	if (--c->busy == 0 && c->dead)
		destroy(c);
}

static void
report_failed(void *arg)
{
	over(arg);
}

/* 1 sent, 0 would block, -1 failed with c->why. */
static int
send_frame(struct channel *c, const struct frame *f)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { f->out.frame.data, f->out.frame.len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (f->fd != -1) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		cm = CMSG_FIRSTHDR(&msg);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &f->fd, sizeof(int));
	}
	if (sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) != -1)
		return 1;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ||
	    errno == EINTR)
		return 0;
	if (errno == EPIPE || errno == ECONNRESET)
		error_clear(&c->why);
	else
		error_sys(&c->why, errno, "cannot send a message");
	return -1;
}

static void
flush(struct channel *c)
{
	struct frame *f;
	int r;

	while ((f = STAILQ_FIRST(&c->queue)) != NULL) {
		r = send_frame(c, f);
		if (r == 0)
			break;
		if (r == -1) {
			/* What the peer sent before it died is still read:
			 * the end of file reports the close. */
			if (c->why.kind != ERROR_NONE)
				timer_arm(c->failed, 0);
			drop_queue(c);
			break;
		}
		STAILQ_REMOVE_HEAD(&c->queue, next);
		c->queued -= f->out.frame.len;
		c->queued_fds -= f->fd != -1;
		frame_free(f);
	}
	watch_set(c->watch, (short)(POLLIN |
	    (STAILQ_EMPTY(&c->queue) ? 0 : POLLOUT)));
}

/* The descriptor that came with a frame, -1 for none; -2 for a violation. */
static int
take_fd(struct channel *c, struct msghdr *msg)
{
	struct cmsghdr *cm;
	int fd = -1, n = 0, one;
	size_t count;

	for (cm = CMSG_FIRSTHDR(msg); cm != NULL; cm = CMSG_NXTHDR(msg, cm)) {
		if (cm->cmsg_level != SOL_SOCKET ||
		    cm->cmsg_type != SCM_RIGHTS)
			continue;
		count = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			memcpy(&one, CMSG_DATA(cm) + i * sizeof(int),
			    sizeof(int));
			if (n++ == 0 && c->may_pass)
				fd = one;
			else
				close(one);
		}
	}
	if (n > 1 || (n == 1 && !c->may_pass) ||
	    (msg->msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0) {
		if (fd != -1)
			close(fd);
		return -2;
	}
	return fd;
}

/* 1 handled one, 0 nothing to read, -1 the channel is over (c->why). */
static int
receive_one(struct channel *c)
{
	static char frame[MESSAGE_MAX];
	char control[CMSG_SPACE(4 * sizeof(int))];
	struct iovec iov = { frame, sizeof(frame) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t n;
	int fd, r;

	n = recvmsg(c->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* The peer left messages of ours unread. The kernel reports that once,
	 * before what the peer sent: go on reading up to the end of file. */
	if (n == -1 && errno == ECONNRESET)
		return 1;
	if (n == -1)
		return error_sys(&c->why, errno, "cannot receive a message");
	fd = take_fd(c, &msg);
	if (n == 0 && fd == -1) {
		error_clear(&c->why);
		return -1;
	}
	if (fd == -2)
		return error_set(&c->why, ERROR_PROTOCOL,
		    "a frame was too long or carried a descriptor");
	r = message_decode(&c->in, frame, (size_t)n, c->paths, &c->why);
	explicit_bzero(frame, (size_t)n);
	if (r == -1) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	c->busy++;
	r = c->ops->message(c->arg, &c->in, fd, &c->why);
	c->busy--;
	return r == -1 ? -1 : 1;
}

static void
on_ready(void *arg, short revents)
{
	struct channel *c = arg;
	int r = 1;

	/* A bounded burst, so that one busy peer cannot starve the others. */
	for (int i = 0; i < 32 && r == 1 && !c->dead && c->open; i++)
		if ((revents & ~POLLOUT) != 0)
			r = receive_one(c);
		else
			break;
	if (c->dead) {
		if (c->busy == 0)
			destroy(c);
		return;
	}
	if (r == -1)
		over(c);
	else if (c->open)
		flush(c);
}

struct channel *
channel_new(struct loop *l, int fd, unsigned paths, bool may_pass,
    const struct channel_ops *ops, void *arg)
{
	struct channel *c = mem_resize(NULL, 1, sizeof(*c));

	/* Not all of the store, most of which is never used. */
	memset(c, 0, offsetof(struct channel, in.store));
	c->loop = l;
	c->fd = fd;
	c->paths = paths;
	c->may_pass = may_pass;
	c->open = true;
	c->ops = ops;
	c->arg = arg;
	STAILQ_INIT(&c->queue);
	c->watch = loop_watch(l, fd, POLLIN, on_ready, c);
	c->failed = loop_timer(l, report_failed, c);
	return c;
}

void
channel_free(struct channel *c)
{
	if (c == NULL)
		return;
	c->dead = true;
	if (!c->busy)
		destroy(c);
}

int
channel_send(struct channel *c, struct message_out *o, int fd,
    struct error *err)
{
	struct frame *f;

	/* After a failure messages are swallowed as well: the peer must not
	 * see what follows a gap. */
	if (message_finish(o, err) == -1 || !c->open || c->dead ||
	    timer_armed(c->failed)) {
		int r = o->err.kind != ERROR_NONE ? -1 : 0;

		message_out_free(o);
		if (fd != -1)
			close(fd);
		return r;
	}
	f = mem_alloc(sizeof(*f));
	f->out = *o;
	f->fd = fd;
	memset(o, 0, sizeof(*o));
	STAILQ_INSERT_TAIL(&c->queue, f, next);
	c->queued += f->out.frame.len;
	c->queued_fds += fd != -1;
	if (c->queued > CHANNEL_QUEUE || c->queued_fds > CHANNEL_FDS) {
		error_set(&c->why, ERROR_LIMIT, "the other process stopped "
		    "reading: more than %u bytes or %u descriptors wait for "
		    "it", CHANNEL_QUEUE, CHANNEL_FDS);
		timer_arm(c->failed, 0);
		drop_queue(c);
		return 0;
	}
	if (STAILQ_FIRST(&c->queue) == f)
		flush(c);
	return 0;
}

size_t
channel_queued(const struct channel *c)
{
	return c->queued;
}

bool
channel_is_full(const struct channel *c)
{
	return c->queued_fds + 2 > CHANNEL_FDS;
}

bool
channel_is_open(const struct channel *c)
{
	return c->open;
}

void
channel_drain(struct channel *c, size_t max)
{
	struct pollfd p = { c->fd, POLLOUT, 0 };

	while (c->open && !c->dead && c->queued > max) {
		if (poll(&p, 1, -1) == -1 && errno != EINTR)
			return;
		flush(c);
	}
}

bool
channel_hung_up(const struct channel *c)
{
	struct pollfd p = { .fd = c->fd, .events = 0 };

	return !c->open ||
	    (poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0);
}
