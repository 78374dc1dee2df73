/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary.h - the line at the end of a script: what it did. The numbers are
 * the worker's word, and mean nothing to anybody but the reader of the log.
 */
#ifndef REGBOT_SUMMARY_H
#define REGBOT_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/message.h"
#include "supervisor/log/log.h"

struct summary {
	bool told;		/* by DONE; else the worker could not */
	uint64_t copied, up_to_date, deleted, failed;
	uint64_t bytes;		/* uploaded */
	uint64_t exit_code;	/* of os.exit, at most 255 */
};

/* Takes the numbers of a DONE. -1: one is out of bounds. */
int summary_read(struct summary *s, const struct message *m,
    struct error *err);

/* Writes the line for a script that ran for so many ns. */
void summary_write(const struct summary *s, struct log *log,
    const char *script, bool dry_run, int64_t elapsed);

#endif
