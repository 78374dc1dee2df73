/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - what each of our processes may do. The lists of system calls are
 * data: worker.def and broker.def. A step that this system supports and that
 * fails is fatal for the child; none is skipped silently.
 */
#ifndef REGBOT_POLICY_H
#define REGBOT_POLICY_H

#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

enum policy_role { POLICY_WORKER, POLICY_BROKER };

/* Confines the calling process, for good: own uid, parent-death signal, not
 * dumpable, limits, no capability, no_new_privs, seccomp last. To be called
 * when everything that needs files or rights is loaded and before the first
 * byte from outside is read. memory is the address space in bytes, 0 for no
 * limit. 0, or -1 and *err: then the process must end. */
int policy_confine(enum policy_role role, uint64_t memory,
    struct error *err);

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
