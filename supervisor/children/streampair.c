/* SPDX-License-Identifier: Apache-2.0 */
/* streampair.c - a socket pair, one end to each of two brokers. */
#include "supervisor/children/streampair.h"

#include <errno.h>
#include <sys/socket.h>

#define BUFFER (1024 * 1024)

static void
send_end(struct brokerchild *b, uint64_t job, uint64_t number,
    enum stream_role role, int fd)
{
	struct message_out o;

	message_start(&o, MSG_STREAM_END, 0);
	message_put_u64(&o, job);
	message_put_u64(&o, number);
	message_put_u64(&o, role);
	brokerchild_send(b, &o, fd);
}

int
streampair_make(const struct brokers *b, uint64_t job, const char *source,
    const char *target, uint64_t number, struct error *err)
{
	struct brokerchild *from = brokers_used(b, job, source);
	struct brokerchild *to = brokers_used(b, job, target);
	int pair[2], size = BUFFER;

	if (from == NULL || to == NULL)
		return error_set(err, ERROR_PEER, "cannot move a blob from "
		    "%s to %s: the process of one of them is gone", source,
		    target);
	/* No job may end a broker that others use. */
	if (brokerchild_is_full(from) || brokerchild_is_full(to))
		return error_set(err, ERROR_LIMIT, "cannot move a blob from "
		    "%s to %s: too many streams were requested at once",
		    source, target);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    pair) == -1)
		return error_sys(err, errno, "cannot create a stream pair");
	/* The larger the buffer, the fewer switches between the two; what the
	 * kernel grants is fine. */
	if (setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &size,
	    sizeof(size)) == -1)
		setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
	send_end(from, job, number, ROLE_READ, pair[0]);
	send_end(to, job, number, ROLE_WRITE, pair[1]);
	return 0;
}
