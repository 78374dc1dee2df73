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
#include "common/duration.h"
#include "common/mem.h"

struct helper_run {
	char *program;
	struct buffer out, said;
	bool strict;
	int64_t timeout;
	pid_t pid;		/* 0: not running */
	int pidfd, pipe, errpipe;	/* -1: closed */
	struct watch *exit_watch, *out_watch, *said_watch;
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
	watch_free(h->said_watch);
	timer_free(h->timer);
	if (h->pidfd != -1)
		close(h->pidfd);
	if (h->pipe != -1)
		close(h->pipe);
	if (h->errpipe != -1)
		close(h->errpipe);
	buffer_free(&h->out);
	buffer_free(&h->said);
	free(h->program);
	free(h);
}

/* Reads what is there and keeps the end of it. False at the end. */
static bool
hear(struct helper_run *h)
{
	char chunk[STDERR_MAX];
	ssize_t n;

	/* Never for long: whoever writes faster is read again. */
	for (int i = 0; i < 16; i++) {
		n = read(h->errpipe, chunk, sizeof(chunk));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == -1 && errno == EAGAIN;
		if (h->said.len + (size_t)n > STDERR_MAX)
			buffer_consume(&h->said, h->said.len + (size_t)n -
			    STDERR_MAX);
		buffer_put(&h->said, chunk, (size_t)n);
	}
	return true;
}

static void
on_said(void *arg, short revents)
{
	struct helper_run *h = arg;

	(void)revents;
	if (hear(h))
		return;
	watch_free(h->said_watch);
	h->said_watch = NULL;
}

const char *
helper_run_said(struct helper_run *h)
{
	struct buffer *b = &h->said;

	if (h->said_watch != NULL)
		hear(h);
	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] == '\0')
			b->data[i] = ' ';
	while (b->len != 0 && strchr(" \r\n", b->data[b->len - 1]) != NULL)
		b->data[--b->len] = '\0';
	return buffer_str(b);
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
	if (waitid(P_PIDFD, (id_t)h->pidfd, &info, WEXITED | WNOHANG |
	    WNOWAIT) == -1) {
		if (errno == EINTR)
			return;
		error_sys(&h->err, errno, "cannot wait for %s", h->program);
	} else if (info.si_pid == 0)
		return;
	/* Not reaped yet: the number of its group is no other's. */
	if (h->strict)
		kill_and_reap(h);
	else if (h->pid != 0)
		waitid(P_PIDFD, (id_t)h->pidfd, &(siginfo_t){ 0 }, WEXITED |
		    WNOHANG);
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
	char text[DURATION_TEXT];

	duration_brief(h->timeout, text);
	if (h->err.kind == ERROR_NONE)
		error_set(&h->err, ERROR_DEADLINE, "%s did not end within %s",
		    h->program, text);
	finish(h);
}

/* A run's descriptors, in pairs for reading and writing. */
struct pipes {
	int in[2], out[2], err[2], status[2];
};

/* In the child. Only system calls up to exec; its errno goes to status. */
static _Noreturn void
child(const struct helper_command *c, const struct pipes *p, pid_t parent)
{
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
	if (dup2(p->in[0], STDIN_FILENO) != -1 &&
	    dup2(p->out[1], STDOUT_FILENO) != -1 &&
	    (!c->strict || dup2(p->err[1], STDERR_FILENO) != -1) &&
	    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != -1)
		execvpe(c->argv[0], c->argv, c->env != NULL ? c->env :
		    environ);
	e = errno;
	(void)!write(p->status[1], &e, sizeof(e));
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

static void
close_all(struct pipes *p)
{
	close_pair(p->in);
	close_pair(p->out);
	close_pair(p->err);
	close_pair(p->status);
}

/* The input is short enough for the pipe, and we hold both of its ends: this
 * can neither block nor raise SIGPIPE. */
static int
open_pipes(const struct helper_command *c, struct pipes *p)
{
	size_t n = strlen(c->input);

	if (pipe_above(p->in, 0) == -1 ||
	    pipe_above(p->out, O_NONBLOCK) == -1 ||
	    pipe_above(p->err, O_NONBLOCK) == -1 ||
	    pipe_above(p->status, 0) == -1)
		return errno;
	if (n > HELPER_HOST_MAX)
		return E2BIG;
	return write(p->in[1], c->input, n) == (ssize_t)n ? 0 : errno;
}

static int
start_child(struct helper_run *h, const struct helper_command *c,
    struct pipes *p)
{
	pid_t self = getpid();
	int e;

	if ((h->pid = fork()) == -1) {
		h->pid = 0;
		return errno;
	}
	if (h->pid == 0)
		child(c, p, self);
	close(p->status[1]);
	p->status[1] = -1;
	if ((e = exec_result(p->status[0])) != 0)
		return e;
	h->pidfd = pidfd_open(h->pid, 0);
	return h->pidfd == -1 ? errno : 0;
}

static int
spawn(struct helper_run *h, const struct helper_command *c)
{
	struct pipes p = { { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
	int e = open_pipes(c, &p);

	if (e == 0)
		e = start_child(h, c, &p);
	if (e == 0) {
		h->pipe = p.out[0];
		h->errpipe = p.err[0];
		p.out[0] = p.err[0] = -1;
	} else
		kill_and_reap(h);
	close_all(&p);
	return e == 0 ? 0 : error_sys(&h->err, e, "cannot run %s",
	    h->program);
}

struct helper_run *
helper_run_command(struct loop *l, const struct helper_command *c,
    helper_fn *done, void *arg)
{
	struct helper_run *h = mem_alloc(sizeof(*h));

	h->program = mem_strdup(c->argv[0]);
	buffer_init(&h->out, c->max);
	h->out.secret = true;
	buffer_init(&h->said, 0);
	h->strict = c->strict;
	h->timeout = c->timeout;
	h->pidfd = h->pipe = h->errpipe = -1;
	h->done = done;
	h->arg = arg;
	h->timer = loop_timer(l, on_timeout, h);
	if (spawn(h, c) == -1) {
		timer_arm(h->timer, 0);	/* done is called from the loop */
		return h;
	}
	timer_arm(h->timer, c->timeout);
	h->exit_watch = loop_watch(l, h->pidfd, POLLIN, on_exit_of, h);
	h->out_watch = loop_watch(l, h->pipe, POLLIN, on_output, h);
	if (c->strict)
		h->said_watch = loop_watch(l, h->errpipe, POLLIN, on_said, h);
	return h;
}

struct helper_run *
helper_run_start(struct loop *l, const char *program, const char *verb,
    const char *input, size_t max, helper_fn *done, void *arg)
{
	char *const argv[] = { (char *)(uintptr_t)program,
	    (char *)(uintptr_t)verb, NULL };
	const struct helper_command c = { .argv = argv, .input = input,
	    .max = max, .timeout = HELPER_MS * NS_PER_MS };

	return helper_run_command(l, &c, done, arg);
}
