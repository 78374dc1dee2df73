/* SPDX-License-Identifier: Apache-2.0 */
/* plan_message.c - a plan on its way from the supervisor to a child. */
#include "policy/policy.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

_Static_assert(sizeof(struct sock_filter) == FILTER_BYTES, "an instruction");

void
policy_plan_put(const struct policy_plan *plan, struct message_out *o)
{
	message_start(o, MSG_CONFINE, 0);
	message_put_u64(o, plan->role);
	message_put_u64(o, plan->flags);
	message_put_u64(o, plan->uid);
	message_put_u64(o, plan->gid);
	message_put_bytes(o, plan->filter,
	    plan->len * sizeof(plan->filter[0]));
}

static int
take(const struct message *m, enum policy_role role, struct policy_plan *out,
    struct error *err)
{
	size_t n = m->f[4].len;

	if (m->type != MSG_CONFINE || message_u64(m, 0) != role || n == 0 ||
	    n % sizeof(out->filter[0]) != 0)
		return error_set(err, ERROR_PROTOCOL, "the supervisor sent no "
		    "plan for this process");
	out->role = role;
	out->flags = (unsigned)message_u64(m, 1);
	out->uid = (uid_t)message_u64(m, 2);
	out->gid = (gid_t)message_u64(m, 3);
	out->len = n / sizeof(out->filter[0]);
	memcpy(out->filter, m->f[4].p, n);
	return 0;
}

int
policy_plan_receive(int fd, enum policy_role role, struct policy_plan *out,
    struct error *err)
{
	static char frame[FILTER_MAX * FILTER_BYTES + 256];
	static struct message m;
	ssize_t n;

	while ((n = recv(fd, frame, sizeof(frame), 0)) == -1 &&
	    errno == EINTR)
		;
	if (n <= 0)
		return error_sys(err, n == 0 ? ECONNRESET : errno, "cannot "
		    "read from the supervisor how to confine this process");
	if (message_decode(&m, frame, (size_t)n,
	    role == POLICY_WORKER ? S2W : S2B, err) == -1)
		return -1;
	return take(&m, role, out, err);
}
