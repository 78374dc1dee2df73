/* SPDX-License-Identifier: Apache-2.0 */
/* Credential helpers: answers, failures, limits, and no child left. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/mem.h"
#include "supervisor/credentials/credhelper.h"

static char dir[] = "/tmp/regbot-helper-XXXXXX";
static struct loop *loop;
static char result[ERROR_TEXT_MAX + 1];
static int calls;

static void
setup(void)
{
	cr_assert_not_null(mkdtemp(dir));
	loop = loop_new();
	calls = 0;
}

static void
teardown(void)
{
	char *program = mem_printf("%s/h", dir), *seen = mem_printf("%s/seen",
	    dir);

	loop_free(loop);
	unlink(program);
	unlink(seen);
	rmdir(dir);
	free(program);
	free(seen);
}

/* A helper of that body; the caller frees its name. */
static char *
helper(const char *body)
{
	char *path = mem_printf("%s/h", dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);

	cr_assert_neq(fd, -1);
	dprintf(fd, "#!/bin/sh\n%s\n", body);
	close(fd);
	return path;
}

static void
on_done(void *arg, const char *user, const char *pass, const char *token,
    const struct error *err)
{
	(void)arg;
	calls++;
	if (err->kind != ERROR_NONE)
		snprintf(result, sizeof(result), "%s", err->text);
	else
		snprintf(result, sizeof(result), "%s/%s/%s", user, pass,
		    token);
	loop_stop(loop);
}

static void
no_child_left(void)
{
	siginfo_t info;

	cr_expect_eq(waitid(P_ALL, 0, &info, WEXITED | WNOHANG), -1);
	cr_expect_eq(errno, ECHILD);
}

/* What the helper answers, as user/pass/token. */
static void
expect(const char *body, const char *expected)
{
	char *program = helper(body);

	result[0] = '\0';
	credhelper_start(loop, program, "reg.example.com", on_done, NULL);
	cr_expect_str_empty(result);	/* never from inside the call */
	loop_run(loop);
	cr_expect_str_eq(result, expected, "%s: %s", body, result);
	free(program);
	no_child_left();
}

TestSuite(credhelper, .init = setup, .fini = teardown);

Test(credhelper, answers)
{
	expect("cat > /dev/null; echo '{\"ServerURL\":\"x\",\"Username\":\"u\","
	    "\"Secret\":\"p\"}'", "u/p/");
	expect("echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}'", "//t");
	expect("exec 3<&0; echo '{\"Username\":\"'$(cat)'\",\"Secret\":\"'$1'"
	    "\"}'", "reg.example.com/get/");
	cr_expect_eq(calls, 3);
}

static void
fails(const char *body, const char *expected)
{
	char *program = helper(body);

	credhelper_start(loop, program, "reg.example.com", on_done, NULL);
	loop_run(loop);
	cr_expect_not_null(strstr(result, expected), "%s: %s, expected %s",
	    body, result, expected);
	cr_expect_null(strstr(result, "s3cret"), "%s", result);
	free(program);
	no_child_left();
}

Test(credhelper, sentences)
{
	fails("echo credentials not found in native keychain; exit 1",
	    "/h has no credentials for reg.example.com");
	fails("echo s3cret; exit 3", "/h failed with exit status 3");
	fails("kill -9 $$", "/h was killed by SIGKILL");
	fails("echo s3cret", "/h is not valid JSON: ");
	fails("echo '{\"Secret\":\"s3cret\"'", "/h is not valid JSON: it is "
	    "truncated");
	fails("echo '[\"s3cret\"]'", "/h is not a JSON object, expected "
	    "{...}");
	fails("echo '{\"Secret\":[\"s3cret\"]}'", "/h has no secret in its "
	    "answer for reg.example.com, expected Username and Secret");
	fails("echo '{\"Secret\":\"s3cret\"} s3cret'", "/h is not valid "
	    "JSON: unexpected data after it");
	fails("", "/h is empty, not JSON");
	fails("yes s3cret", "/h printed more than 65536 bytes, which is the "
	    "limit");
}

Test(credhelper, program_that_is_not_there)
{
	credhelper_start(loop, "/nonexistent/h", "x", on_done, NULL);
	cr_expect_str_empty(result);
	loop_run(loop);
	cr_expect_str_eq(result, "cannot run /nonexistent/h: No such file or "
	    "directory");
	no_child_left();
}

/* A grandchild that holds the pipe open does not hold us up. */
Test(credhelper, what_it_leaves_behind_is_not_waited_for, .timeout = 20)
{
	char *path = mem_printf("%s/seen", dir);
	int pid = 0;
	FILE *f;

	fails("sleep 30 & echo $! > \"${0%h}seen\"; exit 4",
	    "/h failed with exit status 4");
	f = fopen(path, "r");
	cr_assert_not_null(f);
	cr_assert_eq(fscanf(f, "%d", &pid), 1);
	fclose(f);
	free(path);
	kill(pid, SIGKILL);
}

/* Neither a descriptor, nor a signal that is blocked or ignored. */
Test(credhelper, inherits_nothing)
{
	sigset_t all;
	int fd = open(dir, O_RDONLY | O_DIRECTORY);	/* no O_CLOEXEC */

	cr_assert_neq(fd, -1);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* Whoever was started by posix_spawn, as make does it, has 32 and 33
	 * ignored: glibc's own, which nobody can set. */
	expect("n=$(ls -l /proc/$$/fd | grep -c \" ${0%/h}\\$\")\n"
	    "set -- $(grep -E 'SigBlk|SigIgn' /proc/$$/status)\n"
	    "echo \"{\\\"Username\\\":"
	    "\\\"$n $2 $((0x$4 & ~0x180000000))\\\","
	    "\\\"Secret\\\":\\\"s\\\"}\"",
	    "0 0000000000000000 0/s/");
	close(fd);
}

Test(credhelper, cancel)
{
	char *program = helper("sleep 30");

	credhelper_cancel(credhelper_start(loop, program, "x", on_done,
	    NULL));
	no_child_left();
	free(program);
	program = mem_strdup("/nonexistent");
	credhelper_cancel(credhelper_start(loop, program, "x", on_done,
	    NULL));
	free(program);
	credhelper_cancel(NULL);
	loop_step(loop, 0);
	cr_expect_eq(calls, 0);
}

Test(credhelper, several_at_once)
{
	char *program = helper("echo \"{\\\"Username\\\":\\\"u\\\","
	    "\\\"Secret\\\":\\\"$(cat)\\\"}\"");

	for (int i = 0; i < 8; i++)
		credhelper_start(loop, program, "x", on_done, NULL);
	while (calls < 8)
		loop_step(loop, -1);
	cr_expect_str_eq(result, "u/x/");
	free(program);
	no_child_left();
}

Test(credhelper, list)
{
	char *program = helper("test \"$1\" = list && echo '{\"https://a/\":"
	    "\"u\",\"b\":\"v\"}'"), **hosts;
	struct error err = { 0 };

	hosts = credhelper_list(program, &err);
	cr_assert_not_null(hosts, "%s", err.text);
	cr_expect_str_eq(hosts[0], "https://a/");
	cr_expect_str_eq(hosts[1], "b");
	cr_expect_null(hosts[2]);
	credhelper_hosts_free(hosts);
	free(program);
	program = helper("exit 1");
	cr_expect_null(credhelper_list(program, &err));
	cr_expect_not_null(strstr(err.text, "/h failed with exit status 1"));
	free(program);
	no_child_left();
}
