/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c - from fork to exec, and what the parent keeps of it. */
#include "supervisor/children/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/wire/channel.h"
#include "supervisor/children/statusfd.h"

#define CONTROL 3
#define HIGH 16		/* descriptors are first moved out of the way */

char *
spawn_path(const char *program)
{
	char self[4096], *slash, *path;
	ssize_t n;

	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		if (slash != NULL) {
			*slash = '\0';
			path = mem_printf("%s/%s", self, program);
			if (access(path, X_OK) == 0)
				return path;
			free(path);
		}
	}
	return mem_printf("%s/%s", REGBOT_LIBEXECDIR, program);
}

static void
default_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Between fork and exec: plain system calls only. */
static _Noreturn void
become(const char *path, const char *name, const int fds[3], int status,
    char *tz, pid_t parent)
{
	char *argv[] = { (char *)name, NULL };
	char *envp[] = { tz, NULL };
	int high[3];

	default_signals();
	if (setsid() == -1)
		_exit(126);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent ||
	    statusfd_send(status) == -1)
		_exit(126);
	for (int i = 0; i < 3; i++) {
		high[i] = fcntl(fds[i], F_DUPFD, HIGH);
		if (high[i] == -1)
			_exit(126);
	}
	if (dup2(high[0], 0) == -1 || dup2(high[0], 1) == -1 ||
	    dup2(high[1], 2) == -1 || dup2(high[2], CONTROL) == -1 ||
	    syscall(SYS_close_range, CONTROL + 1, ~0u, 0) == -1)
		_exit(126);
	execve(path, argv, envp);
	_exit(127);
}

static char *
timezone_variable(void)
{
	const char *tz = getenv("TZ");

	/* Always set: otherwise glibc opens /etc/localtime at each call, which
	 * a confined process must not do. */
	return mem_printf("TZ=%s", tz != NULL ? tz : ":/etc/localtime");
}

/* What we keep of a child that runs. Its end of status is closed here. */
static int
open_child(struct spawned *out, int status[2], struct error *err)
{
	close(status[1]);
	status[1] = -1;
	out->pidfd = (int)syscall(SYS_pidfd_open, out->pid, 0);
	if (out->pidfd == -1)
		return error_sys(err, errno, "cannot open a pidfd");
	out->status_fd = statusfd_receive(status[0], err);
	return out->status_fd == -1 ? -1 : 0;
}

static void
close_pair(const int pair[2])
{
	for (int i = 0; i < 2; i++)
		if (pair[i] != -1)
			close(pair[i]);
}

int
spawn_child(const char *path, const char *name, struct spawned *out,
    struct error *err)
{
	int pair[2] = { -1, -1 }, pipefd[2] = { -1, -1 }, null = -1;
	int status[2] = { -1, -1 };
	pid_t parent = getpid();
	char *tz = timezone_variable();
	int r = -1;

	*out = (struct spawned){ -1, -1, -1, -1, -1 };
	if (access(path, X_OK) == -1) {
		error_sys(err, errno, "cannot run it");
		goto out;
	}
	if (channel_pair(pair, err) == -1 || statusfd_pair(status, err) == -1)
		goto out;
	if (pipe2(pipefd, O_CLOEXEC) == -1 ||
	    fcntl(pipefd[0], F_SETFL, O_NONBLOCK) == -1 ||
	    (null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1) {
		error_sys(err, errno, "cannot open a pipe or /dev/null");
		goto out;
	}
	out->pid = fork();
	if (out->pid == -1) {
		error_sys(err, errno, "cannot fork");
		goto out;
	}
	if (out->pid == 0)
		become(path, name, (int[3]){ null, pipefd[1], pair[1] },
		    status[1], tz, parent);
	r = open_child(out, status, err);
	if (r == -1) {
		kill(out->pid, SIGKILL);
		waitpid(out->pid, NULL, 0);
		goto out;
	}
	out->control = pair[0];
	out->stderr_fd = pipefd[0];
	pair[0] = pipefd[0] = -1;
out:
	close_pair(pair);
	close_pair(pipefd);
	close_pair(status);
	if (null != -1)
		close(null);
	if (r == -1 && out->pidfd != -1)
		close(out->pidfd);
	free(tz);
	return r;
}
