/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - a child process: fork and exec with clean descriptors, signals
 * and environment; its control channel; its end, seen through a pidfd. It is
 * trusted with nothing: whatever it sends, only it suffers.
 */
#ifndef REGBOT_CHILD_H
#define REGBOT_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/loop.h"
#include "common/message.h"
#include "supervisor/log/log.h"

struct child;

struct child_ops {
	/* The child is confined (checked in /proc) and said READY. Called
	 * once, before any message. */
	/* missing names a layer of the confinement that this system does not
	 * offer, "" for none; borrowed. */
	void (*ready)(void *arg, const char *missing);
	/* A message after READY. Returning -1 kills the child for it. */
	int (*message)(void *arg, const struct message *m, struct error *err);
	/* The child is gone, reaped, and everything that it sent was handled.
	 * how is ERROR_NONE when it exited with 0 by itself; else a sentence
	 * such as "the process was killed by SIGKILL". The callback may free
	 * the child. */
	void (*gone)(void *arg, const struct error *how);
};

/* Starts program ("regbot-worker"), found by child_find. what names it in
 * sentences ("worker of script \"x\""). paths: what it may send. */
struct child *child_start(struct loop *l, const char *program,
    const char *what, unsigned paths, const struct child_ops *ops, void *arg,
    struct error *err);

/* Kills it if it still runs, without waiting; gone is not called. */
void child_free(struct child *c);

/* Its control channel is closed: it is dying, even if it is not reaped yet. */
bool child_is_dying(const struct child *c);
/* It is behind with reading: two more descriptors would end it. */
bool child_is_full(const struct child *c);

int child_send(struct child *c, struct message_out *o, int fd,
    struct error *err);

/* SIGKILL. reason (or NULL) becomes the sentence that gone gets. */
void child_kill(struct child *c, const char *reason);

/* Where the programs are: beside this one (a build directory), else in
 * libexecdir. The caller frees it. */
char *child_find(const char *program);

#endif
