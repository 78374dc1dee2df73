/* SPDX-License-Identifier: Apache-2.0 */
/* The test's side of the channels, and frames by hand. */
#include "tests/unit/broker/brokerrig.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire/channel.h"
#include "tests/unit/broker/fakehttp.h"

int rig_rounds = 96;

static void
on_over(void *arg, int status)
{
	struct rig *g = arg;

	g->status = status;
}

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
send_frame(int fd, int pass, const struct message_out *o)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { o->frame.data, o->frame.len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (pass != -1) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		cm = CMSG_FIRSTHDR(&msg);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &pass, sizeof(int));
	}
	/* The broker may have closed its end already. */
	(void)!sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (pass != -1)
		close(pass);
}

static void
send_list(int fd, int pass, enum message_type type, uint32_t id,
    const char *fields, va_list ap)
{
	struct message_out o;
	const char *p;

	message_start(&o, type, id);
	for (; *fields != '\0'; fields++) {
		if (*fields == 'u') {
			message_put_u64(&o, va_arg(ap, uint64_t));
		} else if (*fields == 's') {
			message_put_str(&o, va_arg(ap, const char *));
		} else {
			p = va_arg(ap, const char *);
			message_put_bytes(&o, p, va_arg(ap, size_t));
		}
	}
	must(message_finish(&o, NULL) == 0);
	send_frame(fd, pass, &o);
	message_out_free(&o);
}

void
rig_send(struct rig *g, int fd, int pass, enum message_type type, uint32_t id,
    const char *fields, ...)
{
	va_list ap;

	(void)g;
	va_start(ap, fields);
	send_list(fd, pass, type, id, fields, ap);
	va_end(ap);
}

void
rig_ask(struct rig *g, enum message_type type, uint32_t id,
    const char *fields, ...)
{
	va_list ap;

	va_start(ap, fields);
	send_list(g->worker, -1, type, id, fields, ap);
	va_end(ap);
	rig_run(g);
}

void
rig_run(struct rig *g)
{
	for (int i = 0; i < rig_rounds; i++)
		loop_step(g->loop, 0);
}

int
rig_get(struct rig *g, int fd)
{
	static char frame[MESSAGE_MAX];
	struct error err;
	ssize_t n = recv(fd, frame, sizeof(frame), MSG_DONTWAIT);

	if (n == 0)
		return -1;
	if (n < 0)
		return 0;
	must(message_decode(&g->m, frame, (size_t)n, B2W | B2S, &err) == 0);
	return (int)g->m.type;
}

int
rig_next(struct rig *g)
{
	rig_run(g);
	return rig_get(g, g->worker);
}

int
rig_end(struct rig *g, int fd, uint32_t id)
{
	int type;

	rig_run(g);
	while ((type = rig_get(g, fd)) > 0)
		if (type == MSG_END && g->m.id == id)
			return (int)message_u64(&g->m, 0);
	return -1;
}

int
rig_channel(struct rig *g, uint64_t job, unsigned flags)
{
	int fds[2];

	must(channel_pair(fds, NULL) == 0);
	rig_send(g, g->control, fds[1], MSG_CHANNEL, 5, "uusb", job,
	    (uint64_t)flags, "script", "", (size_t)0);
	rig_run(g);
	must(rig_get(g, g->control) == MSG_ATTACHED && g->m.id == 5);
	return fds[0];
}

int
rig_stream(struct rig *g, uint64_t job, uint64_t stream, unsigned role)
{
	int fds[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	rig_send(g, g->control, fds[1], MSG_STREAM_END, 0, "uuu", job, stream,
	    (uint64_t)role);
	rig_run(g);
	return fds[0];
}

void
rig_new(struct rig *g, unsigned channel_flags, uint64_t registry_flags,
    const char *regcert)
{
	int fds[2];

	memset(g, 0, sizeof(*g));
	g->status = -1;
	fake_hold = false;
	fake_slots = fake_canceled = 0;
	g->loop = loop_new();
	must(channel_pair(fds, NULL) == 0);
	g->control = fds[0];
	g->broker = broker_new(g->loop, fds[1], "1.0", on_over, g);
	must(rig_get(g, g->control) == MSG_READY);
	rig_send(g, g->control, -1, MSG_REGISTRY, 0, "ssssuuuu", "r.test",
	    "r.test:5000", "", "test", registry_flags, (uint64_t)3,
	    (uint64_t)0, (uint64_t)64);
	if (regcert != NULL)
		rig_send(g, g->control, -1, MSG_SECRET, 0, "ub", (uint64_t)4,
		    regcert, strlen(regcert));
	rig_send(g, g->control, -1, MSG_START, 0, "");
	g->worker = rig_channel(g, 7, channel_flags);
}

void
rig_free(struct rig *g)
{
	broker_free(g->broker);
	loop_free(g->loop);
	close(g->control);
	close(g->worker);
}
