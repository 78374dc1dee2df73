/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - fork and exec of a child, with nothing inherited but what it
 * needs. */
#ifndef REGBOT_SPAWN_H
#define REGBOT_SPAWN_H

#include <sys/types.h>

#include "common/error.h"

/* Where program is: beside this one (a build directory), else in libexecdir.
 * The caller frees it. */
char *spawn_path(const char *program);

struct spawned {	/* descriptors are close-on-exec and the caller's */
	pid_t pid;
	int pidfd;
	int status_fd;	/* /proc/PID/status, for policy_verify */
	int control;	/* our end of the SOCK_SEQPACKET pair */
	int stderr_fd;	/* read end of its descriptor 2, non-blocking */
};

/* Starts the program at path, as argv[0] name. The child has /dev/null as 0
 * and 1, a pipe as 2, control as 3 and nothing else; default signals, none
 * blocked; TZ as its environment; a session of its own; it is killed when we
 * die. A failing exec shows as exit status 127. */
int spawn_child(const char *path, const char *name, struct spawned *out,
    struct error *err);

#endif
