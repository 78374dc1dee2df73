/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome.h - what came of a run's scripts: the exit status, and the last
 * words, which name those that failed.
 */
#ifndef REGBOT_OUTCOME_H
#define REGBOT_OUTCOME_H

#include <stddef.h>

#include "supervisor/log/log.h"

struct outcome;
struct config_script;

/* Of so many scripts. */
struct outcome *outcome_new(size_t scripts);
void outcome_free(struct outcome *o);	/* NULL is fine */

/* script failed with text. It is borrowed until the end, its name as well; it
 * may fail again. */
void outcome_failed(struct outcome *o, const struct config_script *script,
    const char *text);
/* So many were not started any more, since the run was stopped. */
void outcome_not_started(struct outcome *o, size_t scripts);

/* 0, or 1 when a script failed or was not started. */
int outcome_status(const struct outcome *o);
/* Writes the first error and a line that says which scripts failed; in JSON
 * both are one record. Nothing when the status is 0. */
void outcome_write(const struct outcome *o, struct log *log);

#endif
