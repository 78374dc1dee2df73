/* SPDX-License-Identifier: Apache-2.0 */
/* signals.c - signals read from a signalfd. */
#include "supervisor/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/mem.h"

struct signals {
	int fd;
	struct watch *watch;
	void (*stop)(void *arg, int sig);
	void *arg;
};

static void
on_signal(void *arg, short revents)
{
	struct signals *s = arg;
	struct signalfd_siginfo info;

	(void)revents;
	if (read(s->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		s->stop(s->arg, (int)info.ssi_signo);
}

struct signals *
signals_new(struct loop *l, void (*stop)(void *arg, int sig), void *arg,
    struct error *err)
{
	struct signals *s;
	struct sigaction hangup;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	/* Blocking it would bring it back although nohup(1) ignores it. */
	if (sigaction(SIGHUP, NULL, &hangup) == -1 ||
	    hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1) {
		error_sys(err, errno, "cannot take over signals");
		return NULL;
	}
	s = mem_alloc(sizeof(*s));
	s->fd = fd;
	s->stop = stop;
	s->arg = arg;
	s->watch = loop_watch(l, fd, POLLIN, on_signal, s);
	return s;
}

void
signals_free(struct signals *s)
{
	if (s == NULL)
		return;
	watch_free(s->watch);
	close(s->fd);
	free(s);
}
