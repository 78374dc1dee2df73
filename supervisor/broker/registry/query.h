/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h - the query of a URL, put together pair by pair, values in percent
 * encoding.
 */
#ifndef REGBOT_QUERY_H
#define REGBOT_QUERY_H

#include <stdint.h>

#include "common/buffer.h"

/* Adds "key=value", after "&" where something is there already. */
void query_add(struct buffer *b, const char *key, const char *value);
void query_add_u64(struct buffer *b, const char *key, uint64_t value);

#endif
