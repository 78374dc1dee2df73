/* SPDX-License-Identifier: Apache-2.0 */
/* regbot-broker: talks to one registry for all scripts that may use it. */
#include "autoconf.h"

#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/bounds.h"
#include "common/wire/loop.h"
#include "policy/policy.h"
#include "supervisor/broker/broker.h"
#include "supervisor/broker/http/http.h"

#define CONTROL_FD 3
#define RESOLVER_STACK (512 * 1024)

static void
fatal(const char *what)
{
	dprintf(STDERR_FILENO, "regbot-broker: %s\n", what);
	_exit(1);
}

/* The supervisor decides when we end, not the terminal or systemd, which
 * signal whole groups. No file may grow (policy.h): where stderr is one, the
 * write fails, which must not hide the exit status. */
static void
ignore_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE,
	    SIGXFSZ };
	struct sigaction sa = { .sa_handler = SIG_IGN };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
}

/* The resolver's threads do not each get an arena, and the memory of a large
 * reply goes back at once. */
static void
small_memory(void)
{
	pthread_attr_t attr;

	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	mallopt(M_TRIM_THRESHOLD, 128 * 1024);
	/* libcurl starts a thread for each name that it looks up. */
	if (pthread_attr_init(&attr) == 0) {
		pthread_attr_setstacksize(&attr, RESOLVER_STACK);
		pthread_setattr_default_np(&attr);
		pthread_attr_destroy(&attr);
	}
}

/* Everything that opens files, since none can be opened later. */
static void
load(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;

	tzset();
	http_init();
	/* Loads all modules of the name service: the name is found in none of
	 * them. Its label of 64 bytes is too long for a DNS query, so that
	 * no server has to be waited for. */
	if (getaddrinfo("0123456789abcdef0123456789abcdef"
	    "0123456789abcdef0123456789abcdef.invalid", "443", &hints,
	    &list) == 0)
		freeaddrinfo(list);
}

static void
on_over(void *arg, int status)
{
	(void)arg;
	_exit(status);
}

int
main(void)
{
	static struct policy_plan plan;
	struct error err;
	struct loop *l;

	error_clear(&err);
	ignore_signals();
	small_memory();
	load();
	if (policy_plan_receive(CONTROL_FD, POLICY_BROKER, &plan, &err) == -1 ||
	    policy_confine(&plan, BROKER_MEMORY, &err) == -1)
		fatal(err.text);
	l = loop_new();
	broker_new(l, CONTROL_FD, PACKAGE_VERSION, on_over, NULL);
	loop_run(l);
	return 0;
}
