/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the log, written by the supervisor alone, in the format of Go's
 * slog (text or JSON). Output is queued and written when stderr can take it,
 * so that the loop never stops for it.
 */
#ifndef REGBOT_LOG_H
#define REGBOT_LOG_H

#include <stdbool.h>

#include "common/logrecord.h"
#include "common/loop.h"
#include "common/message.h"

struct log;

/* fd is stderr (or what a test reads). Records below level are dropped. */
struct log *log_new(struct loop *l, int fd, int level, bool json);
void log_free(struct log *g);		/* writes what is queued, at most 5 s */

/* Writes the record if its level is high enough, and frees what it holds. */
void log_write(struct log *g, struct log_record *r);
/* The same for a record that is only borrowed; g is a struct log. The form is
 * that of config_warn_fn. */
void log_borrowed(void *g, const struct log_record *r);
bool log_wants(const struct log *g, int level);

/* Writes the record of a LOG message. An attribute "script" says script,
 * whatever the child wrote there; NULL leaves it. -1: malformed. */
int log_message(struct log *g, const struct message *m, const char *script,
    struct error *err);

/* Text as it is, a line feed added if it has none: the last error of a run. */
void log_plain(struct log *g, const char *text);

/* A line at the bottom of a terminal that the next output replaces; "" takes
 * it away. Nothing happens where stderr is no terminal. */
void log_status(struct log *g, const char *text);
bool log_is_terminal(const struct log *g);

/* One line for a record, with its line feed, for tests. wall is nanoseconds
 * since 1970. */
void log_format(const struct log_record *r, int64_t wall, bool json,
    struct buffer *out);

#endif
