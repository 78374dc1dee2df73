/* SPDX-License-Identifier: Apache-2.0 */
/* child.c - a child from its start to its last words. */
#include "supervisor/children/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/wire/channel.h"
#include "policy/policy.h"
#include "supervisor/children/spawn.h"

struct child {
	struct child_env *env;
	char *what;
	const struct child_ops *ops;
	void *arg;
	struct channel *control;
	struct watch *exit_watch, *stderr_watch;
	struct timer *late;	/* READY must come in time */
	pid_t pid;
	int pidfd, status_fd, stderr_fd;
	bool ready, reaped, control_over;
	bool busy, dead;
	siginfo_t status;
	struct buffer stderr_text;
	struct error reason;	/* why we killed it */
};

static void
destroy(struct child *c)
{
	siginfo_t info;

	if (!c->reaped) {
		syscall(SYS_pidfd_send_signal, c->pidfd, SIGKILL, NULL, 0);
		waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED);
	}
	channel_free(c->control);
	watch_free(c->exit_watch);
	watch_free(c->stderr_watch);
	timer_free(c->late);
	close(c->pidfd);
	close(c->status_fd);
	close(c->stderr_fd);
	buffer_free(&c->stderr_text);
	free(c->what);
	free(c);
}

void
child_free(struct child *c)
{
	if (c == NULL)
		return;
	c->dead = true;
	if (!c->busy)
		destroy(c);
}

void
child_kill(struct child *c, const char *reason)
{
	if (reason != NULL && c->reason.kind == ERROR_NONE)
		error_set(&c->reason, ERROR_PEER, "%s", reason);
	if (!c->reaped)
		syscall(SYS_pidfd_send_signal, c->pidfd, SIGKILL, NULL, 0);
}

/* A pipe keeps the last words (out of memory, a sanitizer's report). */
static void
on_stderr(void *arg, short revents)
{
	struct child *c = arg;
	char text[1024];
	ssize_t n;

	(void)revents;
	n = read(c->stderr_fd, text, sizeof(text));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		watch_set(c->stderr_watch, 0);
		return;
	}
	buffer_put(&c->stderr_text, text, (size_t)n);	/* full: dropped */
}

static void
drain_stderr(struct child *c)
{
	char text[1024];
	ssize_t n;

	while ((n = read(c->stderr_fd, text, sizeof(text))) > 0)
		buffer_put(&c->stderr_text, text, (size_t)n);
	/* It may be hostile: whoever writes it out escapes the rest. */
	for (size_t i = 0; i < c->stderr_text.len; i++)
		if (c->stderr_text.data[i] == '\0')
			c->stderr_text.data[i] = ' ';
	while (c->stderr_text.len != 0 &&
	    c->stderr_text.data[c->stderr_text.len - 1] == '\n')
		c->stderr_text.data[--c->stderr_text.len] = '\0';
}

static void
how_it_ended(struct child *c, struct error *how)
{
	const char *name;

	error_clear(how);
	drain_stderr(c);
	if (c->reason.kind != ERROR_NONE)
		*how = c->reason;
	else if (c->status.si_code == CLD_EXITED && c->status.si_status == 0)
		return;
	else if (c->status.si_code == CLD_EXITED)
		error_set(how, ERROR_PEER, "the %s ended with status %d",
		    c->what, c->status.si_status);
	else {
		name = sigabbrev_np(c->status.si_status);
		error_set(how, ERROR_PEER, "the %s was killed by SIG%s%s",
		    c->what, name != NULL ? name : "?",
		    c->status.si_status == SIGSYS ?
		    " for a forbidden system call" : "");
	}
	if (c->stderr_text.len != 0) {
		size_t n = strlen(how->text);

		snprintf(how->text + n, sizeof(how->text) - n, " (%.512s)",
		    c->stderr_text.data);
	}
}

/* gone is called when both the exit and the end of the channel were seen, so
 * that a last message is not lost. */
static void
check_gone(struct child *c)
{
	struct error how;

	if (!c->reaped || !c->control_over || c->busy)
		return;
	how_it_ended(c, &how);
	c->busy = true;
	if (!c->dead)
		c->ops->gone(c->arg, &how);
	c->busy = false;
	if (c->dead)
		destroy(c);
}

static void
on_exit_watch(void *arg, short revents)
{
	struct child *c = arg;

	(void)revents;
	if (waitid(P_PIDFD, (id_t)c->pidfd, &c->status, WEXITED) == -1)
		return;
	c->reaped = true;
	watch_set(c->exit_watch, 0);
	timer_disarm(c->late);
	check_gone(c);
}

static void
warn_missing(struct child_env *env, const char *layer)
{
	struct log_record r;

	if (*layer == '\0' || env->missing_logged)
		return;
	env->missing_logged = true;
	log_record_init(&r, LOG_WARN, "This system lacks a layer of the "
	    "sandbox, continuing without it");
	log_record_string(&r, "layer", layer);
	log_write(env->log, &r);
}

static void
warn_absent(struct child_env *env, const char *user)
{
	bool *logged = &env->absent_logged[strstr(user, "broker") != NULL];
	struct log_record r;
	char *create;

	if (*user == '\0' || *logged)
		return;
	*logged = true;
	create = mem_printf("useradd --system --user-group --no-create-home "
	    "--shell /usr/sbin/nologin %s", user);
	log_record_init(&r, LOG_WARN, "A user does not exist, running with a "
	    "numeric id instead");
	log_record_string(&r, "user", user);
	log_record_string(&r, "create", create);
	log_write(env->log, &r);
	free(create);
}

static int
on_ready_message(struct child *c, const struct message *m, struct error *err)
{
	if (m->type != MSG_READY)
		return error_set(err, ERROR_PROTOCOL, "%s came before READY",
		    message_name(m->type));
	if (strcmp(message_str(m, 0), PACKAGE_VERSION) != 0)
		return error_set(err, ERROR_PROTOCOL, "its version is %s, "
		    "this program's is %s: install them together",
		    message_str(m, 0), PACKAGE_VERSION);
	if (policy_verify(c->status_fd, err) == -1)
		return error_prefix(err, "it is not confined");
	c->ready = true;
	timer_disarm(c->late);
	warn_missing(c->env, message_str(m, 1));
	warn_absent(c->env, message_str(m, 2));
	c->ops->ready(c->arg);
	return 0;
}

static int
on_message(void *arg, const struct message *m, int fd, struct error *err)
{
	struct child *c = arg;
	int r;

	(void)fd;	/* the channel passes none in this direction */
	c->busy = true;
	if (!c->ready)
		r = on_ready_message(c, m, err);
	else if (m->type == MSG_READY)
		r = error_set(err, ERROR_PROTOCOL, "READY came twice");
	else
		r = c->ops->message(c->arg, m, err);
	c->busy = false;
	if (c->dead) {
		destroy(c);
		return 0;
	}
	return r;
}

static void
on_closed(void *arg, const struct error *why)
{
	struct child *c = arg;
	char *text;

	c->control_over = true;
	if (why->kind == ERROR_NONE) {
		/* It cannot say anything more, so it should end. */
		timer_arm(c->late, KILL_AFTER_MS * NS_PER_MS);
	} else {
		text = mem_printf("the %s was killed: %s", c->what, why->text);
		child_kill(c, text);
		free(text);
	}
	check_gone(c);
}

static void
on_late(void *arg)
{
	struct child *c = arg;
	char *text;

	text = mem_printf("the %s was killed: it %s", c->what, c->ready ?
	    "closed its channel and did not end" : "was not ready in time");
	child_kill(c, text);
	free(text);
}

static const struct channel_ops control_ops = { on_message, on_closed };

/* The first thing that a child is told: how to confine itself. */
static int
send_plan(struct child *c, const struct policy_plan *plan, struct error *err)
{
	struct message_out o;

	policy_plan_put(plan, &o);
	return child_send(c, &o, -1, err);
}

static struct policy_plan *
plan_of(struct child_env *env, enum policy_role role, struct error *err)
{
	struct policy_plan *plan = &env->plans[role];

	if (plan->len == 0 && policy_plan(role, plan, err) == -1) {
		plan->len = 0;
		return NULL;
	}
	return plan;
}

struct child *
child_start(struct child_env *env, const char *program, const char *what,
    unsigned paths, const struct child_ops *ops, void *arg,
    struct error *err)
{
	struct loop *l = env->loop;
	struct spawned s;
	struct child *c;
	struct policy_plan *plan = plan_of(env, paths == W2S ? POLICY_WORKER :
	    POLICY_BROKER, err);
	char *path;

	if (plan == NULL) {
		error_prefix(err, "cannot start the %s", what);
		return NULL;
	}
	path = spawn_path(program);
	if (spawn_child(path, program, &s, err) == -1) {
		error_prefix(err, "cannot start the %s from %s", what, path);
		free(path);
		return NULL;
	}
	free(path);
	c = mem_alloc(sizeof(*c));
	c->env = env;
	c->what = mem_strdup(what);
	c->ops = ops;
	c->arg = arg;
	c->pid = s.pid;
	c->pidfd = s.pidfd;
	c->status_fd = s.status_fd;
	c->stderr_fd = s.stderr_fd;
	buffer_init(&c->stderr_text, STDERR_MAX);
	c->control = channel_new(l, s.control, paths, false, &control_ops, c);
	c->exit_watch = loop_watch(l, c->pidfd, POLLIN, on_exit_watch, c);
	c->stderr_watch = loop_watch(l, c->stderr_fd, POLLIN, on_stderr, c);
	c->late = loop_timer(l, on_late, c);
	timer_arm(c->late, READY_MS * NS_PER_MS);
	if (send_plan(c, plan, err) == -1) {
		child_free(c);
		return NULL;
	}
	return c;
}

int
child_send(struct child *c, struct message_out *o, int fd, struct error *err)
{
	return channel_send(c->control, o, fd, err);
}

bool
child_is_dying(const struct child *c)
{
	return c->reaped || channel_hung_up(c->control);
}

bool
child_is_full(const struct child *c)
{
	return channel_is_full(c->control);
}

bool
child_is_traced(const struct child *c)
{
	static const char want[] = "\nTracerPid:\t";
	char text[4096];
	const char *at;
	ssize_t n = pread(c->status_fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, want);
	return at != NULL && at[strlen(want)] != '0';
}
