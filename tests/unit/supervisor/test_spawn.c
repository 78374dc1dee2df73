/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_spawn.c - what a child gets, and what it does not. The child is this
 * program again, under another name: then it reports and ends before any test
 * runs.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/children/spawn.h"

#define REPORT "spawn-report"
#define CONTROL 3

extern char **environ;

static void
report_descriptors(FILE *f)
{
	char path[64], to[256];
	ssize_t n;

	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, to, sizeof(to) - 1);
		if (n == -1)
			continue;
		to[n] = '\0';
		if (strncmp(to, "pipe:", 5) == 0 ||
		    strncmp(to, "socket:", 7) == 0)
			*strchr(to, ':') = '\0';
		fprintf(f, "%d=%s ", fd, to);
	}
}

static void
report_signals(FILE *f)
{
	struct sigaction sa;
	sigset_t blocked;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int i = 1; i < NSIG; i++) {
		if (sigismember(&blocked, i) == 1)
			fprintf(f, "blocked %d ", i);
		if (sigaction(i, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			fprintf(f, "ignored %d ", i);
	}
}

__attribute__((constructor)) static void
report(int argc, char **argv)
{
	char *text;
	size_t len;
	int death = 0;
	FILE *f;

	if (argc != 1 || strcmp(argv[0], REPORT) != 0)
		return;
	f = open_memstream(&text, &len);
	report_descriptors(f);
	report_signals(f);
	for (char **e = environ; *e != NULL; e++)
		fprintf(f, "env %s ", *e);
	prctl(PR_GET_PDEATHSIG, &death);
	fprintf(f, "leader %d death %d", getsid(0) == getpid(), death);
	fclose(f);
	(void)!send(CONTROL, text, len, 0);
	(void)!write(2, "words", 5);
	_exit(7);
}

static struct spawned
start(const char *path, const char *name)
{
	struct spawned s;
	struct error err;

	cr_assert_eq(spawn_child(path, name, &s, &err), 0, "%s", err.text);
	return s;
}

static int
ended(struct spawned *s)
{
	siginfo_t info = { 0 };

	cr_assert_eq(waitid(P_PIDFD, (id_t)s->pidfd, &info, WEXITED), 0);
	return info.si_code == CLD_EXITED ? info.si_status :
	    -info.si_status;
}

/* What is readable on fd, once it is. */
static const char *
read_text(int fd)
{
	static char text[4096];
	struct pollfd p = { fd, POLLIN, 0 };
	ssize_t n;

	cr_assert_eq(poll(&p, 1, 10000), 1);
	n = read(fd, text, sizeof(text) - 1);
	cr_assert_geq(n, 0);
	text[n] = '\0';
	return text;
}

TestSuite(spawn, .timeout = 30);

Test(spawn, a_child_has_what_it_needs_and_nothing_else)
{
	int inherited = dup2(open("/etc/hostname", O_RDONLY), 40);
	struct spawned s;
	sigset_t all;

	cr_assert_eq(inherited, 40);
	setenv("TZ", "UTC", 1);
	setenv("SECRET", "x", 1);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	s = start("/proc/self/exe", REPORT);
	cr_expect_str_eq(read_text(s.control), "0=/dev/null 1=/dev/null "
	    "2=pipe 3=socket env TZ=UTC leader 1 death 9");
	cr_expect_str_eq(read_text(s.stderr_fd), "words");
	cr_expect_eq(ended(&s), 7);
}

Test(spawn, our_ends_are_ours_alone)
{
	struct spawned s = start("/proc/self/exe", REPORT);
	int fds[] = { s.pidfd, s.status_fd, s.control, s.stderr_fd };

	for (int i = 0; i < 4; i++)
		cr_expect_eq(fcntl(fds[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC,
		    "%d", i);
	cr_expect_neq(fcntl(s.stderr_fd, F_GETFL) & O_NONBLOCK, 0);
	cr_expect_eq(ended(&s), 7);
}

/* Its status is there before it runs, and is its own. */
Test(spawn, its_status)
{
	struct spawned s = start("/bin/cat", "cat");
	char want[32];

	snprintf(want, sizeof(want), "\nPid:\t%d\n", (int)s.pid);
	cr_expect_not_null(strstr(read_text(s.status_fd), want));
	cr_expect_eq(ended(&s), 0);
}

Test(spawn, without_a_time_zone)
{
	struct spawned s;

	unsetenv("TZ");
	s = start("/proc/self/exe", REPORT);
	cr_expect_not_null(strstr(read_text(s.control),
	    "env TZ=:/etc/localtime leader"));
	cr_expect_eq(ended(&s), 7);
}

Test(spawn, what_cannot_be_run)
{
	struct spawned s;
	struct error err;

	cr_expect_eq(spawn_child("/nonexistent", "x", &s, &err), -1);
	cr_expect_not_null(strstr(err.text, "cannot run it"));
	s = start("/", "x");	/* it may be searched, not executed */
	cr_expect_eq(ended(&s), 127);
}

Test(spawn, where_a_program_is)
{
	char *path = spawn_path("test_spawn"), *other = spawn_path("nothing");

	cr_expect_not_null(strstr(path, "/tests/unit/supervisor/test_spawn"));
	cr_expect_str_eq(other, REGBOT_LIBEXECDIR "/nothing");
	free(path);
	free(other);
}
