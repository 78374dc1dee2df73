/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/children/streampair.h"

#include <errno.h>
#include <sys/socket.h>

#include "supervisor/children/brokers.h"
#include "supervisor/jobs/job.h"

#define BUFFER (1024 * 1024)

enum role { ROLE_READ = 0, ROLE_WRITE = 1 };

static void
send_end(struct brokerchild *b, const struct job *j, uint64_t number,
    enum role role, int fd)
{
	struct message_out o;

	message_start(&o, MSG_STREAM_END, 0);
	message_put_u64(&o, job_id(j));
	message_put_u64(&o, number);
	message_put_u64(&o, role);
	brokerchild_send(b, &o, fd);
}

int
stream_make(struct supervisor *sv, const struct job *j, const char *source,
    const char *target, uint64_t number, struct error *err)
{
	struct brokerchild *from = brokers_used(sv->brokers, j, source);
	struct brokerchild *to = brokers_used(sv->brokers, j, target);
	int pair[2], size = BUFFER;

	if (from == NULL || to == NULL)
		return error_set(err, ERROR_PEER, "cannot move a blob from %s "
		    "to %s: the process of one of them is not there", source,
		    target);
	/* No job may have a broker ended that others use. */
	if (brokerchild_is_full(from) || brokerchild_is_full(to))
		return error_set(err, ERROR_LIMIT, "cannot move a blob from "
		    "%s to %s: too many streams are asked for at once",
		    source, target);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    pair) == -1)
		return error_sys(err, errno, "cannot create a stream pair");
	/* The larger the buffer the fewer switches between the two; what the
	 * kernel grants at most is fine. */
	if (setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &size,
	    sizeof(size)) == -1)
		setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
	send_end(from, j, number, ROLE_READ, pair[0]);
	send_end(to, j, number, ROLE_WRITE, pair[1]);
	return 0;
}
