/* SPDX-License-Identifier: Apache-2.0 */
/* exchange_log.h - log records about exchanges, without the secrets. */
#ifndef REGBOT_EXCHANGE_LOG_H
#define REGBOT_EXCHANGE_LOG_H

#include <stdbool.h>

#include "common/wire/log_record.h"
#include "supervisor/broker/transfer/context.h"
#include "supervisor/broker/transfer/exchange.h"
#include "supervisor/broker/transfer/headers.h"
#include "supervisor/broker/transfer/scrub.h"
#include "supervisor/broker/transfer/transfer.h"
#include "supervisor/broker/transfer/url.h"

struct exchange_log;

/* *cfg and *secrets must outlive it. */
struct exchange_log *exchange_log_new(const struct http_registry *cfg,
    const struct scrub *secrets);
void exchange_log_free(struct exchange_log *l);		/* NULL is fine */

/* Where records go; fn borrows the record. Without it nothing is logged. */
void exchange_log_set(struct exchange_log *l,
    void (*fn)(void *arg, struct log_record *r), void *arg);

/* A record of an exchange that has ended, where cfg->trace is set. The URL's
 * query is left out unless query is set. */
void exchange_log_done(struct exchange_log *l, enum http_method method,
    const struct url *url, bool query, const struct transfer *t);

/* A wait for the registry, which begins or is over; those that are not longer
 * than WAIT_TOLD_MS are left out. */
void exchange_log_wait(struct exchange_log *l, const char *reason, int64_t ms,
    bool over);

/* What the registry warns about, each text once. */
void exchange_log_warnings(struct exchange_log *l,
    const struct headers *headers);

#endif
