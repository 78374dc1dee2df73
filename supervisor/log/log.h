/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the log, written by the supervisor alone, in the format of Go's
 * slog (text or JSON). Output is queued and written when stderr can take it:
 * the loop never waits for it.
 */
#ifndef REGBOT_LOG_H
#define REGBOT_LOG_H

#include <stdbool.h>

#include "common/wire/log_record.h"
#include "common/wire/loop.h"
#include "common/wire/message.h"

struct log;

/* fd is stderr (or what a test reads); it is not closed. Records below level
 * are dropped. Never NULL. */
struct log *log_new(struct loop *l, int fd, int level, bool json);
void log_free(struct log *g);		/* writes what is queued, at most 5 s */

/* Writes the record if its level is high enough, and frees what it holds. When
 * too much is queued, lines are dropped and counted. */
void log_write(struct log *g, struct log_record *r);
/* Like log_write, for a record that is only borrowed; g is a struct log. The
 * form is that of config_warn_fn. */
void log_borrowed(void *g, const struct log_record *r);
bool log_wants(const struct log *g, int level);

/* Reads the record of a LOG message, which log_record_free frees. -1:
 * malformed. */
int log_read(const struct message *m, struct log_record *r,
    struct error *err);

/* Writes the record of a LOG message. script (unless NULL) replaces whatever
 * the child wrote in an attribute "script"; amend (unless NULL) may add to the
 * record, and is true for one that is written at any level. -1: malformed. */
int log_message(struct log *g, const struct message *m, const char *script,
    bool (*amend)(void *arg, struct log_record *r), void *arg,
    struct error *err);

/* Writes text on its own, whatever the level, such as the error of a command
 * line, with a line feed if it has none; in JSON as a record with the level
 * ERROR. Control characters are escaped. */
void log_plain(struct log *g, const char *text);
/* The same, but in JSON r; frees what r holds. */
void log_last(struct log *g, const char *text, struct log_record *r);

/* Shows a line at the bottom of a terminal until the next output; "" removes
 * it. Does nothing where log_columns is 0. */
void log_status(struct log *g, const char *text);
/* How many columns such a line may have now; 0 where stderr is no terminal
 * that could show it, or JSON is wanted. */
unsigned log_columns(const struct log *g);

enum log_style { LOG_STYLE_TEXT, LOG_STYLE_JSON, LOG_STYLE_COLOR };

/* Appends the line for a record, with its line feed. wall is nanoseconds since
 * 1970. */
void log_format(const struct log_record *r, int64_t wall, enum log_style style,
    struct buffer *out);
/* Appends text and a line feed if it has none at its end. Line feeds and tabs
 * stay; what log_format would escape is escaped. */
void log_escape(const char *text, struct buffer *out);

#endif
