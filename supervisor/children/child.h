/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - a child process: fork and exec with clean descriptors, signals and
 * environment; its control channel; its end, seen through a pidfd. It is not
 * trusted: whatever it sends can harm only itself.
 */
#ifndef REGBOT_CHILD_H
#define REGBOT_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/wire/loop.h"
#include "common/wire/message.h"
#include "policy/policy.h"
#include "supervisor/log/log.h"

struct child;

/* What all children share. It lives longer than any of them. */
struct child_env {
	struct loop *loop;
	struct log *log;
	int log_level;		/* what children need not log is below it */
	/* A layer of the sandbox that this system does not offer was logged:
	 * one warning per start. */
	bool missing_logged;
	/* A user that does not exist was logged, worker's and broker's. */
	bool absent_logged[2];
	/* Made when the first child of the role starts; len is 0 before. */
	struct policy_plan plans[2];
};

struct child_ops {
	/* The child is confined (checked in /proc) and said READY. Called
	 * once, before any message. */
	void (*ready)(void *arg);
	/* A message after READY. Returning -1 kills the child for it. */
	int (*message)(void *arg, const struct message *m, struct error *err);
	/* The child is gone, reaped, and everything that it sent was handled.
	 * how is ERROR_NONE when it exited with 0 by itself; else a sentence
	 * such as "the process was killed by SIGKILL". The callback may free
	 * the child. */
	void (*gone)(void *arg, const struct error *how);
};

/* Starts program ("regbot-worker"), found by spawn_path. what names it in
 * sentences ("worker of script \"x\""). paths: what it may send. NULL and
 * *err when it cannot be started. */
struct child *child_start(struct child_env *env, const char *program,
    const char *what, unsigned paths, const struct child_ops *ops, void *arg,
    struct error *err);

/* Kills it if it still runs, without waiting; gone is not called. */
void child_free(struct child *c);

/* Its control channel is closed or it has ended, whether or not that was
 * handled yet. */
bool child_is_dying(const struct child *c);
/* A debugger holds it. */
bool child_is_traced(const struct child *c);
/* It is behind with reading: two more descriptors would end it. */
bool child_is_full(const struct child *c);

/* As channel_send: frees the message and closes fd (or -1) in every case. -1
 * when the message could not be encoded. */
int child_send(struct child *c, struct message_out *o, int fd,
    struct error *err);

/* SIGKILL. reason (or NULL) becomes the sentence that gone gets. */
void child_kill(struct child *c, const char *reason);

#endif
