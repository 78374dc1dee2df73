/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream_wait.h - stream ends that came before their request. Each waits
 * STREAM_WAIT_MS and is closed then; at most STREAMS_PER_JOB of one job wait.
 */
#ifndef REGBOT_STREAM_WAIT_H
#define REGBOT_STREAM_WAIT_H

#include <stdint.h>

#include "common/wire/message.h"
#include "supervisor/serve/server.h"

/* role is that of the request. Takes fd over, and closes it where the job has
 * too many. */
void stream_wait_put(struct server *sv, uint64_t job, uint64_t stream,
    enum stream_role role, int fd);
/* The caller owns it; -1 when there is none. */
int stream_wait_take(struct server *sv, uint64_t job, uint64_t stream,
    enum stream_role role);
void stream_wait_free_all(struct server *sv);

#endif
