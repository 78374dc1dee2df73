/* SPDX-License-Identifier: Apache-2.0 */
/* loop_private.h - where a loop waits: a test that has a clock of its own
 * replaces this function as well, and moves the clock on instead. */
#ifndef REGBOT_LOOP_PRIVATE_H
#define REGBOT_LOOP_PRIVATE_H

#include <poll.h>

/* As poll(2). */
int loop_poll(struct pollfd *polls, nfds_t n, int ms);

#endif
