/* SPDX-License-Identifier: Apache-2.0 */
/* test_verify.c - what counts as confined. */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/wire/channel.h"
#include "policy/policy.h"
#include "supervisor/children/statusfd.h"

#define CAPS "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n" \
	"CapEff:\t0000000000000000\nCapBnd:\t000001ffffffffff\n"
#define PRIVS "NoNewPrivs:\t1\n"
#define FILTER "Seccomp:\t2\nSeccomp_filters:\t1\n"

static int
verify(const char *text, struct error *err)
{
	int fd = memfd_create("status", MFD_CLOEXEC), r;

	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	error_clear(err);
	r = policy_verify(fd, err);
	close(fd);
	return r;
}

static void
refused(const char *text, const char *why)
{
	struct error err;

	cr_expect_eq(verify(text, &err), -1, "%s", text);
	cr_expect_not_null(strstr(err.text, why), "%s", err.text);
}

Test(verify, what_is_confined)
{
	struct error err;

	cr_expect_eq(verify("Name:\tx\n" CAPS PRIVS FILTER, &err), 0, "%s",
	    err.text);
}

Test(verify, each_layer_is_needed)
{
	refused("Name:\tx\n" CAPS PRIVS "Seccomp:\t0\n", "Seccomp is 0");
	refused("Name:\tx\n" CAPS PRIVS "Seccomp:\t1\n", "Seccomp is 1");
	refused("Name:\tx\n" CAPS PRIVS "Seccomp_filters:\t2\n",
	    "shows no Seccomp");
	refused("Name:\tx\n" CAPS "NoNewPrivs:\t0\n" FILTER,
	    "NoNewPrivs is 0");
	refused("Name:\tx\n" CAPS FILTER, "shows no NoNewPrivs");
	refused("Name:\tx\n" PRIVS FILTER "CapInh:\t0\nCapPrm:\t0\n"
	    "CapEff:\t0000000000000080\n", "CapEff is 80");
	refused("Name:\tx\n" PRIVS FILTER "CapInh:\t0\nCapPrm:\t1\n"
	    "CapEff:\t0\n", "CapPrm is 1");
	refused("Name:\tx\n" PRIVS FILTER "CapInh:\t000001ffffffffff\n"
	    "CapPrm:\t0\nCapEff:\t0\n", "CapInh is 1ffffffffff");
	refused("", "shows no Seccomp");
}

/* A name must not pass for a line. */
Test(verify, a_process_cannot_name_itself_confined)
{
	refused("Name:\tSeccomp:\t2\n" CAPS PRIVS "Seccomp:\t0\n",
	    "Seccomp is 0");
	refused("Name:\tSeccomp:\t2\n" CAPS PRIVS, "shows no Seccomp");
}

/* The descriptor shows what the process is now, not what it was. */
Test(verify, of_a_real_process)
{
	static struct policy_plan plan;
	int status[2], confined[2], fd;
	struct error err;
	char c = 'x';
	pid_t pid;

	cr_assert_eq(channel_pair(status, &err), 0);
	cr_assert_eq(pipe(confined), 0);
	pid = fork();
	if (pid == 0) {
		close(status[0]);
		if (statusfd_send(status[1]) == -1 ||
		    policy_plan(POLICY_BROKER, &plan, &err) == -1 ||
		    policy_confine(&plan, 0, &err) == -1)
			c = '!';
		close(status[1]);
		(void)!write(confined[1], &c, 1);
		for (;;)
			poll(NULL, 0, -1);
	}
	close(status[1]);
	cr_assert_eq(read(confined[0], &c, 1), 1);
	cr_assert_eq(c, 'x');
	fd = statusfd_receive(status[0], &err);
	cr_assert_neq(fd, -1, "%s", err.text);
	cr_expect_eq(policy_verify(fd, &err), 0, "%s", err.text);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect_eq(policy_verify(fd, &err), -1);
	close(fd);
	fd = statusfd_receive(status[0], &err);
	cr_expect_eq(fd, -1);
	cr_expect_not_null(strstr(err.text, "/proc/self/status"));
}
