/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker.h - the broker of one registry as an object on a loop: it takes what
 * the supervisor says over the control channel (PROTOCOL.md), and puts a
 * server (serve/) over a registry (registry/).
 */
#ifndef REGBOT_BROKER_H
#define REGBOT_BROKER_H

#include "common/wire/loop.h"

struct broker;
struct server;

/* Takes control_fd over and says READY with build. over is called once, with
 * the exit status: 0 after QUIT or when the supervisor is gone, 1 when the
 * supervisor broke the protocol (a line was written to stderr). */
struct broker *broker_new(struct loop *l, int control_fd, const char *build,
    void (*over)(void *arg, int status), void *arg);
void broker_free(struct broker *b);	/* at once, nothing is cleaned up */

/* For tests: NULL before START. */
const struct server *broker_server(const struct broker *b);

#endif
