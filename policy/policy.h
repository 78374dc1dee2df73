/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - what each of our processes may do. The lists of system calls are
 * data: worker.def and broker.def. A step that this system supports and that
 * fails is fatal for the child; none is skipped silently.
 */
#ifndef REGBOT_POLICY_H
#define REGBOT_POLICY_H

#include <linux/filter.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/bounds.h"
#include "common/error.h"
#include "common/wire/message.h"

enum policy_role { POLICY_WORKER, POLICY_BROKER };

/* Stands in a plan's filter for the id of the process that loads it; far above
 * any real one. */
#define FILTER_SELF 0x7e1f7e1f

/* What is the same for all children of a role: the supervisor works it out
 * once, and each child gets it as the message CONFINE. Building a filter and
 * looking for a user would take most of a worker's start. */
struct policy_plan {
	enum policy_role role;
	unsigned flags;		/* enum confine_flag, of message.h */
	uid_t uid;		/* with CONFINE_OWN_IDS */
	gid_t gid;
	size_t len;		/* instructions of the filter, which has */
	struct sock_filter filter[FILTER_MAX];	/* FILTER_SELF as own id */
};

/* For the supervisor, after policy_protect_self. 0, or -1 and *err. */
int policy_plan(enum policy_role role, struct policy_plan *out,
    struct error *err);
/* The plan as a message. */
void policy_plan_put(const struct policy_plan *plan, struct message_out *o);
/* For a child: waits for the plan, its first message on fd. 0, or -1 and *err:
 * then the process must end. */
int policy_plan_receive(int fd, enum policy_role role,
    struct policy_plan *out, struct error *err);

/* Confines the calling process, for good: own uid, parent-death signal, not
 * dumpable, limits, no capability, no_new_privs, seccomp last. To be called
 * when everything that needs files or rights is loaded and before the first
 * byte from outside is read. memory is the address space in bytes, 0 for no
 * limit. Changes the plan. 0, or -1 and *err: then the process must end. */
int policy_confine(struct policy_plan *plan, uint64_t memory,
    struct error *err);

/* The user that a role runs as. */
const char *policy_user(enum policy_role role);

/* After policy_confine: what this system does not support, for a warning such
 * as "the sandbox lacks X here"; "" when nothing is missing. */
const char *policy_missing(void);

/* After policy_confine: the user that the process should run as and that does
 * not exist, so that it runs as a number; or "". */
const char *policy_absent_user(void);

/* For the supervisor: not dumpable, no core, no_new_privs. 0, or -1. */
int policy_protect_self(struct error *err);

/* Checks that a child is confined: Seccomp 2, NoNewPrivs 1, no capability.
 * status_fd: its /proc/PID/status, opened before it could hide anything. 0, or
 * -1 and *err. */
int policy_verify(int status_fd, struct error *err);

#endif
