/* SPDX-License-Identifier: Apache-2.0 */
/* channelrig.h - a channel with both of its ends in one process. */
#ifndef REGBOT_CHANNELRIG_H
#define REGBOT_CHANNELRIG_H

#include "common/wire/channel.h"
#include "common/wire/loop.h"

/* What one end has seen, and what it shall do. */
struct end {
	struct channel *c;
	int messages, descriptors, closed;
	uint64_t last;
	struct error why;
	bool free_in_message, free_in_closed, refuse;
};

/* a is the supervisor's end, b the worker's. */
struct channelrig {
	struct loop *loop;
	struct end a, b;
	int fds[2];		/* theirs */
};
extern struct channelrig rig;

void channelrig_setup(void);
void channelrig_teardown(void);

/* These make the ends; b hears that path, and takes descriptors or none. */
void channelrig_a(void);
void channelrig_b(unsigned path, bool takes);
void channelrig_both(void);

/* What an end's closing calls; for tests with an on_message of their own. */
void channelrig_closed(void *arg, const struct error *why);
int channelrig_send_stop(struct channel *c, uint64_t n, int fd);
/* Runs the loop until nothing is left to do. */
void channelrig_settle(void);
/* How many descriptors this process has. */
int channelrig_descriptors(void);

#endif
