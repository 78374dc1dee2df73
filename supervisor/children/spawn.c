/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c - from fork to exec, and what the parent keeps of it. */
#include "supervisor/children/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
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
#define STACK (32 * 1024)	/* of a child until it executes its program */

char *
spawn_path(const char *program)
{
	static char self[4096];		/* the folder, once it is known */
	char *path;
	ssize_t n;

	if (*self == '\0') {
		n = readlink("/proc/self/exe", self, sizeof(self) - 1);
		while (n > 0 && self[n] != '/')
			self[n--] = '\0';
	}
	if (*self != '\0') {
		path = mem_printf("%s%s", self, program);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return mem_printf("%s/%s", REGBOT_LIBEXECDIR, program);
}

struct start {		/* what becomes a child */
	const char *path, *name;
	int fds[3];		/* null, standard error, control */
	char *tz;
	pid_t parent;
	sigset_t ignored;
};

/* Exec resets all signals but ignored ones. What we ignore, we ignore before
 * the first child starts. */
static void
find_ignored(sigset_t *out)
{
	static sigset_t ignored;
	static bool known;
	struct sigaction sa;

	if (!known) {
		known = true;
		sigemptyset(&ignored);
		for (int i = 1; i < NSIG; i++)
			if (sigaction(i, NULL, &sa) == 0 &&
			    sa.sa_handler == SIG_IGN)
				sigaddset(&ignored, i);
	}
	*out = ignored;
}

/* None of our handlers may run in the child, whose memory is ours: those go
 * first. */
static void
default_signals(const sigset_t *ignored)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		if (sigismember(ignored, i) == 1)
			sigaction(i, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Descriptors 0 to 3, of which none may be among what is to become one. */
static int
arrange(const int fds[3])
{
	int from[3];

	for (int i = 0; i < 3; i++) {
		from[i] = fds[i] > CONTROL ? fds[i] :
		    fcntl(fds[i], F_DUPFD, CONTROL + 1);
		if (from[i] == -1)
			return -1;
	}
	if (dup2(from[0], 0) == -1 || dup2(from[0], 1) == -1 ||
	    dup2(from[1], 2) == -1 || dup2(from[2], CONTROL) == -1)
		return -1;
	return (int)syscall(SYS_close_range, CONTROL + 1, ~0u, 0);
}

/* The child until it executes its program. Its memory is ours, which waits:
 * plain system calls only, and nothing is written but to its own stack. */
static int
become(void *arg)
{
	const struct start *s = arg;
	char *argv[] = { (char *)(uintptr_t)s->name, NULL };
	char *envp[] = { s->tz, NULL };

	default_signals(&s->ignored);
	if (setsid() == -1)
		_exit(126);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 ||
	    getppid() != s->parent || statusfd_send(s->fds[2]) == -1 ||
	    arrange(s->fds) == -1)
		_exit(126);
	execve(s->path, argv, envp);
	_exit(127);
}

/* As vfork: nothing of us is copied for a child that needs none of it, not even
 * page tables, and we go on when it executes its program or is gone. */
static pid_t
start(struct start *s, int *pidfd)
{
	static char stack[STACK] __attribute__((aligned(64)));
	int flags = CLONE_VFORK | CLONE_PIDFD | SIGCHLD;

#ifndef SANITIZERS
	flags |= CLONE_VM;	/* their run time wants one stack a thread */
#endif
	return clone(become, stack + sizeof(stack), flags, s, pidfd);
}

static char *
timezone_variable(void)
{
	const char *tz = getenv("TZ");

	/* Always set: otherwise glibc opens /etc/localtime at each call, which
	 * a confined process must not do. */
	return mem_printf("TZ=%s", tz != NULL ? tz : ":/etc/localtime");
}

static void
close_pair(const int pair[2])
{
	for (int i = 0; i < 2; i++)
		if (pair[i] != -1)
			close(pair[i]);
}

/* Opened once. -1 and errno if that fails. */
static int
null_device(void)
{
	static int fd = -1;

	if (fd == -1)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return fd;
}

static int
open_ends(int pair[2], int pipefd[2], struct start *s, struct error *err)
{
	if (channel_pair(pair, err) == -1)
		return -1;
	if (pipe2(pipefd, O_CLOEXEC) == -1 ||
	    fcntl(pipefd[0], F_SETFL, O_NONBLOCK) == -1 ||
	    (s->fds[0] = null_device()) == -1)
		return error_sys(err, errno, "cannot open a pipe or "
		    "/dev/null");
	s->fds[1] = pipefd[1];
	s->fds[2] = pair[1];
	return 0;
}

static int
run(struct start *s, const int pair[2], struct spawned *out,
    struct error *err)
{
	out->pid = start(s, &out->pidfd);
	if (out->pid == -1)
		return error_sys(err, errno, "cannot fork");
	out->status_fd = statusfd_receive(pair[0], err);
	if (out->status_fd != -1)
		return 0;
	kill(out->pid, SIGKILL);
	waitpid(out->pid, NULL, 0);
	close(out->pidfd);
	return -1;
}

int
spawn_child(const char *path, const char *name, struct spawned *out,
    struct error *err)
{
	struct start s = { .path = path, .name = name, .parent = getpid() };
	int pair[2] = { -1, -1 }, pipefd[2] = { -1, -1 };
	int r = -1;

	*out = (struct spawned){ -1, -1, -1, -1, -1 };
	if (access(path, X_OK) == -1)
		return error_sys(err, errno, "cannot run it");
	s.tz = timezone_variable();
	find_ignored(&s.ignored);
	if (open_ends(pair, pipefd, &s, err) == 0 &&
	    run(&s, pair, out, err) == 0) {
		out->control = pair[0];
		out->stderr_fd = pipefd[0];
		pair[0] = pipefd[0] = -1;
		r = 0;
	}
	close_pair(pair);
	close_pair(pipefd);
	free(s.tz);
	return r;
}
