/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_record.h - one line of the log: level, message, attributes. Children
 * send records, the supervisor alone writes them (supervisor/log.h).
 */
#ifndef REGBOT_LOG_RECORD_H
#define REGBOT_LOG_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/error.h"

/* slog's numbers; 0 is INFO. On the wire a level is sent plus 64. */
enum log_level {
	LOG_TRACE = -8, LOG_DEBUG = -4, LOG_INFO = 0, LOG_WARN = 4,
	LOG_ERROR = 8
};
#define LOG_LEVEL_BIAS 64

enum attr_kind { ATTR_STRING = 1, ATTR_BOOL = 2, ATTR_INT = 3 };

struct attr {
	char *key;		/* owned */
	enum attr_kind kind;
	char *text;		/* ATTR_STRING: owned, cut at LOG_TEXT_MAX */
	int64_t number;		/* ATTR_BOOL (0 or 1) and ATTR_INT */
};

/* The message of what a script logs. */
#define LOG_SCRIPT_MESSAGE "User script message"

struct log_record {
	int level;
	char *message;
	int nattrs;
	struct attr attrs[LOG_ATTRS_MAX];
};

/* Life of a record. Attributes beyond LOG_ATTRS_MAX are dropped. */
void log_record_init(struct log_record *r, int level, const char *message);
void log_record_free(struct log_record *r);
void log_record_string(struct log_record *r, const char *k, const char *v);
void log_record_bool(struct log_record *r, const char *k, bool v);
void log_record_int(struct log_record *r, const char *k, int64_t v);

/* Attributes to and from the BYTES field of a LOG message: for each, a byte of
 * kind, a byte of key length, the key, then for a string two bytes of length
 * (little-endian) and its text, for a number eight bytes. What does not fit
 * into LOG_RECORD_MAX is cut, what a key may not contain becomes "_". get is
 * total: ERROR_PROTOCOL. */
void log_record_put(const struct log_record *r, struct buffer *out);
int log_record_get(struct log_record *r, const void *p, size_t n,
    struct error *err);

/* "INFO", "WARN+1", "DEBUG-4" as Go's slog writes and reads them. */
void log_level_name(int level, char out[24]);
/* Any case; "trace" exactly in lower case. */
int log_level_parse(const char *s, int *level, struct error *err);

#endif
