/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - fork and exec of a child, nothing inherited but what it needs. */
#ifndef REGBOT_SPAWN_H
#define REGBOT_SPAWN_H

#include <sys/types.h>

#include "common/error.h"

struct spawned {	/* descriptors are close-on-exec and the caller's */
	pid_t pid;
	int pidfd;
	int proc_fd;	/* /proc/PID */
	int control;	/* our end of the SOCK_SEQPACKET pair */
	int stderr_fd;	/* read end of its descriptor 2, non-blocking */
};

/* In the child: 0 and 1 are /dev/null, 2 a pipe, 3 control, nothing else;
 * signals default and unblocked; environment TZ only; a session of its own;
 * killed when we die. A failing exec shows as exit status 127. */
int spawn_child(const char *path, const char *name, struct spawned *out,
    struct error *err);

#endif
