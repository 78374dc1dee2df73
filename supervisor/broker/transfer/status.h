/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h - what an HTTP status means: its text, the error that it becomes,
 * whether and when another try is worth it.
 */
#ifndef REGBOT_STATUS_H
#define REGBOT_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/error.h"
#include "supervisor/broker/transfer/scrub.h"

const char *status_text(int status);	/* "Not Found"; "" when unknown */
bool status_redirects(int status);
bool status_retryable(int status);	/* it may be temporary */
/* The wait before the next try after this many failures in a row: doubled each
 * time, in ms. */
int64_t status_backoff_ms(unsigned failures);

/* "request failed: not found [http 404]: ...", with what, if not "", before
 * the registry's text, which is cleaned of *secrets and of what the header
 * line authorization (or NULL) holds. */
void status_error(const struct scrub *secrets, int status, const char *what,
    const struct buffer *body, const char *authorization, struct error *err);

#endif
