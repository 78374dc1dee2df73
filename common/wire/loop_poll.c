/* SPDX-License-Identifier: Apache-2.0 */
/* loop_poll.c - the one place where a loop waits. */
#include "common/wire/loop_private.h"

int
loop_poll(struct pollfd *polls, nfds_t n, int ms)
{
	return poll(polls, n, ms);
}
