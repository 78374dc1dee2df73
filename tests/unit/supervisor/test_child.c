/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_child.c - a child from its start to its end. The process, the check of
 * its confinement and the clock are this file's: it defines all of spawn.h and
 * clock.h, and policy_verify.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/wire/channel.h"
#include "policy/policy.h"
#include "supervisor/children/child.h"
#include "supervisor/children/spawn.h"

static int64_t now = NS_PER_S;
static int verified, confined = 1;
static pid_t pid;		/* of the process */
static int control = -1, words = -1;	/* its ends */
static int status_fd;
static int readies, messages, refuse_message;
static bool is_gone;
static struct error how;

static struct child_env env;
static struct child *child;
static int log_pipe[2];

int64_t
clock_now(void)
{
	return now;
}

int64_t
clock_wall(void)
{
	return now;
}

int
policy_verify(int fd, struct error *err)
{
	verified++;
	cr_expect_eq(fd, status_fd);
	return confined ? 0 : error_set(err, ERROR_SYSTEM, "no Seccomp");
}

char *
spawn_path(const char *program)
{
	return mem_printf("/x/%s", program);
}

/* A process that does nothing: this file plays its part. */
int
spawn_child(const char *path, const char *name, struct spawned *out,
    struct error *err)
{
	int pair[2], pipefd[2];

	if (strcmp(name, "missing") == 0)
		return error_set(err, ERROR_SYSTEM, "no such program");
	cr_assert_str_eq(path, "/x/program");
	pid = fork();
	while (pid == 0)
		poll(NULL, 0, -1);
	cr_assert_eq(channel_pair(pair, err), 0);
	cr_assert_eq(pipe2(pipefd, O_NONBLOCK), 0);
	control = pair[1];
	words = pipefd[1];
	status_fd = open("/dev/null", O_RDONLY);
	*out = (struct spawned){ .pid = pid, .pidfd = pidfd_open(pid, 0),
	    .status_fd = status_fd, .control = pair[0],
	    .stderr_fd = pipefd[0] };
	return 0;
}

static void
on_ready(void *arg)
{
	(void)arg;
	readies++;
}

static int
on_message(void *arg, const struct message *m, struct error *err)
{
	(void)arg;
	(void)m;
	messages++;
	return refuse_message ? error_set(err, ERROR_PROTOCOL, "nonsense") :
	    0;
}

static void
on_gone(void *arg, const struct error *why)
{
	(void)arg;
	is_gone = true;
	how = *why;
	child_free(child);
}

static const struct child_ops ops = { on_ready, on_message, on_gone };

static void
set_up(void)
{
	struct error err;

	cr_assert_eq(pipe2(log_pipe, O_NONBLOCK), 0);
	env.loop = loop_new();
	env.log = log_new(env.loop, log_pipe[1], LOG_INFO, false);
	child = child_start(&env, "program", "worker", W2S, &ops, NULL, &err);
	cr_assert_not_null(child, "%s", err.text);
}

static void
tear_down(void)
{
	if (!is_gone)
		child_free(child);
	log_free(env.log);
	loop_free(env.loop);
	/* Nobody is left, whatever happened. */
	cr_expect_eq(kill(pid, 0), -1);
}

static void
settle(void)
{
	for (int i = 0; i < 16; i++)
		loop_step(env.loop, 0);
}

static void
wait_gone(void)
{
	for (int i = 0; i < 3000 && !is_gone; i++)
		loop_step(env.loop, 1);
	cr_assert(is_gone);
}

static void
say(enum message_type type, const char *first, const char *missing,
    const char *absent)
{
	struct message_out o;

	message_start(&o, type, 0);
	if (type == MSG_READY) {
		message_put_str(&o, first);
		message_put_str(&o, missing);
		message_put_str(&o, absent);
	} else
		message_put_str(&o, first);
	cr_assert_eq(message_finish(&o, NULL), 0);
	cr_assert_gt(send(control, o.frame.data, o.frame.len, 0), 0);
	message_out_free(&o);
	settle();
}

static void
pass(int64_t ms)
{
	now += ms * NS_PER_MS;
	settle();
}

static bool
killed(void)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) ==
	    0 && info.si_pid == pid;
}

static void
gone_with(const char *text)
{
	wait_gone();
	cr_expect_not_null(strstr(how.text, text), "%s", how.text);
}

TestSuite(child, .init = set_up, .fini = tear_down, .timeout = 30);

Test(child, is_checked_when_it_says_ready)
{
	cr_expect_eq(verified, 0);
	say(MSG_READY, PACKAGE_VERSION, "", "");
	cr_expect_eq(verified, 1);
	cr_expect_eq(readies, 1);
	say(MSG_LATE, "here", "", "");
	cr_expect_eq(messages, 1);
	pass(READY_MS + 1);
	cr_expect_not(is_gone);
}

Test(child, that_is_not_confined_is_killed)
{
	confined = 0;
	say(MSG_READY, PACKAGE_VERSION, "", "");
	gone_with("it is not confined: no Seccomp");
	cr_expect_eq(readies, 0);
}

Test(child, of_another_version_is_killed)
{
	say(MSG_READY, "0.0.0", "", "");
	gone_with("its version is 0.0.0");
	cr_expect_eq(readies, 0);
}

Test(child, must_be_ready_in_time)
{
	pass(READY_MS - 1);
	cr_expect_not(killed());
	pass(1);
	close(control);
	gone_with("it was not ready in time");
}

Test(child, says_nothing_before_ready)
{
	say(MSG_LATE, "here", "", "");
	gone_with("came before READY");
	cr_expect_eq(messages, 0);
}

Test(child, is_ready_once)
{
	say(MSG_READY, PACKAGE_VERSION, "", "");
	say(MSG_READY, PACKAGE_VERSION, "", "");
	gone_with("READY came twice");
}

Test(child, is_killed_for_a_message_that_is_refused)
{
	refuse_message = 1;
	say(MSG_READY, PACKAGE_VERSION, "", "");
	say(MSG_LATE, "here", "", "");
	gone_with("nonsense");
}

Test(child, that_closes_its_channel_must_end)
{
	say(MSG_READY, PACKAGE_VERSION, "", "");
	close(control);
	settle();
	cr_expect(child_is_dying(child));
	pass(KILL_AFTER_MS - 1);
	cr_expect_not(killed());
	pass(1);
	gone_with("closed its channel and did not end");
}

/* What it said before it died is handled first. */
Test(child, its_last_words)
{
	say(MSG_READY, PACKAGE_VERSION, "", "");
	cr_assert_eq(write(words, "out of memory\n\n", 15), 15);
	kill(pid, SIGABRT);
	for (int i = 0; i < 10000 && !child_is_dying(child); i++)
		loop_step(env.loop, 1);
	cr_expect_not(is_gone, "its channel is still open");
	say(MSG_LATE, "here", "", "");
	cr_expect_eq(messages, 1);
	close(control);
	wait_gone();
	cr_expect_str_eq(how.text, "the worker was killed by SIGABRT (out of "
	    "memory)");
}

Test(child, why_it_was_killed_counts)
{
	child_kill(child, "because");
	child_kill(child, "later");
	close(control);
	gone_with("because");
}

Test(child, a_forbidden_call_is_named)
{
	close(control);
	kill(pid, SIGSYS);
	gone_with("killed by SIGSYS for a forbidden system call");
}

Test(child, what_the_system_lacks_is_logged_once)
{
	char text[4096];
	struct error err;
	ssize_t n;

	say(MSG_READY, PACKAGE_VERSION, "a separate user id",
	    "_regbot-worker");
	child_free(child);
	for (int i = 0; i < 2; i++) {
		child = child_start(&env, "program", "broker", B2S, &ops,
		    NULL, &err);
		say(MSG_READY, PACKAGE_VERSION, "a separate user id",
		    "_regbot-broker");
		if (i == 0)
			child_free(child);
	}
	n = read(log_pipe[0], text, sizeof(text) - 1);
	cr_assert_gt(n, 0);
	text[n] = '\0';
	n = 0;
	for (const char *p = text; (p = strstr(p, "level=WARN")) != NULL; p++)
		n++;
	cr_expect_eq(n, 3, "%s", text);
	cr_expect_not_null(strstr(text, "layer=\"a separate user id\""));
	cr_expect_not_null(strstr(text, "user=_regbot-worker"));
	cr_expect_not_null(strstr(text, "nologin _regbot-broker\""));
}

Test(child, that_cannot_be_started)
{
	struct error err;

	cr_expect_null(child_start(&env, "missing", "worker", W2S, &ops, NULL,
	    &err));
	cr_expect_str_eq(err.text, "cannot start the worker from /x/missing: "
	    "no such program");
}
