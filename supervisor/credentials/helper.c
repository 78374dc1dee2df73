/* SPDX-License-Identifier: Apache-2.0 */
/* helper.c - fork, exec, read, reap. */
#include "supervisor/credentials/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buffer.h"
#include "common/clock.h"
#include "common/mem.h"

struct helper_run {
	char *program;
	struct buffer out;
	pid_t pid;		/* 0: not running */
	int pidfd, pipe;	/* -1: closed */
	struct watch *exit_watch, *out_watch;
	struct timer *timer;
	struct error err;
	helper_fn *done;
	void *arg;
};

/* With its group, since helpers start programs of their own. The child is not
 * reaped yet, so the number is still its own. */
static void
kill_and_reap(struct helper_run *h)
{
	siginfo_t info;

	if (h->pid == 0)
		return;
	kill(-h->pid, SIGKILL);
	kill(h->pid, SIGKILL);	/* it may not be the leader of its group yet */
	while (waitid(P_PID, (id_t)h->pid, &info, WEXITED) == -1 &&
	    errno == EINTR)
		;
	h->pid = 0;
}

void
helper_run_cancel(struct helper_run *h)
{
	if (h == NULL)
		return;
	kill_and_reap(h);
	watch_free(h->exit_watch);
	watch_free(h->out_watch);
	timer_free(h->timer);
	if (h->pidfd != -1)
		close(h->pidfd);
	if (h->pipe != -1)
		close(h->pipe);
	buffer_free(&h->out);
	free(h->program);
	free(h);
}

static void
finish(struct helper_run *h)
{
	h->done(h->arg, buffer_str(&h->out), h->out.len, &h->err);
	helper_run_cancel(h);
}

/* Reads what is there. False at the end, or when it is too much. */
static bool
drain(struct helper_run *h)
{
	char chunk[4096];
	bool more = true;
	ssize_t n;

	for (;;) {
		n = read(h->pipe, chunk, sizeof(chunk));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			break;
		if (n <= 0) {
			more = false;
			break;
		}
		if (buffer_put(&h->out, chunk, (size_t)n) == -1) {
			error_set(&h->err, ERROR_LIMIT, "%s printed more than "
			    "%zu bytes, which is the limit", h->program,
			    h->out.max);
			more = false;
			break;
		}
	}
	explicit_bzero(chunk, sizeof(chunk));
	return more;
}

static void
on_output(void *arg, short revents)
{
	struct helper_run *h = arg;

	(void)revents;
	if (drain(h))
		return;
	watch_free(h->out_watch);
	h->out_watch = NULL;
	if (h->err.kind != ERROR_NONE)
		finish(h);
}

static void
describe_exit(struct helper_run *h, const siginfo_t *info)
{
	const char *name;

	if (h->err.kind != ERROR_NONE)
		return;
	if (info->si_code != CLD_EXITED) {
		name = sigabbrev_np(info->si_status);
		error_set(&h->err, ERROR_SYSTEM, "%s was killed by SIG%s",
		    h->program, name != NULL ? name : "?");
	} else if (info->si_status != 0)
		error_set(&h->err, ERROR_SYSTEM, "%s failed with exit status "
		    "%d", h->program, info->si_status);
}

static void
on_exit_of(void *arg, short revents)
{
	struct helper_run *h = arg;
	siginfo_t info = { 0 };

	(void)revents;
	if (waitid(P_PIDFD, (id_t)h->pidfd, &info, WEXITED | WNOHANG) == -1) {
		if (errno == EINTR)
			return;
		error_sys(&h->err, errno, "cannot wait for %s", h->program);
	} else if (info.si_pid == 0)
		return;
	h->pid = 0;
	/* Its children may still hold the pipe open: do not wait for them. */
	if (h->out_watch != NULL)
		drain(h);
	describe_exit(h, &info);
	finish(h);
}

static void
on_timeout(void *arg)
{
	struct helper_run *h = arg;

	if (h->err.kind == ERROR_NONE)
		error_set(&h->err, ERROR_DEADLINE, "%s did not answer within "
		    "%d seconds", h->program, HELPER_MS / 1000);
	finish(h);
}

/* In the child. Only system calls up to exec; its errno goes to status. */
static _Noreturn void
child(const char *program, const char *verb, int in, int out, int status,
    pid_t parent)
{
	char *const argv[] = { (char *)(uintptr_t)program,
	    (char *)(uintptr_t)verb, NULL };
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int e;

	for (int s = 1; s < NSIG; s++)
		sigaction(s, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	/* Ours are close-on-exec; what we inherited may not be. */
	if (dup2(in, STDIN_FILENO) != -1 && dup2(out, STDOUT_FILENO) != -1 &&
	    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != -1)
		execvp(program, argv);
	e = errno;
	(void)!write(status, &e, sizeof(e));
	_exit(127);
}

/* Above 2, so that the dup2 in the child overwrites neither. */
static int
pipe_above(int fds[2], int flags)
{
	int low[2];

	if (pipe2(low, O_CLOEXEC) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		fds[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 3);
		close(low[i]);
	}
	if (fds[0] != -1 && fds[1] != -1 &&
	    fcntl(fds[0], F_SETFL, flags) != -1)
		return 0;
	for (int i = 0; i < 2; i++)
		if (fds[i] != -1)
			close(fds[i]);
	return -1;
}

static void
close_pair(int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] != -1)
			close(fds[i]);
}

/* The errno of exec, or 0. Waits until the child has got that far. */
static int
exec_result(int fd)
{
	int e = 0;
	ssize_t n;

	do
		n = read(fd, &e, sizeof(e));
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)sizeof(e) ? e : 0;
}

static int
spawn(struct helper_run *h, const char *verb, const char *input)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, status[2] = { -1, -1 };
	size_t n = strlen(input);
	pid_t self = getpid();
	int e;

	/* The input is short enough for the pipe, and we hold both of its
	 * ends: this can neither block nor raise SIGPIPE. */
	if (pipe_above(in, 0) == -1 || pipe_above(out, O_NONBLOCK) == -1 ||
	    pipe_above(status, 0) == -1 || n > HELPER_HOST_MAX ||
	    write(in[1], input, n) != (ssize_t)n ||
	    (h->pid = fork()) == -1) {
		e = n > HELPER_HOST_MAX ? E2BIG : errno;
		h->pid = 0;
		goto fail;
	}
	if (h->pid == 0)
		child(h->program, verb, in[0], out[1], status[1], self);
	close(status[1]);
	status[1] = -1;
	e = exec_result(status[0]);
	if (e == 0) {
		h->pidfd = pidfd_open(h->pid, 0);
		e = h->pidfd == -1 ? errno : 0;
	}
	if (e != 0)
		goto fail;
	h->pipe = out[0];
	out[0] = -1;
	close_pair(in);
	close_pair(out);
	close_pair(status);
	return 0;
fail:
	kill_and_reap(h);
	close_pair(in);
	close_pair(out);
	close_pair(status);
	return error_sys(&h->err, e, "cannot run %s", h->program);
}

struct helper_run *
helper_run_start(struct loop *l, const char *program, const char *verb,
    const char *input, size_t max, helper_fn *done, void *arg)
{
	struct helper_run *h = mem_alloc(sizeof(*h));

	h->program = mem_strdup(program);
	buffer_init(&h->out, max);
	h->out.secret = true;
	h->pidfd = h->pipe = -1;
	h->done = done;
	h->arg = arg;
	h->timer = loop_timer(l, on_timeout, h);
	if (spawn(h, verb, input) == -1) {
		timer_arm(h->timer, 0);	/* done is called from the loop */
		return h;
	}
	timer_arm(h->timer, HELPER_MS * NS_PER_MS);
	h->exit_watch = loop_watch(l, h->pidfd, POLLIN, on_exit_of, h);
	h->out_watch = loop_watch(l, h->pipe, POLLIN, on_output, h);
	return h;
}
