/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.c - tries one act per process in each role, as root (where this test
 * is run so) and as an ordinary user, and compares what became of it.
 */
#ifdef HAVE_CONFIG_H
#include "autoconf.h"
#endif
#include "common/wire/channel.h"
#include "supervisor/children/statusfd.h"
#include "tests/adversarial/probe.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static int failures, number;

static const char *
describe(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buf, size, "ended by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(buf, size, "exit status %d", WEXITSTATUS(status));
	return buf;
}

static bool
as_wanted(enum outcome want, int status)
{
	if (want == DONE || want == REFUSED)
		return WIFEXITED(status) &&
		    WEXITSTATUS(status) == (want == DONE ? 0 : 1);
#ifdef SANITIZERS
	/* Their reports need calls that are then refused, where they would
	 * kill; and they catch SIGSEGV and a corrupt heap themselves. */
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == 1;
	if (want == KILLED_ANYHOW && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGABRT)
		return true;	/* with abort_on_error */
#endif
	if (!WIFSIGNALED(status))
		return false;
	if (want == ABORTED)
		return WTERMSIG(status) == SIGABRT;
	return WTERMSIG(status) == SIGSYS ||
	    (want == KILLED_ANYHOW && WTERMSIG(status) == SIGSEGV);
}

static void
child(enum policy_role role, const struct act *act)
{
	static struct policy_plan plan;
	struct error err = { 0 };

	alarm(60);
	warm_up(role);
	if (policy_plan(role, &plan, &err) == -1 || policy_confine(&plan,
	    role == POLICY_WORKER ? 256u << 20 : 0, &err) == -1) {
		dprintf(STDERR_FILENO, "cannot confine: %s\n", err.text);
		_exit(2);
	}
	errno = 0;
	if (act->run() == 0)
		_exit(0);
	/* Only what the filter answers counts: an act that merely failed
	 * would have been possible elsewhere. */
	if (errno == EACCES || errno == ENOSYS || errno == EAFNOSUPPORT)
		_exit(1);
	dprintf(STDERR_FILENO, "failed: %s\n", strerror(errno));
	_exit(3);
}

/* What the child says goes through a pipe: it can write to no file. */
static void
try_act(const char *user, enum policy_role role, const struct act *act)
{
	enum outcome want = role == POLICY_WORKER ? act->worker : act->broker;
	char said[4096], word[128];
	size_t len = 0;
	ssize_t n;
	int fds[2], status;
	pid_t pid;

	if (want == SKIP)
		return;
	fflush(stdout);
	if (pipe2(fds, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		err(1, "cannot start a child");
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		child(role, act);
	}
	close(fds[1]);
	while (len < sizeof(said) - 1 && (n = read(fds[0], said + len,
	    sizeof(said) - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	close(fds[0]);
	if (waitpid(pid, &status, 0) == -1)
		err(1, "cannot wait for a child");
	if (as_wanted(want, status)) {
		printf("ok %d - %s %s: %s\n", ++number, user, role ==
		    POLICY_WORKER ? "worker" : "broker", act->name);
		return;
	}
	failures++;
	printf("not ok %d - %s %s: %s: %s\n# %s\n", ++number, user, role ==
	    POLICY_WORKER ? "worker" : "broker", act->name,
	    describe(status, word, sizeof(word)), said);
}

/* The child waits until policy_verify has checked it. */
static void
try_verify(const char *user, enum policy_role role, bool confine)
{
	static struct policy_plan plan;
	struct error why = { 0 };
	bool good;
	char byte = 0;
	int to[2], from[2], status[2], fd, r;
	pid_t pid;

	fflush(stdout);
	if (pipe2(to, O_CLOEXEC) == -1 || pipe2(from, O_CLOEXEC) == -1 ||
	    channel_pair(status, &why) == -1 || (pid = fork()) == -1)
		err(1, "cannot start a child");
	if (pid == 0) {
		close(to[1]);
		(void)statusfd_send(status[1]);
		if (confine && (policy_plan(role, &plan, NULL) == -1 ||
		    policy_confine(&plan, 0, NULL) == -1))
			_exit(2);
		(void)!write(from[1], "", 1);
		(void)!read(to[0], &byte, 1);
		_exit(0);
	}
	close(from[1]);
	close(status[1]);
	if (read(from[0], &byte, 1) != 1)
		warnx("the child could not confine itself");
	fd = statusfd_receive(status[0], &why);
	close(status[0]);
	r = policy_verify(fd, &why);
	close(to[0]);
	close(to[1]);
	close(from[0]);
	close(fd);
	waitpid(pid, NULL, 0);
	good = confine ? r == 0 : r == -1 && strstr(why.text,
	    "the process is not confined") != NULL;
	failures += !good;
	printf("%s %d - %s: verify %s: %s\n", good ? "ok" : "not ok", ++number, user, confine ? "a confined process" :
	    "a process that is not confined", why.text);
}

static int
run_all(const char *user)
{
	static const enum policy_role roles[] = { POLICY_WORKER,
	    POLICY_BROKER };

	for (size_t i = 0; i < 2; i++) {
		for (const struct act *a = forbidden_acts; a->name; a++)
			try_act(user, roles[i], a);
		for (const struct act *a = allowed_acts; a->name; a++)
			try_act(user, roles[i], a);
		try_verify(user, roles[i], true);
	}
	try_verify(user, POLICY_WORKER, false);
	fflush(stdout);
	return failures != 0;
}

int
main(void)
{
	int status = 0;
	pid_t pid;

	start_server();
	if (geteuid() != 0)
		return run_all("user");
	fflush(stdout);
	if ((pid = fork()) == -1)
		err(1, "cannot fork");
	if (pid == 0) {
		if (setgroups(0, NULL) == -1 ||
		    setresgid(NOBODY, NOBODY, NOBODY) == -1 ||
		    setresuid(NOBODY, NOBODY, NOBODY) == -1) {
			warn("not tried as an ordinary user");
			_exit(0);
		}
		_exit(run_all("user"));
	}
	waitpid(pid, &status, 0);
	return run_all("root") != 0 || status != 0;
}
