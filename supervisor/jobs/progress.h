/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - that something long is under way: a status line on a
 * terminal, a heartbeat in a log.
 */
#ifndef REGBOT_PROGRESS_H
#define REGBOT_PROGRESS_H

#include "supervisor/supervisor.h"

struct progress;

struct progress *progress_new(struct supervisor *sv);
void progress_free(struct progress *p);

#endif
